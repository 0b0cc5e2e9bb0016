"""Sensible orders for the units of a heatmap. A unit's own number is arbitrary."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explorer.analysis.projection import principal_components
from explorer.analysis.timescales import half_lives, keep_of
from explorer.signals import Array, Trace

no_number = np.errstate(invalid="ignore", over="ignore")
"""Units that are Inf or NaN are ordered, too, like any other: the numbers that come of them are no news here."""


@no_number
def by_half_life(trace: Trace, row: int = 0) -> Array:
    """The longest memory first; without a belt by mean speed of change. Ties keep the order of their mean keep."""
    lives = half_lives(trace, row)
    if lives is None:
        return np.argsort(
            np.abs(np.diff(trace["h"][row], axis=0)).mean(0) if trace.steps > 1 else np.zeros(trace.units),
            kind="stable",
        )
    return np.lexsort((-keep_of(trace, row).mean(0), -lives.steps, ~lives.at_least))


def by_likeness(trace: Trace, row: int = 0) -> Array:
    """Units that move together stand together: by their angle in the plane of the first two principal components."""
    if trace.steps < 3:
        return by_number(trace, row)
    loadings = principal_components(trace["h"][row]).loadings
    return np.argsort(np.arctan2(loadings[1], loadings[0]), kind="stable")


@no_number
def by_activity(trace: Trace, row: int = 0) -> Array:
    """The unit whose h varies most first."""
    return np.argsort(-trace["h"][row].var(0), kind="stable")


@no_number
def by_contribution(trace: Trace, row: int = 0) -> Array:
    """Units whose own part of the scores varies most first: the standard deviation of h times the length of its readout weights.

    What all scores share changes no answer and is left out. This is the direct part alone: what erasing a unit does through later steps
    is another thing (`explorer.sweep`), and the two orders differ. Where no readout looks at the row (`is_read`), how much h varies.
    """
    varies = trace["h"][row].std(0)
    if trace.readout is None or not is_read(trace, row):
        return np.argsort(-varies, kind="stable")
    weight = trace.readout.weight  # [output, unit]
    moves = weight - weight.mean(0) if len(weight) > 1 else weight
    return np.argsort(-varies * np.linalg.norm(moves, axis=0), kind="stable")


def is_read(trace: Trace, row: int = 0) -> bool:
    """True if the scores are a sum over this row's units: the top layer of a network with a readout, in one
    direction."""
    return trace.readout is not None and row == trace.rows - 1 and not trace.bidirectional


def by_number(trace: Trace, row: int = 0) -> Array:
    """The order of the weights."""
    return np.arange(trace.units)


ORDERINGS: dict[str, Callable[[Trace, int], Array]] = {
    "longest memory first": by_half_life,
    "units that move together": by_likeness,
    "most active first": by_activity,
    "most varied part of the scores first": by_contribution,
    "unit number": by_number,
}
