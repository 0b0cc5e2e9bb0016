"""PyTorch's files: the zip archive, and the row of pickles that was written before it. Neither is given to pickle or to torch.load."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from explorer.models.checkpoints import naming, nested
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.pickled import Damaged, Pickle, Thing
from explorer.models.checkpoints.views import TENSORS, Bytes, Store, Strange, View, store, tensors
from explorer.models.checkpoints.wording import listed, quoted
from explorer.models.checkpoints.zipped import Archive, names_in

PICKLE = "data.pkl"
MAGIC = 0x1950A86A20F9469CFC6C
"""What the row of pickles begins with, itself pickled."""
CALLS: Mapping[str, Callable[..., Any]] = {
    **TENSORS,
    "collections.OrderedDict": dict,
    "collections.defaultdict": lambda *_: {},
    "collections.Counter": lambda counts=None: {} if counts is None else counts,
    "torch.Size": lambda sizes: sizes,
    **{
        f"{module}.{name}": lambda items=(): items
        for module in ("builtins", "__builtin__")
        for name in ("set", "frozenset")
    },
}
CODE = frozenset(
    "os posix nt subprocess sys builtins __builtin__ runpy importlib socket shutil ctypes pty webbrowser".split()
)
"""Modules whose functions are no part of a checkpoint. Nothing is called in any case; these are named."""
HARMLESS = frozenset(
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in "set frozenset complex bytearray bytes object dict list tuple int long float str unicode bool slice range type".split()
)

Stored = Callable[[Store], Bytes]


def holds(data: bytes) -> bool:
    """Whether it is a zip archive with a pickle in its folder, or begins as a pickle does."""
    return _is_pickle(data) or any(name.rpartition("/")[2] == PICKLE for name in names_in(data))


def read(data: bytes) -> Contents:
    """Raises Unreadable for a file that is damaged or holds something else than tensors of a recurrent network."""
    try:
        root, named, stored = _row_of_pickles(data) if _is_pickle(data) else _archive(data)
    except Damaged as error:
        raise Unreadable(f"The PyTorch file is damaged or cut short: {error}. Fetch or save it again.") from error
    _check_code(named)
    path, claims = nested.weights(root, (View, Strange), naming.is_recurrent)
    if not claims:
        raise Unreadable(_nothing(root))
    what = f"PyTorch checkpoint (a state dict under {quoted('.'.join(path))})" if path else "PyTorch state dict"
    return naming.contents(what, tensors(claims, stored), nested.vocabularies(root))


def _is_pickle(data: bytes) -> bool:
    return data[:1] == b"\x80" and 2 <= (data[1:2] or b"\0")[0] <= 5


def _archive(data: bytes) -> tuple[Any, list[str], Stored]:
    archive = Archive(data)
    name = next(name for name in archive.names if name.rpartition("/")[2] == PICKLE)
    folder = name.removesuffix(PICKLE)
    if f"{folder}constants.pkl" in archive.names or any(other.startswith(f"{folder}code/") for other in archive.names):
        raise Unreadable(
            "This is a TorchScript program, which holds code beside the weights. Load it where you trust it and save "
            "model.state_dict() with torch.save instead."
        )
    if f"{folder}byteorder" in archive.names and archive.read(f"{folder}byteorder") != b"little":
        raise Unreadable("The file was written on a machine of another byte order; save it again on a usual one.")
    pickle = Pickle(CALLS, store)
    root = pickle.read(io.BytesIO(archive.read(name)))
    entries = set(archive.names)

    def stored(wanted: Store) -> bytes:
        entry = f"{folder}data/{wanted.key}"
        if entry not in entries or archive.size(entry) < wanted.bytes:
            raise Unreadable(
                f"The numbers of the storage {quoted(wanted.key)} are not all in the file. Fetch or save it again."
            )
        return archive.read(entry)

    return root, list(pickle.named), stored


def _row_of_pickles(data: bytes) -> tuple[Any, list[str], Stored]:
    """A magic number, a version, the system; the object; the storages' keys; then the numbers of each, their count before them."""
    stream, stores = io.BytesIO(data), dict[str, Store]()

    def stored(mark: Any) -> Any:
        if isinstance(mark, tuple) and mark[:1] == ("module",):
            return mark[1] if len(mark) > 1 else None  # a class and its source, of a whole object
        found = store(mark)
        if len(mark) > 5 and mark[5] is not None:
            raise Unreadable("This was written by a PyTorch before 0.4; load it there and save it with a newer one.")
        return stores.setdefault(found.key, found)

    if Pickle({}, stored).read(stream) != MAGIC:
        return _bare(data)
    for _ in ("version", "system"):
        Pickle({}, stored).read(stream)
    pickle = Pickle(CALLS, stored)
    root = pickle.read(stream)
    _check_code(list(pickle.named))
    keys = Pickle({}, stored).read(stream)
    places = _places(keys, stores, stream, len(data))
    numbers = memoryview(data)
    return root, list(pickle.named), lambda wanted: numbers[places[wanted.key] : places[wanted.key] + wanted.bytes]


