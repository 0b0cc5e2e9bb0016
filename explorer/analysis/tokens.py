"""Tokens as a person sees them, and their kinds."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from explorer.signals import Array

VISIBLE = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅", "\u200d": "∅", "\ufeff": "∅"}
KINDS = ("letter", "capital", "digit", "space", "line end", "quote", "punctuation", "other")


def visible(token: str) -> str:
    """A token that shows: spaces and line ends as signs, combining marks on a dotted circle, controls as ␀ to ␡, other blanks as �."""
    if token in VISIBLE:
        return VISIBLE[token]
    if len(token) != 1:
        return token
    category = unicodedata.category(token)
    if category[0] == "M":  # not by `combining`, which is 0 for many marks
        return "◌" + token
    if category[0] == "Z":
        return "⍽"
    if category == "Cc" and ord(token) < 128:
        return "␡" if token == "\x7f" else chr(0x2400 + ord(token))
    return "�" if category[0] == "C" else token


def kind_of(token: str) -> str:
    """One of KINDS."""
    if token == "\n":
        return "line end"
    if token.isspace():
        return "space"
    if token in {'"', "“", "”"}:
        return "quote"
    if token.isdigit():
        return "digit"
    if token.isalpha():
        return "capital" if token.isupper() else "letter"
    return "punctuation" if unicodedata.category(token[0])[0] in "PS" else "other"


def means_by_kind(values: Array, tokens: Sequence[str]) -> pd.DataFrame:
    """values [step, unit] -> a row for each kind that occurs, in the order of KINDS: `kind`, `mean` over steps and units, `tokens`."""
    kinds = np.array([kind_of(token) for token in tokens])
    rows = [
        {"kind": kind, "mean": float(values[kinds == kind].mean()), "tokens": int((kinds == kind).sum())}
        for kind in KINDS
        if (kinds == kind).any()
    ]
    return pd.DataFrame(rows, columns=["kind", "mean", "tokens"])
