"""What a role means, in words: the same on every page."""

from __future__ import annotations

from explorer.notations import Notation
from explorer.signals import Role, Signal

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
"""A gate is called by what 1 means, a state by what it is."""

HINTS: dict[Role, str] = {
    "keep": "1 carries the memory on unchanged, 0 wipes it",
    "write": "1 lets the candidate into the memory, 0 leaves it out",
    "candidate": "what could be written",
    "read": "1 lets the memory out into the hidden state, 0 hides it",
    "reset": "1 lets the old state into the candidate, 0 leaves it out",
    "belt": "the memory that is carried on from step to step",
    "hidden": "what the prediction sees, and the gates of the next step",
    "input": "what the network reads at this step",
}


def gate_heading(signal: Signal, notation: Notation) -> str:
    """A gate in full: "Keep: the forget gate f. 1 carries the memory on unchanged, 0 wipes it."."""
    says = notation.says(signal.role, SAYS[signal.role]).capitalize()
    return f"{says}: the {signal.label} {notation.letter(signal.name)}. {HINTS[signal.role]}."


def gate_title(signal: Signal, notation: Notation) -> str:
    """A gate by what 1 means, and its letter: "keep (f)"."""
    return f"{notation.says(signal.role, SAYS[signal.role])} ({notation.letter(signal.name)})"


STORY: tuple[Role, ...] = ("input", "reset", "keep", "write", "candidate", "belt", "read", "hidden")
"""The order in which a step is told: what is kept, what is written, what comes of it."""


def in_story_order(signals: tuple[Signal, ...]) -> list[Signal]:
    """Signals in the order of STORY."""
    return sorted(signals, key=lambda signal: STORY.index(signal.role))