def _places(keys: Any, stores: Mapping[str, Store], stream: BinaryIO, size: int) -> dict[str, int]:
    """Where each store's numbers begin. Raises Damaged where they are not all there."""
    places: dict[str, int] = {}
    for key in keys if isinstance(keys, list) else ():
        count = int.from_bytes(stream.read(8), "little", signed=True)
        if not isinstance(key, str) or key not in stores or count != stores[key].count:
            raise Damaged("its list of storages does not fit its tensors")
        places[key] = stream.tell()
        end = places[key] + stores[key].bytes
        if end > size:
            raise Damaged("it ends amid the numbers")
        stream.seek(end)
    if missing := stores.keys() - places.keys():
        raise Damaged(f"the numbers of {len(missing)} storages are missing")
    return places


def _bare(data: bytes) -> tuple[Any, list[str], Stored]:
    """A pickle that torch.save has not written. It is looked through for code, and refused."""
    pickle = Pickle({}, lambda _: None)
    pickle.read(io.BytesIO(data))
    _check_code(list(pickle.named))
    if any(name.startswith("numpy.") for name in pickle.named):
        raise Unreadable(
            "This is a Python pickle of NumPy arrays, which could run code, so it is not read: load it where you trust it, and save the "
            "weights by their names with numpy.savez."
        )
    raise Unreadable(
        "This is a Python pickle that torch.save has not written. Save model.state_dict() with torch.save, or as safetensors."
    )


def _check_code(named: list[str]) -> None:
    for name in named:
        if name.partition(".")[0] in CODE and name not in HARMLESS:
            raise Unreadable(
                f"The file holds a call to {quoted(name)}, which has no place among weights; nothing of it was run. "
                "Do not open it with torch.load either unless you know who wrote it."
            )


def _nothing(root: Any) -> str:
    """Why there are no weights to be had."""
    if isinstance(root, dict) and "param_groups" in root:
        return "The file holds an optimizer's state and no weights. Save model.state_dict()."
    names = nested.names(root, (View, Strange))
    if names:
        return naming.no_recurrent(names)
    whole = root if isinstance(root, Thing) else None
    if whole is None and isinstance(root, dict):
        whole = next((value for value in root.values() if isinstance(value, Thing)), None)
    if whole is not None:
        return (
            f"The model was saved as a whole object, of the class {quoted(whole.of)}, whose code would have to be run to read it. "
            "Save model.state_dict() instead."
        )
    if isinstance(root, dict) and not root:
        return "The file holds an empty dict: no weights were saved."
    if isinstance(root, View):
        return "The file holds a single tensor without a name. Save model.state_dict()."
    keys = [key for key in root if isinstance(key, str)] if isinstance(root, dict) else []
    found = f"a dict with {listed(keys)}" if keys else "a list" if isinstance(root, list) else "a single value"
    return f"The file holds no tensors by name, but {found}. Save model.state_dict()."


FORMAT = Format("PyTorch", (".pt", ".pth", ".ckpt", ".bin", ".tar"), holds, read)
