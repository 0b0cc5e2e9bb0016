"""Format of shares and numbers in sentences, tables and labels: the one place that decides."""

from __future__ import annotations

import math

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LEAST, MOST = 1e-3, 1e4
"""Numbers from LEAST to below MOST are written out; smaller and larger ones as a power of ten."""


def share(value: float, decimals: int = 0) -> str:
    """Share as text: "27 %", "99.6 %", "0.4 %", "< 0.1 %"; "150 %" above 1, "NaN" for NaN. "100 %" and "0 %" only if exact.

    Below 1 % and above 99 % it has a decimal; elsewhere `decimals` of them.
    """
    value = float(value)
    if not math.isfinite(value):
        return number(value)
    if value < 0:
        return f"−{share(-value, decimals)}"
    percent = 100 * value
    if value in (0, 1):
        return f"{percent:.0f} %"
    if percent < 0.1:
        return "< 0.1 %"
    near = max(decimals, 1)
    if percent < 100:
        most = 100 - 10.0**-near  # 99.96 is not 100.0
        return f"{min(percent, most):.{near if percent < 1 or percent > 99 else decimals}f} %"
    if percent < 100 + 10.0**-near / 2:
        return "> 100 %"
    return f"{percent:.{near if percent < 101 else 0}f} %"


def number(value: float, digits: int = 3) -> str:
    """Number with so many significant digits: "0.25", "−12.3", "1234", "9.3 × 10⁻⁸", "NaN", "infinite"."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    sign, value = "−" if value < 0 else "", abs(value)
    if math.isinf(value):
        return f"{sign}infinite"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    whole = value >= 10 ** (digits - 1)  # written to the last digit before the point
    if value and not LEAST <= (round(value) if whole else float(f"{mantissa}e{exponent}")) < MOST:
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{sign}{mantissa} × 10{str(int(exponent)).translate(RAISED)}"
    if whole:
        return f"{sign}{value:.0f}"
    short = f"{value:.{digits}g}"
    rounded = f"{value:#.{digits}g}".rstrip(".")
    return f"{sign}{short if float(short) == value else rounded}"  # 1 is "1", 1.0035 is "1.00"


def signed(value: float, digits: int = 3) -> str:
    """A number that has its sign, also above 0: "+0.25", "−3 × 10⁻⁷"."""
    return number(value, digits) if value < 0 or math.isnan(value) else f"+{number(value, digits)}"
