"""Roles of signals, in words: the same on every page."""

from __future__ import annotations

from explorer.formula import names
from explorer.notations import Notation
from explorer.signals import Role, Signal, Trace

SAYS: dict[Role, str] = {
    "keep": "keep",
    "write": "write",
    "candidate": "candidate",
    "read": "read",
    "reset": "reset",
    "belt": "belt",
    "hidden": "hidden",
    "input": "input",
}
"""Words for roles: of a gate the meaning of 1, of a state its kind."""

HINTS: dict[Role, str] = {
    "keep": "1 carries the memory on unchanged, 0 wipes it",
    "write": "1 lets the candidate into the memory, 0 leaves it out",
    "candidate": "what could be written",
    "read": "1 lets the memory out into the hidden state, 0 hides it",
    "reset": "1 lets the old state into the candidate, 0 leaves it out",
    "belt": "the memory that is carried on from step to step",
    "hidden": "what the rest of the network sees",
    "input": "what the network reads at this step",
}


def hint(signal: Signal, trace: Trace, row: int) -> str:
    """Role of a signal in this row of this network. For a hidden state it depends on the cell: its readers, by the
    formulas."""
    return seen_by(signal, trace, row) if signal.role == "hidden" else HINTS[signal.role]


def seen_by(signal: Signal, trace: Trace, row: int) -> str:
    """Readers of a hidden state: the prediction or the layer above, the gates of the next step, another signal of the
    same step."""
    top = row % trace.rows >= trace.rows - (2 if trace.bidirectional else 1)
    readers = []
    if signal.name == "h":
        readers.append("the prediction" if top else "the layer above")
    later = [one for one in trace.signals.values() if f"{signal.name}_prev" in _named(one)]
    if any(one.name.removesuffix("_pre") in trace and _squashed(one, trace).kind == "gate" for one in later):
        readers.append("the gates of the next step")
    elif later:
        readers.append("the next step")
    of_it = [_squashed(one, trace) for one in trace.signals.values() if signal.name in _named(one)]
    if of_it and not later:
        readers.append(f"the {of_it[0].label} {of_it[0].name} of this step")
    return (
        f"what {' and '.join(readers)} see{'s' if len(readers) == 1 and not readers[0].startswith('the gates') else ''}"
    )


def _named(signal: Signal) -> frozenset[str]:
    return names(signal.formula) if signal.formula else frozenset()


def _squashed(signal: Signal, trace: Trace) -> Signal:
    """Signal of a pre-activation; any other signal as it is."""
    return trace.signals[signal.name.removesuffix("_pre")]


def gate_heading(signal: Signal, notation: Notation) -> str:
    """A gate in full: "Keep: the forget gate f. 1 carries the memory on unchanged, 0 wipes it."."""
    says = notation.says(signal.role, SAYS[signal.role]).capitalize()
    return f"{says}: the {signal.label} {notation.letter(signal.name)}. {HINTS[signal.role]}."


def gate_title(signal: Signal, notation: Notation) -> str:
    """Word and letter of a gate: "keep (f)"."""
    return f"{notation.says(signal.role, SAYS[signal.role])} ({notation.letter(signal.name)})"


STORY: tuple[Role, ...] = ("input", "reset", "keep", "write", "candidate", "belt", "read", "hidden")
"""Order of a step's explanation: keeping, writing, and the result."""


def in_story_order(signals: tuple[Signal, ...]) -> list[Signal]:
    """Signals in the order of STORY."""
    return sorted(signals, key=lambda signal: STORY.index(signal.role))
