"""Tokens in their visible form."""

from __future__ import annotations

import math
import re
import unicodedata

from explorer.analysis.numbers import RAISED

VISIBLE = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅", "\u200d": "∅", "\ufeff": "∅"}
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
ROW = re.compile(rf"({NUMBER})((?: {NUMBER})*)", re.ASCII)
"""A row of numbers: the first one, and the others."""
WHOLE = 6
"""Most digits of a number shown as typed; longer ones are rounded to so many."""

DOTS = 6
"""Most dots for a row of numbers; "…" stands for the others."""
LONGEST = 24
"""Most letters of a token, so that labels do not overlap their neighbours."""


def visible(token: str) -> str:
    """A token that shows: spaces and line ends as signs, combining marks on a dotted circle, controls as ␀ to ␡, other blanks as �.

    A row of numbers is shortened: the first with its digits as typed, up to WHOLE of them, and a dot for each further one that is not 0
    (a mark). A longer token than `LONGEST` ends with "…".
    """
    if token in VISIBLE:
        return VISIBLE[token]
    if token.isascii() and token.isdigit() and len(token) <= WHOLE:
        return token
    if len(token) != 1:
        row = ROW.fullmatch(token)
        if row and math.isfinite(float(row[1])):
            return typed(row[1]) + _dots(sum(float(n) != 0 for n in row[2].split()))
        return cut(token)
    category = unicodedata.category(token)
    if category[0] == "M":  # not by `combining`, which is 0 for many marks
        return "◌" + token
    if category[0] == "Z":
        return "⍽"
    if category == "Cc" and ord(token) < 128:
        return "␡" if token == "\x7f" else chr(0x2400 + ord(token))
    return "�" if category[0] == "C" else token


def typed(number: str) -> str:
    """A number for the strip, with the digits that were typed, or rounded to WHOLE of them: ".52", "10.25", "−1.3", "1×10⁻⁵"."""
    digits = number.lower().partition("e")[0].lstrip("+-").replace(".", "").lstrip("0")
    if len(digits) > WHOLE or "e" in number.lower():
        number = f"{float(number):.{WHOLE}g}"
    mantissa, found, exponent = number.partition("e")
    sign = "−" if mantissa.startswith("-") else ""
    whole, point, places = mantissa.lstrip("+-").partition(".")
    mantissa = f"{whole.lstrip('0') or ('' if places else '0')}{point if places else ''}{places}"
    return f"{sign}{mantissa}" + (f"×10{str(int(exponent)).translate(RAISED)}" if found else "")


def _dots(count: int) -> str:
    return "•" * min(count, DOTS) + ("…" if count > DOTS else "")


def cut(shown: str, most: int = LONGEST) -> str:
    """`shown`, cut to `most` letters with a final "…" if it is longer."""
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def short(number: float) -> str:
    """A number for a narrow place: ".52", "−1.3", "12"."""
    digits = f"{number:.2f}" if abs(number) < 1 else f"{number:.3g}"
    return digits.replace("0.", ".", 1).replace("-", "−") if abs(number) < 1 else digits.replace("-", "−")
