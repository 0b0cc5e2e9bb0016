"""An HDF5 file as Keras writes them: its arrays by their paths, and the texts on its groups."""

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
"""The reader's limits: what may be in a file, in bytes where it is not counted, and what the process that reads it may take: the file,
its arrays as they are found, as they are read and as they are handed over, and the libraries."""
DAMAGED = "This is an HDF5 file, but a damaged one, or it was not loaded to its end. Fetch it once more."
REASONS: dict[str, Callable[..., str]] = {
    "damaged": lambda *_: DAMAGED,
    "large": lambda total: (
        f"What it unpacks to has {total / 2**20:,.0f} MB; at most {MOST_BYTES // 2**20} MB are read."
    ),
    "deep": lambda most: (
        f"The file is damaged, or not meant to be read: its groups lie in one another, more than {most} deep."
    ),
    "many": lambda arrays, groups: (
        f"The file has more than {arrays:,} arrays or {groups:,} groups; that is too much to be read."
    ),
    "long": lambda name, size, most: (
        f"What the file says in its {quoted(name)} has {size:,} bytes; at most {most:,} are read."
    ),
    "outside": lambda path: (
        f"{quoted(path)} lies in another file, which is not opened. Save the network with its weights in one file."
    ),
    "compressed": lambda path: (
        f"{quoted(path)} is compressed, which Keras itself does not do. Save the network without compression."
    ),
}
"""What is said of a file that the reader refuses."""


@dataclass
class Hdf5:
    """What is in the file.

    arrays  the numbers in floating point, by path: "layers/lstm/cell/vars/0"
    texts   the texts on the file itself and on the groups, by path and name: ("", "model_config")
    lists   the lists of names on the groups, likewise: ("model_weights", "layer_names")
    narrow  the kinds of number that were stored in fewer bits than they have here: "float16"
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    narrow: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """The first text of that name, wherever it stands; empty where there is none."""
        return next((text for (_, own), text in self.texts.items() if own == name), "")


def opened(data: bytes) -> Hdf5:
    """What the file holds. Raises Unreadable for one that is damaged, or too large once it is read."""
    given = apart(data)
    start = hdf5_reader.LENGTH.size
    try:
        (length,) = hdf5_reader.LENGTH.unpack_from(given)
        said: dict[str, Any] = json.loads(given[start : start + length])
    except (ValueError, struct.error) as error:  # the reader was stopped
        raise Unreadable(DAMAGED) from error
    if "refused" in said:
        reason, *values = said["refused"]
        raise Unreadable(REASONS[reason](*values))
    check_claims((path, shape, np.dtype(kind).itemsize) for path, kind, shape in said["arrays"])
    return Hdf5(
        arrays=_arrays(said["arrays"], given, start + length),
        texts={(path, name): text for path, name, text in said["texts"]},
        lists={(path, name): names for path, name, names in said["lists"]},
        narrow=tuple(said["narrow"]),
    )


def apart(data: bytes) -> bytes:
    """What the reader says, in a process of its own; nothing where that did not come to its end."""
    try:
        ended = subprocess.run(
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
    return ended.stdout


def check_text(size: int) -> None:
    """Raises Unreadable for a text of so many bytes, which says more of a network than there could be to say."""
    if size > MOST_TEXT:
        raise Unreadable(
            f"What the file says of its layers has {size / 2**20:,.0f} MB; at most {MOST_TEXT // 2**20} are read."
        )


def _arrays(listed: list[Any], given: bytes, start: int) -> dict[str, Array]:
    """The arrays, one after the other in what the reader said."""
    found = {}
    for path, kind, shape in listed:
        count = int(np.prod(shape, dtype=np.int64))
        found[path] = np.frombuffer(given, np.dtype(kind), count, start).reshape(shape)
        start += found[path].nbytes
    return found
