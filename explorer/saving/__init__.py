"""A trace as a file: NPZ, which holds all of it, or a table of its numbers, CSV or Parquet. One file a format.

`Trace.save` writes by the file's ending, `Trace.read` reads NPZ again, `explorer.export` gives the same as bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING

from explorer.saving import csv_file, npz, parquet

if TYPE_CHECKING:
    from explorer.signals import Trace

WRITERS: dict[str, Callable[[Trace, IO[bytes]], None]] = {
    ".npz": npz.write,
    ".csv": csv_file.write,
    ".parquet": parquet.write,
}
"""Writers by ending."""


def writer_for(path: str | PathLike[str]) -> Callable[[Trace, IO[bytes]], None]:
    """Function that writes a file of that name. Raises ValueError for an unknown ending, before anything is computed or
    written."""
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        *others, last = WRITERS
        raise ValueError(f"{str(path)!r} has no known ending; a trace is saved as {', '.join(others)} or {last}")
    if ending == ".parquet":
        parquet.library()
    return WRITERS[ending]


def save(trace: Trace, path: str | PathLike[str]) -> None:
    """Write the trace in the format that the ending of `path` names. Raises ValueError for another ending."""
    write = writer_for(path)
    with open(path, "wb") as file:
        write(trace, file)
