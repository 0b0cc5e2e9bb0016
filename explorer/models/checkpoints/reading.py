"""A file of weights, read by the format that its bytes are of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from explorer.models.checkpoints import foreign
from explorer.models.checkpoints.contents import Contents, Recurrent, Unreadable
from explorer.models.checkpoints.formats import formats
from explorer.models.checkpoints.limits import MEGABYTE, check_bytes, check_size
from explorer.models.checkpoints.memory import give_back

UNDERSTOOD = (
    "PyTorch state dicts (.pt, .pth), safetensors, Keras (.keras, .h5), ONNX, NumPy (.npz) and JSON state dicts are understood, "
    "with an LSTM, a GRU or a plain RNN in them"
)


def read(path: str | Path) -> Contents:
    """What the file holds. Raises Unreadable for one that cannot be read, FileNotFoundError where there is none."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise Unreadable(foreign.folder(path))
    check_bytes(path.stat().st_size)
    return read_bytes(path.read_bytes())


def read_bytes(data: bytes) -> Contents:
    """What the bytes of a file hold. Raises Unreadable for those that cannot be read."""
    check_bytes(len(data))
    if not data:
        raise Unreadable("The file is empty.")
    try:
        return _contents(data)
    finally:
        if len(data) > MEGABYTE:
            give_back()


def _contents(data: bytes) -> Contents:
    if said := foreign.mistaken(data):
        raise Unreadable(said)
    for one in formats():
        if one.holds(data):
            contents = one.read(data)
            break
    else:
        raise Unreadable(f"{foreign.looks(data)} {UNDERSTOOD}.")
    if not contents.recurrent:
        raise Unreadable(f"There is no recurrent layer in this {contents.format} file. {UNDERSTOOD}.")
    for found in contents.recurrent:
        check_size(found)
    return replace(contents, recurrent=_told_apart(contents.recurrent))


def _told_apart(found: tuple[Recurrent, ...]) -> tuple[Recurrent, ...]:
    """With a number behind a name that another has had: they are chosen by their names."""
    met: Counter[str] = Counter()
    apart = []
    for one in found:
        met[one.where] += 1
        count = met[one.where]
        apart.append(one if count == 1 else replace(one, where=f"{one.where} ({count})".strip()))
    return tuple(apart)
