"""Tokens as a person sees them."""

from __future__ import annotations

import math
import re
import unicodedata

VISIBLE = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅", "\u200d": "∅", "\ufeff": "∅"}
ROW = re.compile(r"(-?\d+\.?\d*(?:e[-+]?\d+)?)((?: -?\d+\.?\d*(?:e[-+]?\d+)?)*)")
"""A row of numbers: the first one, and the others."""
WHOLE = 6
"""Whole numbers of so many digits are shown as typed: a year is one word."""

DOTS = 6
"""Dots of a row of numbers at most; "…" stands for the others."""
LONGEST = 24
"""Letters of a token at most, so that no label draws over what stands beside it."""


def visible(token: str) -> str:
    """A token that shows: spaces and line ends as signs, combining marks on a dotted circle, controls as ␀ to ␡, other blanks as �.

    A row of numbers is shortened: the first to two places, and a dot for each further one that is not 0 (a mark). A longer token than
    `LONGEST` ends with "…".
    """
    if token in VISIBLE:
        return VISIBLE[token]
    if token.isascii() and token.isdigit() and len(token) <= WHOLE:
        return token
    if len(token) != 1:
        row = ROW.fullmatch(token)
        if row and math.isfinite(first := float(row[1])):
            return short(first) + _dots(sum(float(n) != 0 for n in row[2].split()))
        return cut(token)
    category = unicodedata.category(token)
    if category[0] == "M":  # not by `combining`, which is 0 for many marks
        return "◌" + token
    if category[0] == "Z":
        return "⍽"
    if category == "Cc" and ord(token) < 128:
        return "␡" if token == "\x7f" else chr(0x2400 + ord(token))
    return "�" if category[0] == "C" else token


def _dots(count: int) -> str:
    return "•" * min(count, DOTS) + ("…" if count > DOTS else "")


def cut(shown: str, most: int = LONGEST) -> str:
    """So many letters at most, the last one "…" where there were more."""
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def short(number: float) -> str:
    """A number for a narrow place: ".52", "−1.3", "12"."""
    digits = f"{number:.2f}" if abs(number) < 1 else f"{number:.3g}"
    return digits.replace("0.", ".", 1).replace("-", "−") if abs(number) < 1 else digits.replace("-", "−")
