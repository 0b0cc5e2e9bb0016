"""Read a NumPy array from bytes. The header is checked before the array is created; objects are never unpickled."""

from __future__ import annotations

import io
from tokenize import TokenError

import numpy as np

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import check_claims
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

MAGIC = b"\x93NUMPY"
"""Leading bytes of a .npy file."""
NUMBERS, TEXTS = "fiubc", "U"
"""NumPy dtype kinds of numbers and of texts."""
BROKEN_HEADER = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, OverflowError, MemoryError)
"""Exceptions that NumPy raises for an invalid header, a Python literal that is parsed but not executed."""
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def array(name: str, data: bytes) -> Array:
    """Read an array, whose header must match the size of its data. `name` is used in messages.

    Raise Unreadable if it is not an array of numbers or texts.
    """
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
