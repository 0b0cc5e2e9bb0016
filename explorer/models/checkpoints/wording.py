"""What stands in a file, as it may stand in a sentence: short, in one line, and with nothing in it that a page would take for its own."""

from __future__ import annotations

from collections.abc import Collection

from explorer.analysis.numbers import number

LONGEST = 60
MARKUP = frozenset("<>`*$[]!|~\\#&")
"""What a page, or its Markdown, could take for its own."""


def quoted(text: object) -> str:
    """A name from a file in quotation marks; a long one loses its middle, and what cannot be printed or could be markup is a dot."""
    shown = str(text)[: 100 * LONGEST]
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
    return f"“{''.join(letter if letter.isprintable() and letter not in MARKUP else '·' for letter in shown)}”"


def listed(names: Collection[object], most: int = 3) -> str:
    """A few of the names: “a”, “b”, “c” and 7 more."""
    few = ", ".join(quoted(name) for name, _ in zip(names, range(most), strict=False))
    rest = len(names) - most
    return f"{few} and {rest:,} more" if rest > 0 else few


def difference(value: float) -> str:
    """A difference with two significant digits: "0", "0.25", "9.3 × 10⁻⁸", "NaN"."""
    return number(value, 2)


def not_finite(count: int, of: str) -> str:
    """A note on numbers that are none: "3 of its weights are NaN or infinite."."""
    return f"{count:,} of {of} {'is' if count == 1 else 'are'} NaN or infinite."
