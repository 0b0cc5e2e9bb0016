"""Reach of a gradient."""

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


def distance_to_share(behind: Array, share: float = 0.5) -> int | None:
    """The number of steps back at which the magnitude first falls below `share` of its value at the target; None if it never does.

    behind  [distance]: the magnitude at the target, one step back, two steps back, …, in the order in which the row has read
    """
    below = np.flatnonzero(behind < share * behind[0])
    return int(below[0]) if len(below) else None


def distance_to_floor(behind: Array) -> int | None:
    """The number of steps back at which the magnitude first lies below FLOOR; None if it never does."""
    below = np.flatnonzero(behind < FLOOR)
    return int(below[0]) if len(below) else None


@dataclass(frozen=True)
class Spread:
    """Entries of a gradient matrix at each distance, [distance]: the median, the quartiles, and the number of pairs."""

    median: Array
    low: Array
    high: Array
    pairs: Array


def by_distance(matrix: Array, *, backward: bool = False) -> Spread:
    """The diagonals of a matrix [target, source], summed up: at distance d the source was read d steps before the target, in a backward
    row source - target = d. Entries that are not finite do not count."""
    steps, matrix = len(matrix), matrix.T if backward else matrix
    summed = np.full((3, steps), np.nan)
    pairs = np.zeros(steps, dtype=int)
    for distance in range(steps):
        entries = np.diagonal(matrix, -distance)
        entries = entries[np.isfinite(entries)]
        pairs[distance] = len(entries)
        if len(entries):
            summed[:, distance] = np.percentile(entries, [50, 25, 75])
    return Spread(summed[0], summed[1], summed[2], pairs)
