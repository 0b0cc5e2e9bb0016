"""Relatives of the GRU that do with one gate."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import HiddenState, Tap, gate, register
from explorer.cells.gru import GRULike, candidate_signal, carried
from explorer.cells.gru_cho import ADDS, KEEPS, READS, TAKES
from explorer.diagram import Diagram, wire
from explorer.signals import Belt


@register
class MGU(GRULike):
    """f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)            write
    n_t = tanh(W_in x_t + b_in + W_hn (f_t ⊙ h_{t-1}) + b_hn)  candidate
    h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    Zhou et al. 2016. Blocks in the order f, n. The paper calls f the forget gate: where it is 1, the old state is forgotten and the
    candidate taken. n is its h̃. Other texts and libraries let f keep, h_t = f_t ⊙ h_{t-1} + (1 - f_t) ⊙ n_t: negate that gate's weights
    and biases, and mind that f inside the candidate then becomes 1 - f.
    """

    name: ClassVar[str] = "mgu"
    title: ClassVar[str] = "Minimal gated unit"
    parent: ClassVar[str] = "gru-cho"
    change: ClassVar[str] = (
        "One gate does the work of two: the share of the new value is also the share of the old state that the candidate sees."
    )
    source: ClassVar[str] = (
        "Zhou, Wu, Zhang & Zhou 2016, “Minimal gated unit for recurrent neural networks”, arXiv:1603.09420"
    )
    blocks: ClassVar[tuple[str, ...]] = ("f", "n")
    belts = (Belt("h", keep="1 - f", write="f * n"),)
    signals = (gate("f", role="write", label="forget gate"), candidate_signal(), carried("(1 - f) * h_prev + f * n"))
    diagram: ClassVar[Diagram] = Diagram(
        layers={"f": TAKES.layers["z"], "n": TAKES.layers["n"]},
        operations=TAKES.operations,
        phases={
            "reads": READS,
            "opens its gate": (wire("h_prev", (2.7, 5), "f"),),
            "keeps": (
                wire("f", "f", "rest", number=0.36),
                wire("1 - f", "rest", "keep"),
                wire("h_prev", (0, 0), "keep", number=0.55),
                wire("(1 - f) * h_prev", "keep", "add", number=0.45),
            ),
            "makes a candidate": (
                wire("f", (2.7, 2.15), (6.1, 2.15), "reset"),
                wire("h_prev", (6.1, 5), "reset"),
                wire("f * h_prev", "reset", (7.5, 4.2)),
                wire("x", (6.1, 5), (7.5, 5), "n"),
            ),
            "writes": (
                wire("f", (3.8, 2.15), (3.8, 1.45), "write"),
                wire("n", "n", "write", number=0.5),
                wire("f * n", "write", "add", number=0.5),
                *ADDS,
            ),
        },
    )

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": "W_in @ x + b_in + W_hn @ (f * h_prev) + b_hn"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        of_x = self.from_input(x)  # [batch, unit] each
        f = tap("f", tap("f_pre", of_x["f"] + self.from_recurrent("f", state.h)).sigmoid())
        n = tap("n", tap("n_pre", of_x["n"] + self.from_recurrent("n", f * state.h)).tanh())
        return HiddenState(tap("h", (1 - f) * state.h + f * n))


@register
class UGRNN(GRULike):
    """z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)     keep
    n_t = tanh(W_in x_t + b_in + W_hn h_{t-1} + b_hn)  candidate
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    Collins, Sohl-Dickstein & Sussillo 2016. Blocks in the order z, n. z is their gate g, n their candidate c.
    """

    name: ClassVar[str] = "ugrnn"
    title: ClassVar[str] = "Update gate RNN"
    parent: ClassVar[str] = "gru"
    change: ClassVar[str] = "No reset gate: the candidate always sees all of the old state."
    source: ClassVar[str] = (
        "Collins, Sohl-Dickstein & Sussillo 2016, “Capacity and trainability in recurrent neural networks”, arXiv:1611.09913"
    )
    blocks: ClassVar[tuple[str, ...]] = ("z", "n")
    belts = (Belt("h", keep="z", write="(1 - z) * n"),)
    signals = (gate("z", role="keep", label="update gate"), candidate_signal(), carried("z * h_prev + (1 - z) * n"))
    diagram: ClassVar[Diagram] = Diagram(
        layers={"z": KEEPS.layers["z"], "n": KEEPS.layers["n"]},
        operations={name: operation for name, operation in KEEPS.operations.items() if name != "reset"},
        phases={
            **KEEPS.phases,
            "reads": (
                wire("x", (1.7, 6), (1.7, 5)),
                wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (7.5, 5), number=0.3),
            ),
            "opens its gates": (wire("h_prev", (2.7, 5), "z"),),
            "makes a candidate": (wire("h_prev", (7.5, 5), "n"),),
        },
    )

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        z, n = (tap(f"{name}_pre", a) for name, a in zip(self.blocks, self.preactivations(x, state.h), strict=True))
        z, n = tap("z", z.sigmoid()), tap("n", n.tanh())  # [batch, unit] each
        return HiddenState(tap("h", z * state.h + (1 - z) * n))
