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
DEEPEST = 32
"""Groups in one another."""
MOST_TEXT, MOST_NAMES, MOST_NAME = 10 * 2**20, 2**20, 1000
"""Bytes of a text, of a list of names, and of a name."""
CONFIG, NAMES = "model_config", "layer_names"
TEXTS = {CONFIG: MOST_TEXT, "keras_version": MOST_NAME, "name": MOST_NAME}
"""What Keras writes on a file and its groups: the description of the model on the file alone, a layer's name on its weights."""
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
    narrow  the kinds of number that were stored in fewer bits than they have here: "float16"
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    narrow: set[str] = field(default_factory=set)

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
                found.arrays[path] = _numbers(path, one, found)
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
        if path.count("/") > DEEPEST:
            raise Unreadable(
                f"The file is damaged, or not meant to be read: its groups lie in one another, more than {DEEPEST} deep."
            )
        _describe(h5py, path, group, found)
        for name in group:
            inner = f"{path}/{name}".lstrip("/")
            if (not path and name in NOT_WEIGHTS) or type(group.get(name, getlink=True)) is not h5py.HardLink:
                continue
            if len(datasets) >= MOST_TENSORS or len(seen) + len(waiting) >= MOST_GROUPS:
                raise Unreadable(
                    f"The file has more than {MOST_TENSORS:,} arrays or {MOST_GROUPS:,} groups; that is too much to be read."
                )
            one = group[name]
            if isinstance(one, h5py.Group):
                waiting.append((inner, one))
            elif isinstance(one, h5py.Dataset) and _is_weights(h5py, one):
                datasets[inner] = one
    return datasets


def _describe(h5py: Any, path: str, group: Any, found: Hdf5) -> None:
    """The texts and lists of names of a group, those that Keras writes."""
    for name, most in TEXTS.items():
        text = _text(h5py, group, name, most) if not path or name != CONFIG else ""
        if text:
            found.texts[path, name] = text
    if NAMES in group.attrs:
        identity = group.attrs.get_id(NAMES)
        kind = h5py.check_string_dtype(identity.dtype)
        # Names of one length only: each of another kind could be the same long text.
        if kind and kind.length and len(identity.shape) == 1 and identity.get_storage_size() <= MOST_NAMES:
            found.lists[path, NAMES] = [one.decode("utf-8", "replace") for one in group.attrs[NAMES]]


def _text(h5py: Any, holder: Any, name: str, most: int) -> str:
    """A text on a group or a dataset; empty where there is none of that name. Raises Unreadable for one that is too long.

    How long one is that says so itself is known only once it is read: one too many, and no further is.
    """
    if name not in holder.attrs:
        return ""
    identity = holder.attrs.get_id(name)
    if identity.shape != () or h5py.check_string_dtype(identity.dtype) is None:
        return ""
    size = identity.get_storage_size()
    value = holder.attrs[name] if size <= most else b""
    if max(size, len(value)) > most:
        raise Unreadable(
            f"What the file says in its {quoted(name)} has {max(size, len(value)):,} bytes; at most {most:,} are read."
        )
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_weights(h5py: Any, dataset: Any) -> bool:
    """Whether it holds numbers in floating point, bfloat16 as Keras writes it included; an optimizer's counters are none."""
    return dataset.dtype.kind == "f" or _is_bfloat16(h5py, dataset)


def _is_bfloat16(h5py: Any, dataset: Any) -> bool:
    return bool(dataset.dtype == np.uint16) and _text(h5py, dataset, "dtype", MOST_NAME) == "bfloat16"


def _claimed(dataset: Any) -> tuple[int, ...]:
    """The shape that will be in memory: a chunk may be larger than the array that it is of."""
    shape, chunks = dataset.shape or (), dataset.chunks or ()
    return max(tuple(shape), tuple(chunks), key=lambda sizes: int(np.prod([int(size) for size in sizes], dtype=object)))


def _numbers(path: str, dataset: Any, found: Hdf5) -> Array:
    if dataset.is_virtual or dataset.external:
        raise Unreadable(
            f"{quoted(path)} lies in another file, which is not opened. Save the network with its weights in one file."
        )
    if dataset.id.get_create_plist().get_nfilters():
        raise Unreadable(
            f"{quoted(path)} is compressed, which Keras itself does not do. Save the network without compression."
        )
    array: Array = np.asarray(dataset[()])
    if array.dtype == np.uint16:  # bfloat16: the upper half of a float32
        found.narrow.add("bfloat16")
        return (array.astype(np.uint32) << 16).view(np.float32)
    if array.dtype.itemsize < 4:
        found.narrow.add(array.dtype.name)
    return array if array.dtype == np.float64 else array.astype(np.float32)
