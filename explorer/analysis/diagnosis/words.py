"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 4
"""Number of units that a sentence names."""


def counted(count: int, what: str) -> str:
    """ "1 unit", "1,000 steps"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def count_of(some: int, whole: int, what: str) -> str:
    """ "3 of 128 forget gates"."""
    return f"{some} of {whole} {what}{'' if whole == 1 or what.endswith('s') else 's'}"


def units(numbers: Sequence[int]) -> str:
    """ "unit 5", "units 3, 5 and 9", "units 3, 5, 9, 12 and 8 more"."""
    if len(numbers) == 1:
        return f"unit {numbers[0]}"
    if len(numbers) <= NAMED:
        return f"units {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"units {', '.join(map(str, numbers[:NAMED]))} and {len(numbers) - NAMED} more"
