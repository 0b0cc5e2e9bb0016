"""An HDF5 file as Keras writes them: its arrays by their paths, and the texts on its groups.

Nothing outside the file is opened: links to other files, data in other files and virtual data are not followed. What is compressed is
not unpacked, since nobody can say how large a chunk will be; Keras compresses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import MOST_TENSORS, check_claims
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array

MOST_GROUPS = 4 * MOST_TENSORS
MOST_TEXT = 10 * 2**20
MOST_NAMES = 2**20
"""Bytes of a text, and of a list of names, on a group."""
NOT_WEIGHTS = ("optimizer_weights", "optimizer", "_optimizer", "metrics", "compile_metrics")
"""Groups at the top that hold what training needs."""
FAULTS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    MemoryError,
    SystemError,
)
"""What h5py raises for a file that is damaged: it hands on what the C library says, as one or another of these."""


@dataclass
class Hdf5:
    """What is in the file.

    arrays  the numbers in floating point, by path: "layers/lstm/cell/vars/0"
    texts   the texts on the file itself and on the groups, by path and name: ("", "model_config")
    lists   the lists of names on the groups, likewise: ("model_weights", "layer_names")
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The first text of that name, wherever it stands; empty where there is none."""
        return next((text for (_, own), text in self.texts.items() if own == name), "")


def opened(data: bytes) -> Hdf5:
    """What the file holds. Raises Unreadable for one that is damaged, or too large once it is read."""
    import h5py

    try:
        with h5py.File(BytesIO(data), "r") as file:
            found = Hdf5()
            datasets = _walk(h5py, file, found)
            check_claims((path, _claimed(one), one.dtype.itemsize) for path, one in datasets.items())
            for path, one in datasets.items():
                found.arrays[path] = _numbers(path, one)
            return found
    except Unreadable:
        raise
    except FAULTS as error:
        raise Unreadable(
            "This is an HDF5 file, but a damaged one, or it was not loaded to its end. Fetch it once more."
        ) from error


def check_text(size: int) -> None:
    """Raises Unreadable for a text of so many bytes, which says more of a network than there could be to say."""
    if size > MOST_TEXT:
        raise Unreadable(
            f"What the file says of its layers has {size / 2**20:,.0f} MB; at most {MOST_TEXT // 2**20} are read."
        )


def _walk(h5py: Any, file: Any, found: Hdf5) -> dict[str, Any]:
    """The datasets of numbers by path, in the file's order; the texts go into `found`."""
    datasets: dict[str, Any] = {}
    waiting, seen = [("", file)], set()
    while waiting:
        path, group = waiting.pop()
        place = h5py.h5o.get_info(group.id).addr
        if place in seen:
            continue  # a group may lie in several others, and in itself
        seen.add(place)
        if len(seen) > MOST_GROUPS or len(datasets) > MOST_TENSORS:
            raise Unreadable(
                f"The file has more than {MOST_TENSORS:,} arrays or {MOST_GROUPS:,} groups; that is too much to be read."
            )
        _describe(h5py, path, group, found)
        for name in group:
            inner = f"{path}/{name}".lstrip("/")
            if (not path and name in NOT_WEIGHTS) or type(group.get(name, getlink=True)) is not h5py.HardLink:
                continue
            one = group[name]
            if isinstance(one, h5py.Group):
                waiting.append((inner, one))
            elif isinstance(one, h5py.Dataset) and _is_weights(one):
                datasets[inner] = one
    return datasets


def _describe(h5py: Any, path: str, group: Any, found: Hdf5) -> None:
    """The texts and lists of names that stand on a group, as far as they are of a size for such."""
    for name in list(group.attrs)[:100]:
        identity = group.attrs.get_id(name)
        text = h5py.check_string_dtype(identity.dtype)
        if text is None:
            continue
        if identity.shape == () and identity.get_storage_size() <= MOST_TEXT:
            value = group.attrs[name]
            if len(value) <= MOST_TEXT:
                found.texts[path, name] = _text(value)
        elif len(identity.shape) == 1 and text.length is not None and identity.get_storage_size() <= MOST_NAMES:
            # Lists of texts of one length only: each entry of another kind could name the same long text.
            found.lists[path, name] = [_text(one) for one in group.attrs[name]]


def _is_weights(dataset: Any) -> bool:
    """Whether it holds numbers in floating point, bfloat16 as Keras writes it included; an optimizer's counters are none."""
    return dataset.dtype.kind == "f" or _is_bfloat16(dataset)


def _is_bfloat16(dataset: Any) -> bool:
    return bool(dataset.dtype == np.uint16) and _text(dataset.attrs.get("dtype", "")) == "bfloat16"


def _claimed(dataset: Any) -> tuple[int, ...]:
    """The shape that will be in memory: a chunk may be larger than the array that it is of."""
    shape, chunks = dataset.shape or (), dataset.chunks or ()
    return max(tuple(shape), tuple(chunks), key=lambda sizes: int(np.prod([int(size) for size in sizes], dtype=object)))


def _numbers(path: str, dataset: Any) -> Array:
    if dataset.is_virtual or dataset.external:
        raise Unreadable(
            f"{quoted(path)} lies in another file, which is not opened. Save the network with its weights in one file."
        )
    if dataset.id.get_create_plist().get_nfilters():
        raise Unreadable(
            f"{quoted(path)} is compressed, which Keras itself does not do. Save the network without compression."
        )
    array: Array = np.asarray(dataset[()])
    if _is_bfloat16(dataset):
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array if array.dtype == np.float64 else array.astype(np.float32)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
