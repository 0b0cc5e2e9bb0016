"""Notes about the source of a network's answer (the file's own graph, a guess, or none) and about unused tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable

from explorer.models.checkpoints.chains import chains
from explorer.models.checkpoints.choosing import Choice, layers_of, unused
from explorer.models.checkpoints.contents import Contents
from explorer.models.checkpoints.pairs import Agreement
from explorer.models.checkpoints.wording import quoted

LAST = re.compile(r"(?:(?P<module>.*)[./])?(?P<own>.*)", re.DOTALL)
"""Splits a tensor's name from its module: PyTorch separates them by dots, Keras by slashes."""
MEANS = {
    "next token": "read as the next token",
    "class": "read as one class for the whole text",
    "label": "read as a label for each step",
    "number": "read as numbers",
    "forecast": "read as the next values",
}
MOST_GROUPS = 60
"""Maximum number of modules to list in a notice about unused tensors."""


def notes(contents: Contents, choice: Choice, agreement: Agreement | None = None) -> tuple[str, ...]:
    """Return the notes for every forward pass: how the file was read, where the answer comes from, and what was not used."""
    layers = layers_of(contents, choice)
    sentences = [*contents.notes, *layers.notes]
    if agreement is not None:
        sentences.append(str(agreement))
    sentences += [
        sentence for sentence in (answered_by(contents, choice, agreement), left_out(contents, choice)) if sentence
    ]
    return tuple(dict.fromkeys(sentences))


def answered_by(contents: Contents, choice: Choice, agreement: Agreement | None = None) -> str:
    """Return the source of the answer, in a sentence or two; empty if the file defines it or a known pair confirms it."""
    recurrent = layers_of(contents, choice)
    if choice.follows or (agreement is not None and agreement.holds):
        return ""
    if choice.readout is None:
        if offered := chains(contents, recurrent):
            return (
                f"The network shown answers with its own h: the file does not say which activation is between its last layers. Choose "
                f"{quoted(offered[0])} or another readout, or give one known pair."
            )
        return recurrent.no_route and f"{recurrent.no_route} The network shown answers with its own h."
    why = recurrent.no_route or "The file does not say how its parts are connected."
    return f"The answer is a guess: hidden state → {quoted(choice.readout)}, {MEANS[choice.answer]}. {why}"


def left_out(contents: Contents, choice: Choice) -> str:
    """Return a sentence that lists the unused tensors, grouped by module; empty if all are used."""
    names = unused(contents, choice)
    if not names:
        return ""
    groups = [*_by_module(names)]
    listed_groups = ", ".join(groups[:MOST_GROUPS])
    rest = len(groups) - MOST_GROUPS
    more = f" and {rest:,} more modules" if rest > 0 else ""
    return f"Not used, of the tensors in the file ({len(names):,}): {listed_groups}{more}."


def _by_module(names: Iterable[str]) -> Iterable[str]:
    """Yield “fc1” (weight, bias) for fc1.weight and fc1.bias; tensors outside a module are joined by commas."""
    modules: dict[str, list[str]] = {}
    for name in names:
        module, own = LAST.fullmatch(name).group("module", "own")  # type: ignore[union-attr]
        modules.setdefault(module or "", []).append(own)
    for module, tensors in modules.items():
        quoted_tensors = [quoted(tensor) for tensor in tensors]
        yield (
            f"{quoted(module)} ({', '.join(one[1:-1] for one in quoted_tensors)})"
            if module
            else ", ".join(quoted_tensors)
        )
