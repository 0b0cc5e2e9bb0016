"""What stands in a file, as it may stand in a sentence: short, in one line, and with nothing in it that a page would take for its own."""

from __future__ import annotations

LONGEST = 60


def quoted(text: object) -> str:
    """A name from a file in quotation marks; a long one loses its middle, and what cannot be printed or could be markup is a dot."""
    shown = str(text)[: 100 * LONGEST]
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
    return f"“{''.join(letter if letter.isprintable() and letter not in '<>`' else '·' for letter in shown)}”"
