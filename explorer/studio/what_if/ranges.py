"""Ranges of signals on the unedited text, to warn of values outside them."""

from __future__ import annotations

import numpy as np

from explorer.signals import Trace
from explorer.studio.what_if.lines import Line

PREV = "_prev"


def range_of(trace: Trace, line: Line) -> tuple[float, float] | None:
    """Return the minimum and maximum of a line's signal and units on this text; None if the line sets no value."""
    if line.does != "set":
        return None
    signal = line.signals[0]
    if signal.endswith(PREV) and signal.removesuffix(PREV) in trace.initial:
        values = trace.previous(signal.removesuffix(PREV))
    elif signal in trace:
        values = trace[signal]
    else:
        return None
    if line.layer is not None:
        values = values[line.layer : line.layer + 1]
    if line.units is not None:
        values = values[:, :, [unit for unit in line.units if unit < values.shape[2]]]
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None
