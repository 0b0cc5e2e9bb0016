"""Read an HDF5 file in a separate process: python hdf5_reader.py LIMITS, with the file on standard input.

HDF5's C library trusts the sizes in a file: one wrong byte can make it allocate 4 GB or crash the process. The file is therefore opened
in a child process with limited memory and time. This module imports nothing from the project.

Nothing outside the file is opened: external links, external data and virtual datasets are not followed. Compressed datasets are refused,
since the size of an unpacked chunk is unknown; Keras does not compress.
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
"""Maximum nesting of groups."""
CONFIGS, NAMES = ("model_config", "training_config"), "layer_names"
TEXTS = (*CONFIGS, "keras_version", "name")
"""Text attributes that Keras writes: the model description on the file only, a layer's name on its weights."""
NOT_WEIGHTS = ("optimizer_weights", "optimizer", "_optimizer", "metrics", "compile_metrics")
"""Top-level groups that hold training state."""
LENGTH = struct.Struct("<Q")


class Refused(Exception):
    """Raised to refuse a file. The arguments are a key of `hdf5.REASONS` and the values for its message."""


def answer(data: bytes, most: dict[str, int]) -> bytes:
    """Encode the contents of the file: the length of a JSON header, the header, and the bytes of all arrays in order.

    `most` has the limits: "tensors", "groups", "bytes" of all arrays, "text" of a description, "names" of a list, "name" of a name.
    """
    try:
        header, arrays = _read(data, most)
    except Refused as refused:
        header, arrays = {"refused": list(refused.args)}, []
    except (
        Exception
    ) as error:  # h5py raises errors of any type for faults in the C library; the process ends here anyway
        header, arrays = {"refused": ["damaged", type(error).__name__]}, []
    text = json.dumps(header).encode()
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
    header = {"arrays": listed, "texts": reader.texts, "lists": reader.lists, "narrow": sorted(reader.narrow)}
    return header, list(arrays.values())


class Reader:
    """The contents gathered while walking a file: numeric datasets by path, texts and name lists as [path, name, value]."""

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
                continue  # a group may be linked from several others, or from itself
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
        """Return a dataset as float32, or as float64 if it is stored so."""
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
            # Fixed-length names only: variable-length entries could all point to the same long text.
            if kind and kind.length and len(identity.shape) == 1 and identity.get_storage_size() <= self.most["names"]:
                self.lists.append([path, NAMES, [one.decode("utf-8", "replace") for one in group.attrs[NAMES]]])

    def _text(self, holder: Any, name: str) -> str:
        """Return a text attribute of a group or dataset; empty if it has no such attribute.

        The length of a variable-length text is known only after reading it; the first one that is too long stops the reader.
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
        """Return whether the dataset is bfloat16, which Keras stores as uint16 with a dtype attribute."""
        return bool(dataset.dtype == np.uint16) and self._text(dataset, "dtype") == "bfloat16"


def _claimed(dataset: Any) -> int:
    """Return the bytes that a dataset takes in memory: of the array, or of one chunk, which may be larger than the array."""
    sizes = [dataset.shape or (), dataset.chunks or ()]
    most = max(math.prod(int(size) for size in one) for one in sizes)
    return most * max(4, int(dataset.dtype.itemsize))


def limit_resources(memory: int, seconds: int) -> None:
    """Limit this process to `memory` bytes and `seconds` of CPU time. Without the resource module, only the parent's timeout applies."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform == "linux":  # other systems count reserved memory differently, or not at all
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """Read the file from standard input and write its contents to standard output."""
    most = json.loads(sys.argv[1])
    limit_resources(most["memory"], most["seconds"])
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), most))


if __name__ == "__main__":
    main()
