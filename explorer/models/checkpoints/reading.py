"""A file of weights, read by the format that its bytes are of."""

from __future__ import annotations

from pathlib import Path

from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import formats
from explorer.models.checkpoints.limits import check_bytes, check_size

UNDERSTOOD = (
    "PyTorch state dicts (.pt, .pth), safetensors, Keras (.keras, .h5), ONNX and NumPy (.npz) are understood, "
    "with an LSTM, a GRU or a plain RNN in them"
)


def read(path: str | Path) -> Contents:
    """What the file holds. Raises Unreadable for one that cannot be read, FileNotFoundError where there is none."""
    path = Path(path)
    check_bytes(path.stat().st_size)
    return read_bytes(path.read_bytes())


def read_bytes(data: bytes) -> Contents:
    """What the bytes of a file hold. Raises Unreadable for those that cannot be read."""
    check_bytes(len(data))
    if not data:
        raise Unreadable("The file is empty.")
    for one in formats():
        if one.holds(data):
            contents = one.read(data)
            break
    else:
        raise Unreadable(f"{_looks(data)} {UNDERSTOOD}.")
    if not contents.recurrent:
        raise Unreadable(f"There is no recurrent layer in this {contents.format} file. {UNDERSTOOD}.")
    for found in contents.recurrent:
        check_size(found)
    return contents


def _looks(data: bytes) -> str:
    """What a file that is none of ours seems to be."""
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html")):
        return "This is a web page, not a file of weights: perhaps the page about a download was saved and not the download."
    if head.startswith(b"version https://git-lfs"):
        return "This is a pointer to a file in Git LFS, not the file: fetch it with `git lfs pull`."
    if head.startswith(b"gguf"):
        return "This is a GGUF file, of a transformer."
    return "The file is of no format that is known here."
