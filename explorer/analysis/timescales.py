"""Half-lives of writes to the belt's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.signals import Array, Trace


@dataclass(frozen=True)
class HalfLives:
    """Half-lives of a layer's units.

    steps     [unit]: steps until half of a write is gone; NaN where the kept share is NaN or infinite
    at_least  [unit]: True where more than half was still there at the text's end
    """

    steps: Array
    at_least: Array

    def label(self, unit: int) -> str:
        """ "3 steps", or "≥ 38 steps" where the text is too short to tell."""
        bound = "≥ " if self.at_least[unit] else ""
        count = self.steps[unit]
        if np.isnan(count):
            return "unknown, because its memory is NaN or infinite"
        return f"{bound}{count:g} step{'' if count == 1 else 's'}"


def half_lives(trace: Trace, row: int = 0) -> HalfLives | None:
    """The median over writers j of the number of steps until Π_{k>j} keep_k < ½, counted within the text; None without a belt.

    Not ln ½ / ln mean keep: one reset makes a perfect latch look forgetful. A writer whose half is never gone counts for the steps
    that there were; where the median writer is one of those, the half-life is at least that long.
    """
    if trace.belt is None:
        return None
    keep = keep_of(trace, row)
    steps, units = keep.shape
    lost = -np.cumsum(np.log(np.maximum(keep, np.finfo(np.float64).tiny)), axis=0)  # grows along the text, [step, unit]
    available = np.arange(steps)[::-1]
    median, at_least = np.empty(units), np.empty(units, dtype=bool)
    for unit in range(units):
        gone_at = np.searchsorted(
            lost[:, unit], lost[:, unit] + np.log(2), side="right"
        )  # the first step with less than half
        lived = np.where(gone_at < steps, gone_at - np.arange(steps), available)
        never = np.where(gone_at < steps, gone_at - np.arange(steps), np.inf)
        at_least[unit] = np.isinf(np.median(never))
        median[unit] = np.median(lived)
    broken = ~np.isfinite(keep).all(0)
    return HalfLives(np.where(broken, np.nan, median), at_least & ~broken)


def keep_of(trace: Trace, row: int = 0) -> Array:
    """The belt's keep factor, [step, unit], in float64 and in the order in which the row read."""
    assert trace.belt is not None
    keep = np.asarray(trace.belt.kept({name: trace[name][row] for name in trace.signals if trace[name].ndim == 3}))
    order = slice(None, None, -1) if trace.reads_backward(row) else slice(None)
    return keep.astype(np.float64)[order]
