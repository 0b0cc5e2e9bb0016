"""Reads an HDF5 file in a process of its own: python hdf5_reader.py, the limits as an argument, the file on its input.

HDF5's C library believes what a file says of its sizes: one wrong byte lets it take 4 GB, and others may stop the whole process. So the
file is opened where that harms nobody, in a process that may take so much memory and time and no more. This file needs nothing of ours.

Nothing outside the file is opened: links to other files, data in other files and virtual data are not followed. What is compressed is
not unpacked, since nobody can say how large a chunk will be; Keras compresses nothing.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from io import BytesIO
from typing import Any

import numpy as np

DEEPEST = 32
"""Groups in one another."""
CONFIGS, NAMES = ("model_config", "training_config"), "layer_names"
TEXTS = (*CONFIGS, "keras_version", "name")
"""What Keras writes on a file and its groups: the description of the model on the file alone, a layer's name on its weights."""
NOT_WEIGHTS = ("optimizer_weights", "optimizer", "_optimizer", "metrics", "compile_metrics")
"""Groups at the top that hold what training needs."""
LENGTH = struct.Struct("<Q")


class Refused(Exception):
    """A file that is not read: the reason, by its name in `hdf5.REASONS`, and what to say of it."""


def answer(data: bytes, most: dict[str, int]) -> bytes:
    """What is in the file: the length of a JSON, the JSON, and the numbers of its arrays one after the other.

    `most` are the limits: "tensors", "groups", "bytes" of all arrays, "text" in the description, "names" in a list, "name" in a name.
    """
    try:
        said, arrays = _read(data, most)
    except Refused as refused:
        said, arrays = {"refused": list(refused.args)}, []
    except (
        Exception
    ) as error:  # what h5py hands on of the C library's faults is of any kind; the process ends here anyway
        said, arrays = {"refused": ["damaged", type(error).__name__]}, []
    text = json.dumps(said).encode()
    return b"".join([LENGTH.pack(len(text)), text, *(array.tobytes() for array in arrays)])


def _read(data: bytes, most: dict[str, int]) -> tuple[dict[str, Any], list[Any]]:
    import h5py

    with h5py.File(BytesIO(data), "r") as file:
        reader = Reader(h5py, most)
        reader.walk(file)
        total = 0
        for dataset in reader.datasets.values():
            total += _claimed(dataset)
            if total > most["bytes"]:
                raise Refused("large", total)
        arrays = {path: reader.numbers(path, dataset) for path, dataset in reader.datasets.items()}
    listed = [[path, array.dtype.str, list(array.shape)] for path, array in arrays.items()]
    said = {"arrays": listed, "texts": reader.texts, "lists": reader.lists, "narrow": sorted(reader.narrow)}
    return said, list(arrays.values())


class Reader:
    """What was found on the way through a file: datasets of numbers by path, texts and lists of names as [path, name, value]."""

    def __init__(self, h5py: Any, most: dict[str, int]) -> None:
        self.h5py, self.most = h5py, most
        self.datasets: dict[str, Any] = {}
        self.texts: list[list[str]] = []
        self.lists: list[list[Any]] = []
        self.narrow: set[str] = set()

    def walk(self, file: Any) -> None:
        waiting, seen = [("", file)], set()
        while waiting:
            path, group = waiting.pop()
            place = self.h5py.h5o.get_info(group.id).addr
            if place in seen:
                continue  # a group may lie in several others, and in itself
            seen.add(place)
            if path.count("/") > DEEPEST:
                raise Refused("deep", DEEPEST)
            self._describe(path, group)
            for name in group:
                inner = f"{path}/{name}".lstrip("/")
                link = type(group.get(name, getlink=True))
                if (not path and name in NOT_WEIGHTS) or link is not self.h5py.HardLink:
                    continue
                if len(self.datasets) >= self.most["tensors"] or len(seen) + len(waiting) >= self.most["groups"]:
                    raise Refused("many", self.most["tensors"], self.most["groups"])
                one = group[name]
                if isinstance(one, self.h5py.Group):
                    waiting.append((inner, one))
                elif isinstance(one, self.h5py.Dataset) and (one.dtype.kind == "f" or self._is_bfloat16(one)):
                    self.datasets[inner] = one

    def numbers(self, path: str, dataset: Any) -> Any:
        """A dataset in float32, or in float64 where it is."""
        if dataset.is_virtual or dataset.external:
            raise Refused("outside", path)
        if dataset.id.get_create_plist().get_nfilters():
            raise Refused("compressed", path)
        array = np.asarray(dataset[()])
        if array.dtype == np.uint16:  # bfloat16: the upper half of a float32
            self.narrow.add("bfloat16")
            return (array.astype("<u4") << 16).view("<f4")
        if array.dtype.itemsize < 4:
            self.narrow.add(array.dtype.name)
        return array.astype("<f8" if array.dtype.itemsize == 8 else "<f4")

    def _describe(self, path: str, group: Any) -> None:
        for name in TEXTS:
            text = "" if path and name in CONFIGS else self._text(group, name)
            if text:
                self.texts.append([path, name, text])
        if NAMES in group.attrs:
            identity = group.attrs.get_id(NAMES)
            kind = self.h5py.check_string_dtype(identity.dtype)
            # Names of one length only: each of another kind could be the same long text.
            if kind and kind.length and len(identity.shape) == 1 and identity.get_storage_size() <= self.most["names"]:
                self.lists.append([path, NAMES, [one.decode("utf-8", "replace") for one in group.attrs[NAMES]]])

    def _text(self, holder: Any, name: str) -> str:
        """A text on a group or a dataset; empty where there is none of that name.

        How long one is that says so itself is known only once it is read: one too many, and no further is.
        """
        if name not in holder.attrs:
            return ""
        most = self.most["text" if name in CONFIGS else "name"]
        identity = holder.attrs.get_id(name)
        if identity.shape != () or self.h5py.check_string_dtype(identity.dtype) is None:
            return ""
        size = identity.get_storage_size()
        value = holder.attrs[name] if size <= most else b""
        if max(size, len(value)) > most:
            raise Refused("long", name, max(size, len(value)), most)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def _is_bfloat16(self, dataset: Any) -> bool:
        """Keras keeps it as whole numbers, of which it says what they are."""
        return bool(dataset.dtype == np.uint16) and self._text(dataset, "dtype") == "bfloat16"


def _claimed(dataset: Any) -> int:
    """The bytes that it takes in memory: of all its numbers, or of one chunk, which may be larger than the array that it is of."""
    sizes = [dataset.shape or (), dataset.chunks or ()]
    most = max(math.prod(int(size) for size in one) for one in sizes)
    return most * max(4, int(dataset.dtype.itemsize))


def confined(memory: int, seconds: int) -> None:
    """From now on this process takes no more than that; where the system has no such limits, the parent's patience is the only one."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform == "linux":  # others count memory that is only reserved in another way, or not at all
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """The file comes in, what is in it goes out."""
    most = json.loads(sys.argv[1])
    confined(most["memory"], most["seconds"])
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), most))


if __name__ == "__main__":
    main()
