"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 4
"""How many units a sentence names."""


def counted(count: int, what: str) -> str:
    """ "1 unit", "1,000 steps"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def count_of(some: int, whole: int, what: str) -> str:
    """ "3 of 128 forget gates"."""
    return f"{some} of {whole} {what}{'' if whole == 1 or what.endswith('s') else 's'}"


def percent(share: float) -> str:
    """A share as it is written; never rounded up to all, nor down to nothing."""
    value = 100 * share
    if value in (0, 100) or 1 <= value < 99:
        return f"{value:.0f} %"
    return f"{int(value * 10) / 10:.1f} %" if value >= 0.1 else "less than 0.1 %"


def bits(value: float) -> str:
    """Bits a token to three digits: "2.12", "0.043", "16.4"."""
    return (
        f"{value:.2f}"
        if value == 0 or 0.1 <= abs(value) < 100
        else f"{value:.3g}"
        if 1e-3 <= abs(value) < 1000
        else size(value)
    )


def units(numbers: Sequence[int]) -> str:
    """ "unit 5", "units 3, 5 and 9", "units 3, 5, 9, 12 and 8 more"."""
    if len(numbers) == 1:
        return f"unit {numbers[0]}"
    if len(numbers) <= NAMED:
        return f"units {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"units {', '.join(map(str, numbers[:NAMED]))} and {len(numbers) - NAMED} more"


def size(value: float) -> str:
    """A number of any size to two or three digits: "0.58", "12.3", "3e-07"."""
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.0e}"
