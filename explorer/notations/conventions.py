"""The five notations: which letters, which weights, which words; and where one letter means different things to different authors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from explorer.signals import Belt, Role

TILDE = "\N{COMBINING TILDE}"


@dataclass(frozen=True)
class Notation:
    """A way of writing the same equations.

    key          what it is called, in a link too
    used         who writes so
    letters      quantity -> its letter as plain text, where it is not the quantity's own name
    weight       where a weight reads from -> how its matrix is written, with {to} for where it goes; "" for one of [h, x] together,
                 "*" for any other origin, which {of} names
    bias         likewise
    joins_biases, concatenates  whether two biases are one, and W x + U h is W [h, x]
    words        role -> the word for it, where it is not the usual one
    """

    key: str
    used: str
    letters: Mapping[str, str] = field(default_factory=dict)
    weight: Mapping[str, str] = field(default_factory=dict)
    bias: Mapping[str, str] = field(default_factory=dict)
    joins_biases: bool = True
    concatenates: bool = False
    words: Mapping[Role, str] = field(default_factory=dict)

    def letter(self, name: str) -> str:
        """The letter of a quantity, as plain text: "C̃" for g. What stands behind a line in a name stays there: "C_depth"."""
        base, line, rest = name.partition("_")
        return f"{self.letters.get(base, base)}{line}{rest}"

    def says(self, role: Role, usual: str) -> str:
        """Word for a gate's function."""
        return self.words.get(role, usual)


CONCATENATED = Notation(
    key="W·[h, x]",
    used="Olah's “Understanding LSTM Networks”, most slides",
    letters={"c": "C", "g": f"C{TILDE}", "n": f"h{TILDE}"},
    weight={"": "W_{{{to}}}", "i": "W_{{x{to}}}", "*": "W_{{{of}{to}}}"},
    bias={"*": "b_{{{to}}}", "h": "b_{{h{to}}}", "i": "b_{{x{to}}}"},
    concatenates=True,
)
SEPARATE = Notation(
    key="W x + U h",
    used="Cho et al. 2014, Keras, many papers",
    letters={"g": f"c{TILDE}", "n": f"h{TILDE}"},
    weight={"i": "W_{{{to}}}", "h": "U_{{{to}}}", "*": "V_{{{of}{to}}}"},
    bias={"*": "b_{{{to}}}", "h": "b_{{h{to}}}", "i": "b_{{x{to}}}"},
)
WRITTEN = Notation(
    key="U x + W h",
    used="“Written Memories” and texts that call the memory the state",
    letters={"c": "s", "g": f"s{TILDE}", "n": f"h{TILDE}"},
    weight={"i": "U_{{{to}}}", "h": "W_{{{to}}}", "*": "V_{{{of}{to}}}"},
    bias={"*": "b_{{{to}}}", "h": "b_{{h{to}}}", "i": "b_{{x{to}}}"},
    words={"write": "read", "read": "write"},
)
GENERAL = Notation(
    key="W_xh, W_hh",
    used="Karpathy, “Dive into Deep Learning”; x_t = F(x_{t−1}, u_t) is Pascanu et al. 2013",
    letters={"g": f"c{TILDE}", "n": f"h{TILDE}"},
    weight={"i": "W_{{x{to}}}", "h": "W_{{h{to}}}", "*": "W_{{{of}{to}}}"},
    bias={"*": "b_{{{to}}}", "h": "b_{{h{to}}}", "i": "b_{{x{to}}}"},
)
PYTORCH = Notation(
    key="PyTorch",
    used="PyTorch; Carousel's own names",
    weight={"i": "W_{{i{to}}}", "h": "W_{{h{to}}}", "*": "W_{{{of}{to}}}"},
    bias={"i": "b_{{i{to}}}", "h": "b_{{h{to}}}", "*": "b_{{{of}{to}}}"},
    joins_biases=False,
)
NOTATIONS: dict[str, Notation] = {
    notation.key: notation for notation in (PYTORCH, CONCATENATED, SEPARATE, WRITTEN, GENERAL)
}


def notes(notation: Notation, names: frozenset[str], sums: Mapping[str, str], belts: tuple[Belt, ...]) -> list[str]:
    """Notes on letters that this notation's readers may know with another meaning, for a cell with these signals, sums
    and belts."""
    sentences = []
    keep = belts[0].keep if belts else ""
    if keep == "z":
        sentences.append(
            "Here z_t keeps the old state, as in PyTorch and Cho et al. 2014. In Chung et al. 2014, Olah and most tutorials z_t takes the "
            "new one: their z_t is 1 − z_t here."
        )
    if keep == "1 - z":
        sentences.append(
            "Here z_t takes the new value. In PyTorch and Cho et al. 2014 z_t keeps the old state: their z_t is 1 − z_t here."
        )
    if "o" in names:
        sentences.append(
            "o_t is the output gate. Some texts write o_t for the network's output; here that is what the readout makes of h_t."
        )
    if notation.joins_biases and any(_has_both(total) for total in sums.values()):
        sentences.append(
            "PyTorch keeps two biases, b_i· and b_h·. Where they stand in one sum only their sum counts, written as one b."
        )
    if notation.concatenates and any("W_h" in total and "W_i" in total for total in sums.values()):
        sentences.append(
            "[h, x] is one vector behind the other, and W the two matrices side by side, W = [W_h·, W_i·]. Some write [x, h]."
        )
    if notation.words and names & {"i", "o"}:
        sentences.append(
            "Seen from the memory: i_t lets it read the input, o_t lets it write to the outside. Other texts say that i_t writes "
            "on the memory, and o_t reads from it. Only the words differ."
        )
    return sentences


def _has_both(total: str) -> bool:
    return "b_i" in total and "b_h" in total
