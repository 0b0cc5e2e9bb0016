"""A trace as Parquet: the table, column by column and packed, for pandas, Polars, DuckDB and R. pyarrow writes it."""

from __future__ import annotations

from typing import IO, Any

from explorer.saving.table import frame, frames
from explorer.signals import Trace

MISSING = "Parquet needs pyarrow, which is not installed: `pip install pyarrow`, or save as .npz or .csv"


def write(trace: Trace, file: IO[bytes]) -> None:
    """Write the table, with the tokens as typed. Raises ValueError if pyarrow is not installed."""
    arrow, parquet = library()
    schema = arrow.Schema.from_pandas(frame(trace, range(1), range(1)), preserve_index=False)
    with parquet.ParquetWriter(file, schema) as out:
        for part in frames(trace):
            out.write_table(arrow.Table.from_pandas(part, schema, preserve_index=False))


def library() -> tuple[Any, Any]:
    """pyarrow and its Parquet module. Raises ValueError with the command to install it if it is missing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(MISSING) from error
    return pyarrow, pyarrow.parquet
