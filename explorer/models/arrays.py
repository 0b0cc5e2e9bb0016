"""Input arrays: as plain numbers, and as a text that a person could type."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.models.vocabulary import Numbers, Reader
from explorer.signals import Array

REFUSED = {
    "c": "complex numbers; give real and imaginary parts as two columns",
    "M": "dates; give numbers, such as days since the first",
    "m": "time spans; give numbers, such as seconds",
    "U": "text; convert it to numbers first",
    "S": "bytes; convert them to numbers first",
    "V": "records; give one array [step, column]",
}
"""Reasons why arrays of other kinds are no input, by NumPy's letter for the kind."""


def real_numbers(given: Any) -> Tensor:
    """An array, a tensor or nested lists of real numbers as a float64 tensor of its own.

    Raise ValueError for anything else, by name: complex numbers, masked values, dates, text, None.
    """
    try:
        array = _plain(given)
    except (TypeError, ValueError, RuntimeError, OverflowError, Warning) as error:
        raise ValueError(f"expected numbers, got {type(given).__name__} ({error})") from error
    return torch.from_numpy(array)


def _plain(values: Any) -> Array:
    """Array as float64, C-contiguous and not shared. Raises ValueError for any other kind of array."""
    if isinstance(values, Tensor):
        values = values.dequantize() if values.is_quantized else values
        values = values.to_dense() if values.layout != torch.strided else values
        if values.is_complex():
            raise ValueError(REFUSED["c"])
        return np.array(values.detach().cpu().to(torch.float64).numpy(), order="C")
    if isinstance(values, (list, tuple)) and any(isinstance(part, Tensor) for part in values):
        return np.stack([_plain(part) for part in values])
    if np.ma.isMaskedArray(values) and np.ma.is_masked(values):
        raise ValueError(
            f"{int(np.ma.getmaskarray(values).sum()):,} values are masked; fill them, for example with filled(0)"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a masked element in a list is one
        array = np.asarray(values)
    if array.dtype.kind == "O":
        return _of_objects(array)
    readable = array.dtype.kind in "fiub" or (
        array.dtype.kind == "V" and array.dtype.names is None and _is_small_float(array)
    )
    if array.dtype.type is np.void and array.dtype.names is None and not readable:
        raise ValueError(
            f"an array of {array.dtype}: NumPy has no bfloat16 of its own, and a .npy file forgets it; give "
            'array.view(ml_dtypes.bfloat16), or save array.astype("float32")'
        )
    if not readable:
        raise ValueError(REFUSED.get(array.dtype.kind, f"an array of {array.dtype}"))
    return np.array(array, dtype=np.float64, order="C")


def _is_small_float(array: Array) -> bool:
    """True for a float type that NumPy itself does not know, such as bfloat16."""
    return "float" in array.dtype.name


def _of_objects(array: Array) -> Array:
    for value in array.flat:
        if not isinstance(value, Real):
            content = "None" if value is None else f"{value!r:.40} ({type(value).__name__})"
            raise ValueError(f"it holds {content}, which is not a real number")
    return np.array(array, dtype=np.float64, order="C")


def within_range(values: Tensor, dtype: torch.dtype) -> Tensor:
    """The numbers with this type. Raise ValueError for one that is finite and too large for it."""
    narrow = values.to(dtype)
    lost = values.isfinite() & ~narrow.isfinite()
    if bool(lost.any()):
        name = str(dtype).removeprefix("torch.")
        raise ValueError(
            f"the number {float(values[lost][0]):g} is too large for the network's {name}; scale the input"
        )
    return narrow


def row_tokens(rows: Tensor) -> tuple[str, ...]:
    """Text of each row of [step, column]: the shortest numbers that are the same at its precision."""
    values = rows.detach().cpu()
    array = values.numpy() if values.dtype in (torch.float32, torch.float64, torch.float16) else values.float().numpy()
    return tuple(" ".join(_shortest(value) for value in row) for row in array)


def _shortest(value: np.floating[Any]) -> str:
    plain = not np.isfinite(value) or value == 0 or 1e-4 <= abs(value) < 1e16
    if not plain:
        return np.format_float_scientific(value, unique=True, trim="-")
    return np.format_float_positional(value, unique=True, trim="-")


def text_of(array: Array, reader: Reader) -> str:
    """Text that reads as this array: rows of numbers [step, column], or [step] if there is one column; ids [step].

    Raises ValueError for an array of another shape, or of ids that the network does not have.
    """
    if not isinstance(reader, Numbers):
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ValueError(f"this network reads ids, an array [step] of whole numbers; this is {_description(array)}")
        return spelled(array, reader)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"this network reads numbers; this is {_description(array)}")
    rows = array[:, None] if array.ndim == 1 and len(reader) == 1 else array
    if rows.ndim != 2 or rows.shape[1] != len(reader):
        raise ValueError(f"this network reads an array [step, {len(reader)}]; this is {_description(array)}")
    return reader.written(rows)


def spelled(ids: Array, reader: Reader) -> str:
    """Text with these ids. Raises ValueError for an id that does not exist."""
    outside = ids[(ids < 0) | (ids >= len(reader))]
    if len(outside):
        raise ValueError(f"there is no id {outside[0]}; this network has ids from 0 to {len(reader) - 1}")
    return reader.joined([reader.labels[number] for number in ids])


def _description(array: Array) -> str:
    return f"{list(array.shape)} of {array.dtype}"
