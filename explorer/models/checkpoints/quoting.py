"""Names out of a stranger's file, as they may stand in a sentence."""

from __future__ import annotations

from collections.abc import Collection

LONGEST = 48
"""A name in a message; a longer one loses its middle."""
PLAIN = frozenset("._-/: ")


def quoted(name: object) -> str:
    """The name in quotation marks, without what could be read as markup or break a line, and not longer than a line."""
    text = str(name)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 16]}…{text[-15:]}"
    return f"“{''.join(letter if letter.isalnum() or letter in PLAIN or letter == '…' else '·' for letter in text)}”"


def listed(names: Collection[object], most: int = 3) -> str:
    """A few of the names: “a”, “b”, “c” and 7 more."""
    few = ", ".join(quoted(name) for name, _ in zip(names, range(most), strict=False))
    rest = len(names) - most
    return f"{few} and {rest:,} more" if rest > 0 else few
