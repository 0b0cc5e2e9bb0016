"""Gradient by distance before any training: the median over draws, and a summary of the curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.analysis.reach import FLOOR
from explorer.signals import Array

CEILING = float(np.finfo(np.float32).max)
"""float32's largest number: larger numbers overflow."""


@dataclass(frozen=True)
class Spread:
    """The median over draws, the lowest and the highest of them, [distance] each; inf from where float32 overflows."""

    middle: Array
    low: Array
    high: Array


def spread(reach: Array) -> Spread:
    """Median and range over draws of [draw, distance]. NaN counts as infinite: it arises from infinities on the way
    back."""
    values = np.where(np.isnan(reach), np.inf, reach)
    return Spread(np.quantile(values, 0.5, axis=0, method="lower"), values.min(0), values.max(0))


@dataclass(frozen=True)
class Course:
    """Summary of a curve by distance that begins at 1.

    half, double, floor, ceiling  the first distance at which it is below ½, above 2, below FLOOR, not finite; None if it never is
    factor                        change a step: the geometric mean over `over` steps, as far as float32 can resolve it
    last                          its value at the largest distance, `steps`
    lowest, least                 the distance at which it is lowest, and its value there
    """

    half: int | None
    double: int | None
    floor: int | None
    ceiling: int | None
    factor: float
    over: int
    last: float
    steps: int
    lowest: int
    least: float


def course(curve: Array) -> Course:
    """Summary of a curve [distance]."""
    resolved = np.flatnonzero((curve >= FLOOR) & np.isfinite(curve))
    over = int(resolved[-1])
    factor = float((curve[over] / curve[0]) ** (1 / over)) if over else 0.0
    return Course(
        _first(curve < 0.5),
        _first(curve > 2),
        _first(curve < FLOOR),
        _first(~np.isfinite(curve)),
        factor,
        over,
        float(curve[-1]),
        len(curve) - 1,
        int(np.argmin(curve)),
        float(np.min(curve)),
    )


def courses(reach: Array) -> tuple[Course, ...]:
    """Summary of each draw of [draw, distance]. NaN counts as infinite, as in `spread`."""
    return tuple(course(one) for one in np.where(np.isnan(reach), np.inf, reach))


def _first(where: Array) -> int | None:
    places = np.flatnonzero(where)
    return int(places[0]) if len(places) else None
