"""Scales of a chart: linear or logarithmic, with readable ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FLOOR = 1e-30
"""Floor of a logarithmic axis: smaller values are drawn at its foot."""
TICKS = 5


@dataclass(frozen=True)
class Scale:
    """Map from values between `low` and `high` to places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; of one beyond the ends, the end."""
        low, high, value = (self._flat(number) for number in (self.low, self.high, value))
        share = (min(max(value, low), high) - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 2)

    def _flat(self, value: float) -> float:
        return math.log10(max(value, FLOOR)) if self.log else value

    def ticks(self) -> list[float]:
        """A handful of round values between the ends."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, math.ceil((last - first) / TICKS))
            return [10.0**power for power in range(first, last + 1, every)]
        step = rounded((self.high - self.low) / TICKS)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def rounded(step: float) -> float:
    """The smallest of 1, 2, 5, 10, … that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def spanning(
    values: Iterable[float | None], start: float, end: float, *, log: bool, fixed: Sequence[float | None]
) -> Scale:
    """A scale that has room for all of the values, with 0 on it unless it is logarithmic; `fixed` are its ends, where they are given."""
    there = [value for value in values if value is not None and (value > 0 or not log)]
    if log:
        low = max(FLOOR, min(there, default=0.1))
        low, high = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(max(there, default=1.0)))
        high = max(high, low * 10)
    else:
        low, high = min([0.0, *there]), max([0.0, *there])
        high = high if high > low else low + 1
    low, high = (given if given is not None else found for given, found in zip(fixed, (low, high), strict=True))
    return Scale(low, high, start, end, log)


def written(value: float) -> str:
    """A tick's number: "0.5", "20", "1e-06"."""
    return f"{value:.0e}" if value and not 1e-3 <= abs(value) < 1e5 else f"{value:.4g}"
