"""Arrays as texts: what a network reads, as somebody types it."""

from __future__ import annotations

from explorer.models.vocabulary import Numbers, Reader
from explorer.signals import Array


def text_of(array: Array, reader: Reader) -> str:
    """A text that reads as this array: rows of numbers [step, column], or [step] where there is one column; ids [step].

    Raises ValueError for an array of another shape, or of ids that the network does not have.
    """
    if not isinstance(reader, Numbers):
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ValueError(f"this network reads ids, an array [step] of whole numbers; this is {_said(array)}")
        return spelled(array, reader)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"this network reads numbers; this is {_said(array)}")
    rows = array[:, None] if array.ndim == 1 and len(reader) == 1 else array
    if rows.ndim != 2 or rows.shape[1] != len(reader):
        raise ValueError(f"this network reads an array [step, {len(reader)}]; this is {_said(array)}")
    return reader.written(rows)


def spelled(ids: Array, reader: Reader) -> str:
    """A text that has these ids. Raises ValueError for one that there is not."""
    outside = ids[(ids < 0) | (ids >= len(reader))]
    if len(outside):
        raise ValueError(f"there is no id {outside[0]}; this network knows those from 0 to {len(reader) - 1}")
    return reader.joined([reader.labels[number] for number in ids])


def _said(array: Array) -> str:
    return f"{list(array.shape)} of {array.dtype}"
