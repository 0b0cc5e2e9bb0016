"""A trace as a table: a row for each (layer, step, unit), and a column for each signal that has a number there.

Tidy, as pandas, a pivot table and a plotting library want it. It has all per-unit numbers of the reading and nothing else: x, whose
columns are not units, the readout and the notices are in the NPZ file alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from explorer.signals import PER_UNIT, Trace

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 20_000
"""Rows that are put together at once, so that a long reading is written in little memory: some 2 MB."""


IDENTIFIES = 4
"""Number of columns that identify a row: layer, step, token, unit."""


def rows(trace: Trace) -> int:
    """Number of rows of the table."""
    return trace.rows * trace.steps * trace.units


def columns(trace: Trace) -> list[str]:
    """The names of the table's columns, in their order."""
    return ["layer", "step", "token", "unit", *(signal.name for signal in trace.per_unit(pre=True))]


def frame(trace: Trace, layers: range | None = None, steps: range | None = None) -> pd.DataFrame:
    """The table, or that of some successive layers and steps. `step` counts from 0, `token` is the token of the step,
    as typed."""
    import pandas as pd  # here, so that a trace can be used without it

    layers, steps = layers or range(trace.rows), steps or range(trace.steps)
    index = pd.MultiIndex.from_product([layers, steps, range(trace.units)], names=PER_UNIT)
    part = slice(layers.start, layers.stop), slice(steps.start, steps.stop)
    values = {signal.name: trace[signal.name][part].reshape(-1) for signal in trace.per_unit(pre=True)}
    table = pd.DataFrame(values, index=index).reset_index()
    tokens = np.array([as_unicode(token) for token in trace.tokens], dtype=object)
    table.insert(2, "token", tokens[table["step"]])
    return table


def frames(trace: Trace, most: int = CHUNK) -> Iterator[pd.DataFrame]:
    """The table piece by piece, in its order, each of about `most` rows; one step's units stay together."""
    size = max(1, most // trace.units)
    for layer in range(trace.rows):
        for first in range(0, trace.steps, size):
            yield frame(trace, range(layer, layer + 1), range(first, min(first + size, trace.steps)))


def as_unicode(token: str) -> str:
    """The token; half a surrogate pair in it, which no column of text can hold, as a backslash and its number."""
    return token.encode("utf-8", "backslashreplace").decode()
