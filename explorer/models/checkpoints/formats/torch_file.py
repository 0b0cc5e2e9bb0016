"""PyTorch files: zip archives, and the older series of pickles. Neither is passed to pickle or torch.load."""

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
PROGRAM = "models/model.json"
"""Entry that torch.export.save writes instead of a pickle."""
OLDEST_PICKLES = (b"(dp", b"(lp", b"ccollections\n", b"ccopy_reg\n", b"c__builtin__\n", b"cnumpy")
"""Leading bytes of pickles from Python 2 or with protocol 0."""
FOREIGN = {
    "jax": "JAX arrays, as Flax and Haiku have them",
    "flax": "Flax parameters",
    "haiku": "Haiku parameters",
    "tensorflow": "TensorFlow objects",
    "keras": "a Keras model",
    "sklearn": "a scikit-learn model",
    "joblib": "objects that joblib has written",
    "pandas": "pandas tables",
    "numpy": "NumPy arrays",
}
"""Contents of a foreign pickle, by the packages named in it; the first match decides."""
NEXT_STEPS = {
    "jax": "Write each weight under PyTorch's name (weight_ih_l0, [rows of all gates, input]) with numpy.savez",
    "tensorflow": "Save the model as a .keras file",
    "keras": "Save the model as a .keras file",
    "numpy": "Save them by name with numpy.savez(file, **arrays)",
}
MAGIC = 0x1950A86A20F9469CFC6C
"""Magic number at the start of the older format, itself a pickle."""
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
"""Modules whose functions never belong in a checkpoint. Nothing is called in any case; these are reported."""
HARMLESS = frozenset(
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in "set frozenset complex bytearray bytes object dict list tuple int long float str unicode bool slice range type".split()
)

Stored = Callable[[Store], Bytes]


def holds(data: bytes) -> bool:
    """Return whether the data is a zip archive with a pickle or a program, or begins like a pickle."""
    if _is_pickle(data) or data.startswith(OLDEST_PICKLES):
        return True
    return any(name.rpartition("/")[2] == PICKLE or name.endswith(f"/{PROGRAM}") for name in names_in(data))


def read(data: bytes) -> Contents:
    """Read a PyTorch file. Raise Unreadable if it is damaged, or holds no tensors of a recurrent network."""
    try:
        if data.startswith(OLDEST_PICKLES):
            root, named, stored = _bare(data)
        else:
            root, named, stored = _row_of_pickles(data) if _is_pickle(data) else _archive(data)
    except Damaged as error:
        raise Unreadable(f"The PyTorch file is damaged or cut short: {error}. Fetch or save it again.") from error
    _check_code(named)
    path, claims = nested.weights(root, (View, Strange), naming.is_recurrent)
    if not claims:
        raise Unreadable(_foreign(named) or _nothing(root))
    what = f"PyTorch checkpoint (a state dict under {quoted('.'.join(path))})" if path else "PyTorch state dict"
    return naming.contents(what, tensors(claims, stored), nested.vocabularies(root), nested.labels(root))


def _is_pickle(data: bytes) -> bool:
    return data[:1] == b"\x80" and 2 <= (data[1:2] or b"\0")[0] <= 5


def _archive(data: bytes) -> tuple[Any, list[str], Stored]:
    archive = Archive(data)
    if any(name.endswith(f"/{PROGRAM}") for name in archive.names):
        raise Unreadable(
            "This is a program that torch.export has written, which holds code besides the weights. Where you trust it, run "
            "torch.save(torch.export.load(file).state_dict, 'weights.pt') and give that file."
        )
    name = next(name for name in archive.names if name.rpartition("/")[2] == PICKLE)
    folder = name.removesuffix(PICKLE)
    if f"{folder}constants.pkl" in archive.names or any(other.startswith(f"{folder}code/") for other in archive.names):
        raise Unreadable(
            "This is a TorchScript program, which holds code besides the weights. Where you trust it, run "
            "torch.save(torch.jit.load(file).state_dict(), 'weights.pt') and give that file."
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
    """Read the older format: magic number, version, system, the object, the storage keys, then each storage's count and numbers."""
    stream, stores = io.BytesIO(data), dict[str, Store]()

    def stored(mark: Any) -> Any:
        if isinstance(mark, tuple) and mark[:1] == ("module",):
            return mark[1] if len(mark) > 1 else None  # a class with its source, in a pickled module
        own = store(mark)
        if len(mark) > 5 and mark[5] is not None:
            raise Unreadable("This was written by a PyTorch before 0.4; load it there and save it with a newer one.")
        return stores.setdefault(own.key, own)

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
    """Return the offset of each store's numbers. Raise Damaged if any are missing."""
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
    """Refuse a pickle that torch.save did not write, after checking it for code."""
    pickle = Pickle({}, lambda _: None)
    pickle.read(io.BytesIO(data))
    named = list(pickle.named)
    _check_code(named)
    if any(name.startswith(("torch.", "torch._")) for name in named):
        raise Unreadable(
            "This is a Python pickle of PyTorch tensors that pickle.dump has written. Load it where you trust it and save the state dict "
            "with torch.save, or as safetensors."
        )
    raise Unreadable(
        _foreign(named)
        or "This is a Python pickle that torch.save has not written. Save model.state_dict() with torch.save, or as safetensors."
    )


def _foreign(named: list[str]) -> str:
    """Return the message for a pickle of a library other than PyTorch; empty if it names no library, or only NumPy scalars."""
    packages = {name.partition(".")[0] for name in named}
    if "torch" in packages or all(name.startswith("numpy") and name.endswith((".scalar", ".dtype")) for name in named):
        return ""
    packages |= {"jax"} if "jaxlib" in packages else set()
    package = next((package for package in FOREIGN if package in packages), None)
    if package is None:
        return ""
    step = NEXT_STEPS.get(
        "jax" if package in ("flax", "haiku") else package, "Save the weights by name with numpy.savez"
    )
    return f"This is a Python pickle of {FOREIGN[package]}, which could run code when it is read. {step}."


def _check_code(named: list[str]) -> None:
    for name in named:
        if name.partition(".")[0] in CODE and name not in HARMLESS:
            raise Unreadable(
                f"The file holds a call to {quoted(name)}, which has no place among weights; nothing of it was run. "
                "Do not open it with torch.load either unless you know who wrote it."
            )


def _nothing(root: Any) -> str:
    """Return the message for a PyTorch file without usable weights."""
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
    content = f"a dict with {listed(keys)}" if keys else "a list" if isinstance(root, list) else "a single value"
    return f"The file holds no tensors by name, but {content}. Save model.state_dict()."


FORMAT = Format("PyTorch", (".pt", ".pth", ".ckpt", ".bin", ".tar"), holds, read)
