"""Format text from a file for messages: short, on one line, and without markup."""

from __future__ import annotations

from collections.abc import Collection

from explorer.analysis.numbers import number

LONGEST = 60
MARKUP = frozenset("<>`*$[]!|~\\#&")
"""Characters that HTML or Markdown could interpret."""


def quoted(text: object) -> str:
    """Return a name from a file in quotation marks, shortened in the middle, with a dot for unprintable and markup characters."""
    short = str(text)[: 100 * LONGEST]
    if len(short) > LONGEST:
        short = f"{short[: LONGEST // 2]}…{short[-LONGEST // 2 :]}"
    return f"“{''.join(letter if letter.isprintable() and letter not in MARKUP else '·' for letter in short)}”"


def listed(names: Collection[object], most: int = 3) -> str:
    """Return the first few names: “a”, “b”, “c” and 7 more."""
    few = ", ".join(quoted(name) for name, _ in zip(names, range(most), strict=False))
    rest = len(names) - most
    return f"{few} and {rest:,} more" if rest > 0 else few


def difference(value: float) -> str:
    """Return a difference with two significant digits: "0", "0.25", "9.3 × 10⁻⁸", "NaN"."""
    return number(value, 2)


def not_finite(count: int, of: str) -> str:
    """Return the note about NaN or infinite numbers: "3 of its weights are NaN or infinite."."""
    return f"{count:,} of {of} {'is' if count == 1 else 'are'} NaN or infinite."
