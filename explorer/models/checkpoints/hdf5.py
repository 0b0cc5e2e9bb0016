"""HDF5 files as Keras writes them: arrays by path, and the text attributes of groups."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.models.checkpoints import hdf5_reader
from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import MOST_BYTES, MOST_TENSORS, check_claims
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

MOST_TEXT = 10 * 2**20
MOST = {
    "tensors": MOST_TENSORS,
    "groups": 4 * MOST_TENSORS,
    "bytes": MOST_BYTES,
    "text": MOST_TEXT,
    "names": 2**20,
    "name": 1000,
    "memory": 3 * 2**29,
    "seconds": 20,
}
"""Limits of the reader process. Counts are of items, other sizes in bytes. "memory" covers the file, its arrays as stored, as read and as
returned, and the libraries."""
DAMAGED = "This HDF5 file is damaged or incomplete. Download or save it again."
REASONS: dict[str, Callable[..., str]] = {
    "damaged": lambda *_: DAMAGED,
    "large": lambda total: f"The file unpacks to {total / 2**20:,.0f} MB; at most {MOST_BYTES // 2**20} MB are read.",
    "deep": lambda most: f"The file is damaged, or not meant to be read: its groups are nested more than {most} deep.",
    "many": lambda arrays, groups: f"The file has more than {arrays:,} arrays or {groups:,} groups, which is too many.",
    "long": lambda name, size, most: f"The attribute {quoted(name)} has {size:,} bytes; at most {most:,} are read.",
    "outside": lambda path: (
        f"{quoted(path)} is in another file, which is not opened. Save the network with its weights in one file."
    ),
    "compressed": lambda path: (
        f"{quoted(path)} is compressed, which Keras itself does not do. Save the network without compression."
    ),
}
"""Messages for files that the reader refuses, by reason."""


@dataclass
class Hdf5:
    """The contents of an HDF5 file.

    arrays  floating-point arrays, by path: "layers/lstm/cell/vars/0"
    texts   text attributes of the file and its groups, by path and name: ("", "model_config")
    lists   name lists of the groups, by path and name: ("model_weights", "layer_names")
    narrow  names of the stored dtypes that were widened: "float16"
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    narrow: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return the first text of that name at any path; empty if the file has no such text."""
        return next((text for (_, own), text in self.texts.items() if own == name), "")


def read_hdf5(data: bytes) -> Hdf5:
    """Read the file. Raise Unreadable if it is damaged, or too large when unpacked."""
    output = run_reader(data)
    start = hdf5_reader.LENGTH.size
    try:
        (length,) = hdf5_reader.LENGTH.unpack_from(output)
        header: dict[str, Any] = json.loads(output[start : start + length])
    except (ValueError, struct.error) as error:  # the reader process was stopped
        raise Unreadable(DAMAGED) from error
    if "refused" in header:
        reason, *values = header["refused"]
        raise Unreadable(REASONS[reason](*values))
    check_claims((path, shape, np.dtype(kind).itemsize) for path, kind, shape in header["arrays"])
    return Hdf5(
        arrays=_arrays(header["arrays"], output, start + length),
        texts={(path, name): text for path, name, text in header["texts"]},
        lists={(path, name): names for path, name, names in header["lists"]},
        narrow=tuple(header["narrow"]),
    )


def run_reader(data: bytes) -> bytes:
    """Run the reader in a separate process and return its output; empty if it timed out."""
    try:
        process = subprocess.run(
            [sys.executable, "-P", hdf5_reader.__file__, json.dumps(MOST)],
            input=data,
            capture_output=True,
            timeout=2 * MOST["seconds"],
            check=False,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # a thread reserves memory
        )
    except subprocess.TimeoutExpired:
        return b""
    except OSError as error:  # no memory or no place for a process
        raise Unreadable(
            "The file cannot be opened now: the server has no room for it. Try again in a while."
        ) from error
    return process.stdout


def check_text(size: int) -> None:
    """Raise Unreadable if a description of this many bytes is too long."""
    if size > MOST_TEXT:
        raise Unreadable(
            f"The description of the layers has {size / 2**20:,.0f} MB; at most {MOST_TEXT // 2**20} are read."
        )


def _arrays(listed: list[Any], output: bytes, start: int) -> dict[str, Array]:
    """Return the arrays, which lie one after the other in the reader's output."""
    arrays = {}
    for path, kind, shape in listed:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[path] = np.frombuffer(output, np.dtype(kind), count, start).reshape(shape)
        start += arrays[path].nbytes
    return arrays
