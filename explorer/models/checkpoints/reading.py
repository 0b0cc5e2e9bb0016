"""Read a weight file, with the format detected from its bytes."""

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
    """Return the contents of a file. Raise Unreadable if it cannot be read, FileNotFoundError if it does not exist."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise Unreadable(foreign.folder(path))
    check_bytes(path.stat().st_size)
    return read_bytes(path.read_bytes())


def read_bytes(data: bytes) -> Contents:
    """Return the contents of a file's bytes. Raise Unreadable if they cannot be read."""
    check_bytes(len(data))
    if not data:
        raise Unreadable("The file is empty.")
    try:
        return _contents(data)
    finally:
        if len(data) > MEGABYTE:
            give_back()


def _contents(data: bytes) -> Contents:
    if message := foreign.mistaken(data):
        raise Unreadable(message)
    for one in formats():
        if one.holds(data):
            contents = one.read(data)
            break
    else:
        raise Unreadable(f"{foreign.looks(data)} {UNDERSTOOD}.")
    if not contents.recurrent:
        raise Unreadable(f"There is no recurrent layer in this {contents.format} file. {UNDERSTOOD}.")
    for layers in contents.recurrent:
        check_size(layers)
    return replace(contents, recurrent=_with_unique_names(contents.recurrent))


def _with_unique_names(groups: tuple[Recurrent, ...]) -> tuple[Recurrent, ...]:
    """Append a number to repeated names, since layers are chosen by name."""
    counts: Counter[str] = Counter()
    renamed = []
    for one in groups:
        counts[one.where] += 1
        count = counts[one.where]
        renamed.append(one if count == 1 else replace(one, where=f"{one.where} ({count})".strip()))
    return tuple(renamed)
