"""Text on a terminal whose encoding lacks some of our signs, such as cp1252: a plain form instead of a UnicodeEncodeError."""

from __future__ import annotations

import codecs
import io
import sys

# fmt: off
PLAIN = {
    "−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "⊙": "*", "→": "->", "←": "<-", "…": "...",
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "±": "+/-", "∞": "infinity", "√": "sqrt", "σ": "sigma", "‖": "||",
    "“": '"', "”": '"', "‘": "'", "’": "'", "█": "#", "░": ".", "✓": "ok", "▸": ">",
}
# fmt: on
"""Replacements for signs that the encoding lacks; any other becomes its number, as in "\\u4e2d"."""
RAISED = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True))
"""Exponents: 10⁻⁵ becomes 10^-5."""
ERRORS = "carousel-plain"


def plain(error: UnicodeError) -> tuple[str, int]:
    """Error handler of a codec: the replacement for signs that cannot be encoded, and the position to continue at."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, parts = error.object, []
    for at in range(error.start, error.end):
        sign = text[at]
        if sign in RAISED:
            parts.append(RAISED[sign] if at and text[at - 1] in RAISED else f"^{RAISED[sign]}")
        else:
            parts.append(PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode())
    return "".join(parts), error.end


def write_plain() -> None:
    """Let stdout and stderr write what their encoding lacks in its plain form."""
    codecs.register_error(ERRORS, plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
