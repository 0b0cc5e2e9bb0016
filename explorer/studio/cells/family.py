"""The family tree of cells: the main line, and all other cells in groups."""

from __future__ import annotations

from functools import lru_cache

from explorer.cells import REGISTRY, Cell, build, names

LINE = ("rnn", "lstm-1997", "lstm", "gru")
"""The main line: each cell changes the one before it."""
SPECIMEN = (3, 8)
"""Input size and units of a cell built only to read its declarations; enough units for one of each kind."""


@lru_cache(maxsize=128)
def specimen(name: str) -> Cell:
    """Return a small cell of that name with default options."""
    cell = build(name, *SPECIMEN)
    assert isinstance(cell, Cell)  # of one layer
    return cell


def line() -> tuple[str, ...]:
    """Return the cells of the main line that are registered."""
    return tuple(name for name in LINE if name in REGISTRY)


def descends_from(name: str) -> str:
    """Return a cell's nearest ancestor on the main line, or "" if it has none."""
    seen = {name}
    while parent := REGISTRY[name].parent:
        if parent in LINE or parent not in REGISTRY or parent in seen:
            return parent if parent in LINE else ""
        seen.add(parent)
        name = parent
    return ""


def more() -> dict[str, list[str]]:
    """Return all other cells in the order of registration, grouped by their ancestor on the main line."""
    groups: dict[str, list[str]] = {name: [] for name in (*line(), "")}
    for name in names():
        if name not in LINE:
            groups[descends_from(name)].append(name)
    return {of: found for of, found in groups.items() if found}


def title(name: str) -> str:
    """Return a cell's title on a page."""
    return REGISTRY[name].title
