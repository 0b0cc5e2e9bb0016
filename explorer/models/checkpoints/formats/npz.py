"""NumPy's archives of arrays. Their headers are looked through before an array is made; objects are never unpickled."""

from __future__ import annotations

import io
from tokenize import TokenError

import numpy as np
import torch
from torch import Tensor

from explorer.models.checkpoints import naming, nested
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.limits import MOST_SYMBOLS, check_claims
from explorer.models.checkpoints.wording import quoted
from explorer.models.checkpoints.zipped import Archive, names_in
from explorer.signals import Array

ENDING = ".npy"
NUMBERS, TEXTS = "fiubc", "U"
"""Kinds of arrays, as NumPy calls them."""
BROKEN_HEADER = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, OverflowError, MemoryError)
"""What NumPy raises for a header that is none; it is a Python literal, which is parsed and not evaluated."""
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def holds(data: bytes) -> bool:
    """Whether it is a zip archive of nothing but arrays."""
    names = names_in(data)
    return bool(names) and all(name.endswith(ENDING) for name in names)


def read(data: bytes) -> Contents:
    """Raises Unreadable for an archive that is damaged, or has objects in it."""
    archive = Archive(data)
    arrays = {
        name.removesuffix(ENDING): _array(name.removesuffix(ENDING), archive.read(name)) for name in archive.names
    }
    tensors = {name: _tensor(name, array) for name, array in arrays.items() if array.dtype.kind in NUMBERS}
    texts = {
        name: array.tolist()
        for name, array in arrays.items()
        if array.dtype.kind in TEXTS and array.size <= MOST_SYMBOLS
    }
    return naming.contents("NumPy .npz", tensors, nested.vocabularies(texts))


def _array(name: str, data: bytes) -> Array:
    """The array of an entry, whose header has to claim what is there."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in HEADERS:
            raise ValueError(f"version {version}")
        shape, by_columns, dtype = HEADERS[version](stream)
    except BROKEN_HEADER as error:
        raise Unreadable(
            f"The array {quoted(name)} is damaged: its header cannot be read. Save the file again."
        ) from error
    if dtype.hasobject:
        raise Unreadable(
            f"The array {quoted(name)} holds Python objects, which could run code when they are read. Save arrays of numbers alone."
        )
    if dtype.kind not in NUMBERS + TEXTS or dtype.itemsize == 0:
        raise Unreadable(f"The array {quoted(name)} holds no plain numbers. Save arrays of numbers alone.")
    check_claims([(name, shape, dtype.itemsize)])
    count, room = int(np.prod(shape, dtype=object)), len(data) - stream.tell()
    if count * dtype.itemsize != room:
        raise Unreadable(
            f"The array {quoted(name)} claims {count:,} numbers, but the file has {room:,} bytes of them; save it again."
        )
    if not count:
        return np.empty(0, dtype)
    flat = np.frombuffer(data, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if by_columns else "C")


def _tensor(name: str, array: Array) -> Tensor:
    """With numbers of its own, in this machine's byte order."""
    try:
        return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
    except TypeError as error:  # a kind of number that torch does not have
        raise Unreadable(f"The array {quoted(name)} holds {array.dtype}; save it as float32.") from error


FORMAT = Format("NumPy .npz", (".npz",), holds, read, first=-1)
