"""NumPy .npz archives. Headers are checked before any array is created; objects are never unpickled."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.models.checkpoints import naming, nested
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.limits import MOST_SYMBOLS
from explorer.models.checkpoints.npy import NUMBERS, TEXTS, array
from explorer.models.checkpoints.wording import quoted
from explorer.models.checkpoints.zipped import Archive, names_in
from explorer.signals import Array

ENDING = ".npy"


def holds(data: bytes) -> bool:
    """Return whether the data is a zip archive of arrays only."""
    names = names_in(data)
    return bool(names) and all(name.endswith(ENDING) for name in names)


def read(data: bytes) -> Contents:
    """Read an archive of arrays. Raise Unreadable if it is damaged or holds Python objects."""
    archive = Archive(data)
    arrays = {name.removesuffix(ENDING): array(name.removesuffix(ENDING), archive.read(name)) for name in archive.names}
    tensors = {name: _tensor(name, values) for name, values in arrays.items() if values.dtype.kind in NUMBERS}
    texts = {
        name: values.tolist()
        for name, values in arrays.items()
        if values.dtype.kind in TEXTS and values.size <= MOST_SYMBOLS
    }
    return naming.contents("NumPy .npz", tensors, nested.vocabularies(texts), nested.labels(texts))


def _tensor(name: str, values: Array) -> Tensor:
    """Return a tensor with its own memory, in native byte order."""
    try:
        return torch.from_numpy(np.array(values, dtype=values.dtype.newbyteorder("="), order="C"))
    except TypeError as error:  # a dtype that torch does not have
        raise Unreadable(f"The array {quoted(name)} holds {values.dtype}; save it as float32.") from error


FORMAT = Format("NumPy .npz", (".npz",), holds, read, first=-1)
