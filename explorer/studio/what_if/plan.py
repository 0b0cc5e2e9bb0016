"""From lines to a plan: the text with its edited tokens, the edits of the network at its steps, and the lines that cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from explorer import edits as surgery
from explorer.backend.edits import Edit
from explorer.models import Card
from explorer.signals import PER_UNIT, Array, Trace
from explorer.studio import service
from explorer.studio.state import Place
from explorer.studio.what_if.lines import Line, written


@dataclass(frozen=True)
class Plan:
    """The edited run.

    original  the original text
    text      the text that the edited run reads
    where     for each step of the original text, its step in `text`; None for a deleted token
    edits     edits of the network, at steps of `text`
    refused   index of a line that cannot run here -> the reason
    outside   indices of the lines that set a value outside the signal's range on this text
    """

    original: str
    text: str
    where: tuple[int | None, ...]
    edits: tuple[Edit, ...]
    refused: dict[int, str]
    outside: frozenset[int]

    @property
    def idle(self) -> bool:
        """True if nothing is edited."""
        return not self.edits and self.text == self.original

    def aligned(self, values: Array, axis: int = 0, missing: float = np.nan) -> Array:
        """Align values from the edited run's steps to the original text's; `missing` where the token is deleted."""
        there = np.array([step is not None for step in self.where])
        steps = np.array([step or 0 for step in self.where])
        result = np.take(values, steps, axis=axis)
        if not there.all():
            result = result.copy()
            np.moveaxis(result, axis, 0)[~there] = missing
        return result


def planned(here: Place, lines: Sequence[Line]) -> Plan:
    """Plan the lines that can run; lines that are switched off are skipped."""
    trace = service.trace(here.model, here.text)
    refused: dict[int, str] = {}
    tokens = _tokens(here.card, trace.tokens, lines, refused)
    text, where = _rewritten(here, trace.tokens, tokens)
    edits: list[Edit] = []
    outside: set[int] = set()
    for number, line in enumerate(lines):
        if not line.on or line.of_tokens:
            continue
        try:
            line_edits = _made(here, trace, line)
        except ValueError as error:
            refused[number] = str(error)
            continue
        network = service.model(here.model)
        reason = next(filter(None, surgery.check(line_edits, network.stack, len(trace.tokens), first=1)), None)
        if reason is not None:
            refused[number] = reason
            continue
        if any(surgery.outside(trace, edit) for edit in line_edits):
            outside.add(number)
        placed = [one for edit in line_edits if (one := _placed(edit, where)) is not None]
        if len(placed) < len(line_edits):
            refused[number] = "each of its tokens is deleted"
        edits += placed
    return Plan(here.text, text, where, tuple(edits), refused, frozenset(outside))


def _made(here: Place, trace: Trace, line: Line) -> list[Edit]:
    """Return the edits of a line, at the steps of the original text. Raises ValueError if the line cannot run."""
    name = line.name or written(line)
    if line.does == "patch":
        return _patches(here, trace, line, name)
    does, signals = line.does, line.signals
    if does == "erase":
        does, signals = "set", surgery.memories(service.model(here.model).cell)
    assert does in ("set", "scale", "noise", "freeze")
    return [
        Edit(signal, does, line.value, line.units, line.layer, line.steps, line.seed, name=name) for signal in signals
    ]


def _patches(here: Place, trace: Trace, line: Line, name: str) -> list[Edit]:
    problem = service.problem(here.card, line.text)
    if problem:
        raise ValueError(f"the other text cannot be read: {problem}")
    # Computed on the path of the edited run, so that patching a text's own state changes no bit.
    donor = service.edited(here.model, here.prefix + line.text, (surgery.untouched(),))
    assert line.steps is not None
    since = line.steps[0] if line.at is None else line.at
    if since >= donor.steps:
        raise ValueError(f"the other text has no step {since + 1}; its last one is {donor.steps}")
    for state in line.signals:
        if state not in donor or donor.signals[state].dims != PER_UNIT:
            there = ", ".join(signal.name for signal in donor.per_unit(pre=True))
            raise ValueError(f"{here.card.cell} has no {state!r}; it has {there}")
    if line.layer is not None and line.layer >= donor.rows:
        raise ValueError(f"there is no layer {line.layer}: the last one is {donor.rows - 1}")
    for unit in line.units or ():
        if unit >= donor.units:
            raise ValueError(f"there is no unit {unit}: the last one is {donor.units - 1}")
    return surgery.transplant(
        donor, since=since, at=line.steps[0], states=line.signals, units=line.units, layer=line.layer, name=name
    )


def _placed(edit: Edit, where: Sequence[int | None]) -> Edit | None:
    """Return the edit at the steps of the edited text; None if all its steps are deleted. A range of steps closes up around a gap."""
    if edit.steps is None:
        return edit
    remaining = [step for step in where[edit.steps[0] : edit.steps[1] + 1] if step is not None]
    return replace(edit, steps=(remaining[0], remaining[-1])) if remaining else None


def _tokens(card: Card, tokens: Sequence[str], lines: Sequence[Line], refused: dict[int, str]) -> list[str | None]:
    """Return the token at each step after the edits of tokens; None where it is deleted."""
    tokens_now: list[str | None] = list(tokens)
    for number, line in enumerate(lines):
        if not line.on or not line.of_tokens:
            continue
        assert line.steps is not None
        first, last = line.steps
        if last >= len(tokens):
            refused[number] = f"step {last + 1} is beyond the text, whose last one is {len(tokens)}"
            continue
        changed = list(tokens_now)
        changed[first : last + 1] = [None if line.does == "delete" else line.text] * (last - first + 1)
        if reason := _unreadable(card, line) or ("" if any(changed) else "nothing would be left to read"):
            refused[number] = reason
            continue
        tokens_now = changed
    return tokens_now


def _unreadable(card: Card, line: Line) -> str:
    """Return why the replacement text is not one token; empty if it is."""
    if line.does == "delete":
        return ""
    try:
        count = len(card.reader.encode(line.text).tokens)
    except ValueError as error:
        return str(error)
    return "" if count == 1 else f"“{line.text}” is {count} {card.tokens} and not one"


def _rewritten(here: Place, tokens: Sequence[str], changed: Sequence[str | None]) -> tuple[str, tuple[int | None, ...]]:
    """Return the text of the changed tokens, and each step's new position."""
    if list(changed) == list(tokens):
        return here.text, tuple(range(len(tokens)))
    remaining = tuple(token for token in changed if token is not None)
    after = iter(range(len(remaining)))
    where = tuple(None if token is None else next(after) for token in changed)
    return service.spelled(here.card, remaining), where
