"""The same text with one token changed: how long the network remembers."""

from __future__ import annotations

import numpy as np

from explorer.analysis.norms import norms
from explorer.signals import Array, Trace


def distance(one: Trace, other: Trace, row: int = -1, by: str = "h") -> Array:
    """‖h - h'‖ at every step, [step], in float64, in the top row by default; `by` another state, or "state": over the
    whole carried state, an LSTM's h and c side by side."""
    if one.steps != other.steps:
        raise ValueError(f"the readings have {one.steps} and {other.steps} steps; they must be of one length")
    with np.errstate(invalid="ignore"):  # Inf - Inf is NaN, and stays NaN
        return norms(states_of(one, row, by) - states_of(other, row, by))


def states_of(trace: Trace, row: int = -1, by: str = "state") -> Array:
    """The states of a row that `by` names, side by side, [step, states*unit], in float64."""
    return np.concatenate(
        [trace[name][row].astype(np.float64) for name in (trace.carried if by == "state" else (by,))], -1
    )


def rounding_floor(
    one: Trace, other: Trace, exact_one: Trace, exact_other: Trace, row: int = -1, by: str = "h"
) -> float:
    """The largest error of `distance` on this pair of readings: measured against the same pair read in float64.

    A distance that is not above it may be rounding alone, which a network passes on and can amplify, like any other change.
    """
    with np.errstate(invalid="ignore"):  # Inf less Inf is no number, and does not count
        error = np.abs(distance(one, other, row, by) - distance(exact_one, exact_other, row, by))
    smallest = float(np.finfo(one["h"].dtype).eps)
    return max(smallest, float(np.max(error, initial=0.0, where=np.isfinite(error))))


def steps_remembered(differences: Array, since: int, share: float = 0.1) -> int | None:
    """Steps after `since` until the difference stays below `share` of its size there; None where it never does, or is no number."""
    if differences[since] == 0:
        return 0
    if not np.isfinite(differences[since:]).all():
        return None
    above = np.flatnonzero(differences[since:] >= share * differences[since])
    last = int(above[-1])
    return None if last == len(differences) - 1 - since else last + 1
