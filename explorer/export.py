"""Exports of a trace or a network as bytes, made on demand, as a download button wants them.

explorer.export.npz(trace)       the whole trace, for Trace.read
explorer.export.csv(trace)       the table of Trace.to_pandas, safe in a spreadsheet
explorer.export.parquet(trace)   the same, packed
explorer.export.weights(model)   the weights that a snippet loads, safetensors

`Trace.save` writes a trace of any size to a file.
"""

from __future__ import annotations

import io

from explorer import saving
from explorer.models import Model
from explorer.models.weights import packed
from explorer.saving import table
from explorer.signals import Trace

MOST = 5_000_000
"""Numbers in a CSV that is made in memory: some 60 MB of text, and seconds of work. A spreadsheet has room for a million rows anyway."""


def npz(trace: Trace) -> bytes:
    """The whole trace; 1,000 steps of 128 units with 10 signals are 3 MB."""
    return _bytes(trace, ".npz")


def csv(trace: Trace) -> bytes:
    """The table, a row for each (layer, step, unit), UTF-8; 1,000 steps of 128 units with 10 signals are 15 MB.

    Raises ValueError, before it does anything, where that is more than 5 million numbers.
    """
    if (count := numbers(trace)) > MOST:
        raise ValueError(
            f"this reading has {count:,} numbers, too many for CSV; take Parquet or NPZ, or fewer steps than {trace.steps:,}"
        )
    return _bytes(trace, ".csv")


def parquet(trace: Trace) -> bytes:
    """The same table, column by column and packed; 1,000 steps of 128 units with 10 signals are 5 MB.

    Raises ValueError where pyarrow is not installed.
    """
    saving.writer_for("x.parquet")
    return _bytes(trace, ".parquet")


def weights(model: Model) -> bytes:
    """The weights as safetensors, by the names of the state dict: the file "weights.safetensors" that a snippet loads."""
    return packed(model)


def numbers(trace: Trace) -> int:
    """Number of values in the table, for the decision whether to offer it."""
    return table.rows(trace) * len(trace.per_unit(pre=True))


def _bytes(trace: Trace, ending: str) -> bytes:
    out = io.BytesIO()
    saving.WRITERS[ending](trace, out)
    return out.getvalue()
