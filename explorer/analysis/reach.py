"""How far a gradient reaches back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.analysis.norms import norms
from explorer.signals import Array, Trace

FLOOR = float(np.finfo(np.float32).tiny)
"""float32's smallest normal number: smaller gradients are flushed to zero, so below it nothing is to be seen."""


def magnitudes(grads: Trace, name: str, row: int = -1) -> Array:
    """‖∂L/∂signal_t‖₂ at every step, [step], accumulated in float64, absolute. `name` is the signal's ("h", "x", "f")."""
    values = grads[f"grad_{name}"]
    return norms(values if values.ndim == 2 else values[row])


def distance_to_share(magnitude: Array, at: int, share: float = 0.5) -> int | None:
    """How many steps before `at` the magnitude first falls below `share` of its value at `at`; None where it never does."""
    below = np.flatnonzero(magnitude[: at + 1][::-1] < share * magnitude[at])
    return int(below[0]) if len(below) else None


def distance_to_floor(magnitude: Array, at: int) -> int | None:
    """How many steps before `at` the magnitude first lies below FLOOR; None where it never does."""
    below = np.flatnonzero(magnitude[: at + 1][::-1] < FLOOR)
    return int(below[0]) if len(below) else None


@dataclass(frozen=True)
class Spread:
    """Entries of a gradient matrix at each distance, [distance]: the median, the quartiles, and how many pairs there are."""

    median: Array
    low: Array
    high: Array
    pairs: Array


def by_distance(matrix: Array) -> Spread:
    """The diagonals of a matrix [target, source], summed up: distance d is target - source. Entries that are no number do not count."""
    steps = len(matrix)
    summed = np.full((3, steps), np.nan)
    pairs = np.zeros(steps, dtype=int)
    for distance in range(steps):
        entries = np.diagonal(matrix, -distance)
        entries = entries[np.isfinite(entries)]
        pairs[distance] = len(entries)
        if len(entries):
            summed[:, distance] = np.percentile(entries, [50, 25, 75])
    return Spread(summed[0], summed[1], summed[2], pairs)
