"""Numbers as people write them in tables: decimal commas, thousands separators, percent and currency signs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

POINT, COMMA = ".", ","
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "--", "?", "#n/a", "<na>", "nat"})
SIGNS = re.compile(r"[%‰€$£¥₹]|(?<![A-Za-z])(?:EUR|USD|GBP|CHF|JPY|CNY|INR)(?![A-Za-z])")
"""Signs of percentages and currencies."""
BLANK = " \u00a0\u2009\u202f"
GROUPS = {POINT: f",'’{BLANK}_", COMMA: f".'’{BLANK}_"}
"""Characters allowed between thousands, if the decimal mark is a point or a comma."""
FORM = {
    decimal: re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?P<mark>[{re.escape(GROUPS[decimal])}])\d{{3}}(?:(?P=mark)\d{{3}})*|\d+)?(?:{re.escape(decimal)}\d*)?"
        r"(?:[eE][+-]?\d+)?",
        re.ASCII,
    )
    for decimal in (POINT, COMMA)
}


def bare(cell: str) -> str:
    """The cell without signs of percentages and currencies, with a plain minus."""
    return SIGNS.sub("", cell).strip().replace("−", "-").replace("- ", "-")


def number(cell: str, decimal: str = POINT) -> float | None:
    """Number in a cell with this decimal mark; None for any other cell."""
    text = bare(cell)
    if not any(map(str.isdigit, text)):
        return float(text) if text.lower().lstrip("+-") in ("inf", "infinity", "nan") else None
    if not FORM[decimal].fullmatch(text):
        return None
    for mark in GROUPS[decimal]:
        text = text.replace(mark, "")
    return float(text.replace(decimal, "."))


def is_number(cell: str) -> bool:
    """True if the cell is a number, in either way to write decimals."""
    readings = (number(cell, decimal) for decimal in (POINT, COMMA))
    return any(value is not None and not math.isnan(value) for value in readings)


def is_missing(cell: str) -> bool:
    """True if the cell marks a missing number."""
    return cell.lower() in MISSING


def decimals(cells: Sequence[str]) -> tuple[str, ...]:
    """The decimal marks with which all of these cells are numbers; one alone where both give the same numbers, or neither does."""
    filled = [cell for cell in cells if is_number(cell)]
    read = {decimal: [number(cell, decimal) for cell in filled] for decimal in (POINT, COMMA)}
    fits = tuple(decimal for decimal, values in read.items() if None not in values)
    if len(fits) == 2:
        return (POINT,) if read[POINT] == read[COMMA] else fits
    most = max(read, key=lambda decimal: sum(value is not None for value in read[decimal]))
    return fits or (most,)


def signs(cells: Iterable[str]) -> list[str]:
    """The signs of percentages and currencies that are left out, each once."""
    return list(dict.fromkeys(sign for cell in cells for sign in SIGNS.findall(cell)))
