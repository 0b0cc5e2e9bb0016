"""A file of weights, read by the format that its bytes are of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from explorer.models.checkpoints.contents import Contents, Recurrent, Unreadable
from explorer.models.checkpoints.formats import formats
from explorer.models.checkpoints.limits import MEGABYTE, check_bytes, check_size
from explorer.models.checkpoints.memory import give_back
from explorer.models.checkpoints.zipped import Archive

UNDERSTOOD = (
    "PyTorch state dicts (.pt, .pth), safetensors, Keras (.keras, .h5), ONNX, NumPy (.npz) and JSON state dicts are read, "
    "with an LSTM, a GRU or a plain RNN in them"
)

WEB_PAGE = (
    "This is a web page, not a file of weights: perhaps the page about a download was saved and not the download."
)
PICTURE = "This is a picture."


def read(path: str | Path) -> Contents:
    """What the file holds. Raises Unreadable for one that cannot be read, FileNotFoundError where there is none."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise Unreadable("This is a folder, not a file: give the file of weights that is in it.")
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


def _looks(data: bytes) -> str:
    """What a file that is none of ours seems to be."""
    head = data[:512].lstrip().lower()
    for beginning, sentence in LOOKS.items():
        if head.startswith(beginning):
            return sentence
    if data[257:262] == b"ustar":
        return "This is a tar archive: unpack it and take the file of weights."
    if data.startswith(b"PK"):
        Archive(data)  # says what is wrong with one that breaks off
        return "This is a zip archive without a network in it."
    return "The file is of no format that is known here."


LOOKS = {
    b"<!doctype": WEB_PAGE,
    b"<html": WEB_PAGE,
    b"version https://git-lfs": "This is a pointer to a file in Git LFS, not the file: fetch it with “git lfs pull”.",
    b"gguf": "This is a GGUF file, of a transformer.",
    b"\x89png": PICTURE,
    b"\xff\xd8\xff": PICTURE,
    b"gif8": PICTURE,
    b"\x1f\x8b": "This is compressed with gzip: unpack it first.",
    b"\x93numpy": "This is a single NumPy array: save all weights by their names, with numpy.savez.",
}
"""What files begin with that are dropped here by mistake; letters are small."""
