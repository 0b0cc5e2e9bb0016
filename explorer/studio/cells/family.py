"""Who descends from whom: the line that leads through the family, and the rest of it in groups."""

from __future__ import annotations

from functools import lru_cache

from explorer.cells import REGISTRY, Cell, build, names

LINE = ("rnn", "lstm-1997", "lstm", "gru")
"""The way that is walked: each changes the one before."""
SPECIMEN = (3, 8)
"""Numbers read and units of a cell that is only looked at; units enough for one of each kind where they differ."""


@lru_cache(maxsize=128)
def specimen(name: str) -> Cell:
    """A small cell of that name with its usual options, for what it declares."""
    cell = build(name, *SPECIMEN)
    assert isinstance(cell, Cell)  # of one layer
    return cell


def line() -> tuple[str, ...]:
    """The cells of the line that there are."""
    return tuple(name for name in LINE if name in REGISTRY)


def descends_from(name: str) -> str:
    """The nearest of the line among a cell's ancestors; "" where there is none."""
    seen = {name}
    while parent := REGISTRY[name].parent:
        if parent in LINE or parent not in REGISTRY or parent in seen:
            return parent if parent in LINE else ""
        seen.add(parent)
        name = parent
    return ""


def more() -> dict[str, list[str]]:
    """All others, as they are registered, by the cell of the line that they change."""
    groups: dict[str, list[str]] = {name: [] for name in (*line(), "")}
    for name in names():
        if name not in LINE:
            groups[descends_from(name)].append(name)
    return {of: found for of, found in groups.items() if found}


def title(name: str) -> str:
    """What a cell is called on a page."""
    return REGISTRY[name].title
