"""Where a network's answer comes from: the file's own graph, a guess, or nothing; and what the file holds that is not used."""

from __future__ import annotations

import re
from collections.abc import Iterable

from explorer.models.checkpoints.chains import chains
from explorer.models.checkpoints.choosing import Choice, layers_of, unused
from explorer.models.checkpoints.contents import Contents
from explorer.models.checkpoints.pairs import Agreement
from explorer.models.checkpoints.wording import quoted

LAST = re.compile(r"(?:(?P<module>.*)[./])?(?P<own>.*)", re.DOTALL)
"""A tensor's name, and that of the module that it stands in: PyTorch separates them by dots, Keras by slashes."""
MEANS = {
    "next token": "read as the next token",
    "class": "read as one class for the whole text",
    "label": "read as a label for each step",
    "number": "read as numbers",
    "forecast": "read as the next values",
}
MOST_GROUPS = 60
"""Modules whose unused tensors are named in a notice."""


def notes(contents: Contents, choice: Choice, agreement: Agreement | None = None) -> tuple[str, ...]:
    """What every reading with the network has to say of it: how its file was read, whose its answer is, and what was left out."""
    found = layers_of(contents, choice)
    said = [*contents.notes, *found.notes]
    if agreement is not None:
        said.append(str(agreement))
    said += [
        sentence for sentence in (answered_by(contents, choice, agreement), left_out(contents, choice)) if sentence
    ]
    return tuple(dict.fromkeys(said))


def answered_by(contents: Contents, choice: Choice, agreement: Agreement | None = None) -> str:
    """Whose the answer is, in a sentence or two; empty if it is the file's own, or confirmed by a known pair."""
    found = layers_of(contents, choice)
    if choice.follows or (agreement is not None and agreement.holds):
        return ""
    if choice.readout is None:
        if offered := chains(contents, found):
            return (
                f"The network shown answers with its own h: the file does not say what stands between its last layers. Choose "
                f"{quoted(offered[0])} or another readout, or give one known pair."
            )
        return found.no_route and f"{found.no_route} The network shown answers with its own h."
    why = found.no_route or "The file does not say how its parts are connected."
    return f"The answer is a guess: hidden state → {quoted(choice.readout)}, {MEANS[choice.answer]}. {why}"


def left_out(contents: Contents, choice: Choice) -> str:
    """The unused tensors of the file by name, those of a module together; empty if all are used."""
    names = unused(contents, choice)
    if not names:
        return ""
    groups = [*_by_module(names)]
    shown = ", ".join(groups[:MOST_GROUPS])
    rest = len(groups) - MOST_GROUPS
    more = f" and {rest:,} more modules" if rest > 0 else ""
    return f"Not used, of the tensors in the file ({len(names):,}): {shown}{more}."


def _by_module(names: Iterable[str]) -> Iterable[str]:
    """“fc1” (weight, bias) for fc1.weight and fc1.bias; a tensor outside a module by itself."""
    modules: dict[str, list[str]] = {}
    for name in names:
        module, own = LAST.fullmatch(name).group("module", "own")  # type: ignore[union-attr]
        modules.setdefault(module or "", []).append(own)
    for module, tensors in modules.items():
        shown = [quoted(tensor) for tensor in tensors]
        yield f"{quoted(module)} ({', '.join(one[1:-1] for one in shown)})" if module else ", ".join(shown)
