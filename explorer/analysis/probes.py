"""Units that follow a property: correlations, and the best that any unit reaches by chance."""

from __future__ import annotations

import numpy as np

from explorer.signals import Array

SHIFTS = 100


def correlations(memory: Array, marks: Array) -> Array:
    """Pearson's r of each unit with the marks, [unit], for memory [step, unit] and marks [step]; NaN for a unit that never changes."""
    centred, marked = memory - memory.mean(0), marks - marks.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((marked @ centred) / np.sqrt((centred**2).sum(0) * (marked**2).sum()))


def chance(memory: Array, marks: Array, shifts: int = SHIFTS, seed: int = 0) -> float:
    """The 95th percentile, over circular shifts of the marks, of the largest |r| of any unit.

    A shift keeps how slowly the property changes, which alone makes slow units correlate, and breaks what it has to do with the text;
    the maximum over units pays for having chosen the best of them.
    """
    centred = np.nan_to_num(memory - memory.mean(0))
    sizes = np.sqrt((centred**2).sum(0))
    marked = marks - marks.mean()
    steps = len(marks)
    # Not closer to the true place than a hundredth of the whole, where a slow property still resembles itself.
    apart = max(1, steps // 100)
    moves = np.random.default_rng(seed).integers(apart, max(apart + 1, steps - apart), shifts)
    shifted = np.stack([np.roll(marked, move) for move in moves])  # [shift, step]
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.abs(shifted @ centred) / (sizes * np.sqrt((marked**2).sum()))
    return float(np.percentile(np.nan_to_num(r).max(1), 95))


def follower(memory: Array, marks: Array) -> int:
    """The unit of the largest |r|."""
    r = np.nan_to_num(np.abs(correlations(memory, marks)))
    return int(r.argmax())


def ends(memory: Array, r: Array, share: float = 0.05) -> tuple[Array, Array]:
    """Each unit's low and high end on these texts, [unit] each: its 5th and 95th percentile, ordered so that the second
    goes with more of the property (`r` are the correlations). Both lie inside the range that the unit really takes, so
    holding it there is realistic."""
    low, high = np.quantile(memory, [share, 1 - share], axis=0)
    turned = np.nan_to_num(r) < 0
    return np.where(turned, high, low), np.where(turned, low, high)
