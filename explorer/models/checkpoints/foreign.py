"""Messages for unsupported files: what the file is, and what to upload instead. Only the first bytes are inspected or unpacked."""

from __future__ import annotations

import io
import itertools
import re
import tarfile
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.protobuf import BYTES, VARINT, Field, fields_of
from explorer.models.checkpoints.wording import quoted
from explorer.models.checkpoints.zipped import Archive

WEB_PAGE = (
    "This is a web page, not a file of weights: perhaps the page about a download was saved and not the download."
)
PICTURE = "This is a picture."
SAVED_MODEL = "a TensorFlow SavedModel, which is not supported: load it with TensorFlow or Keras and save the Keras model as .keras or .h5."
CORE_ML = "a Core ML model, which is not supported: give the PyTorch, Keras or ONNX file that it was converted from."
TF_LITE = "This is a TensorFlow Lite model, which is not supported: give the Keras model that it was converted from, as .keras or .h5."
TF_CHECKPOINT = "This is part of a TensorFlow checkpoint, which is not supported: load the model with Keras and save it as .keras or .h5."
FROZEN = (
    "This is a TensorFlow graph, which is not supported: give the Keras model that it was made from, as .keras or .h5."
)
JOBLIB = (
    "This is a pickle by joblib, which could run code, so it is not read: load it where you trust it, and save the weights by their "
    "names with numpy.savez."
)
OLD_TORCH = (
    "This was written by PyTorch before 0.2, as a tar archive of pickles: load it with torch.load(file, weights_only=False) where you "
    "trust it, and save model.state_dict() again."
)
OLD_TORCH_MEMBERS = {"pickle", "tensors", "storages"}
LOOKS = {
    b"<!doctype": WEB_PAGE,
    b"<html": WEB_PAGE,
    b"version https://git-lfs": "This is a pointer to a file in Git LFS, not the file: fetch it with “git lfs pull”.",
    b"gguf": "This is a GGUF file, of a transformer.",
    b"\x89png": PICTURE,
    b"\xff\xd8\xff": PICTURE,
    b"gif8": PICTURE,
    b"\x93numpy": "This is a single NumPy array: save all weights by their names, with numpy.savez.",
    b"bzh": "This is compressed with bzip2: unpack it first.",
    b"\xfd7zxz": "This is compressed with xz: unpack it first.",
    b"\x28\xb5\x2f\xfd": "This is compressed with Zstandard: unpack it first.",
    b"7z\xbc\xaf": "This is a 7z archive: unpack it and take the file of weights.",
    b"rar!": "This is a RAR archive: unpack it and take the file of weights.",
}
"""Leading bytes of files that are uploaded by mistake, in lower case."""
ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".th", ".safetensors", ".keras", ".h5", ".hdf5", ".onnx", ".npz")
"""Extensions of possible weight files in an archive or folder."""
TABLE_END = bytes.fromhex("57fb808b247547db")
"""Trailing bytes of a TensorFlow checkpoint index."""
HEAD, MOST_MEMBERS, MOST_FIELDS = 4096, 200, 200
PICKLE = re.compile(rb"\x80[\x02-\x05]")
CORE_ML_MODELS = 200
"""Field number from which the fields of Core ML's Model are model kinds; ONNX and SavedModel have none so high."""


def mistaken(data: bytes) -> str:
    """Return the message for an unsupported file that resembles a supported format; empty for any other file."""
    if data[4:8] == b"TFL3":
        return TF_LITE
    if data[:1] == b"\x08" and (message := _protobuf(data)):
        return message
    if PICKLE.match(data) and b"joblib.numpy_pickle" in data[:HEAD]:
        return JOBLIB
    return ""


def looks(data: bytes) -> str:
    """Return the message for a file that matches no supported format."""
    head = data[:512].lstrip().lower()
    for beginning, sentence in LOOKS.items():
        if head.startswith(beginning):
            return sentence
    if data.startswith(b"\x1f\x8b"):
        return _gzip(data)
    if data[257:262] == b"ustar" or _names_in_tar(data):
        return _tar(data)
    if data.startswith(b"PK"):
        return _zip(Archive(data).names)  # Archive reports truncated files
    if data[:2] in (b"x\x01", b"x\x9c", b"x\xda"):
        return "This is compressed with zlib, as joblib does: load it where you trust it, and save the weights with numpy.savez."
    if data[-8:] == TABLE_END:
        return TF_CHECKPOINT
    if data[:1] == b"\x0a" and _is_graph(data):
        return FROZEN
    return "The format of the file is not supported."


def folder(path: Path) -> str:
    """Return the message for a folder uploaded instead of a file."""
    names = sorted(one.relative_to(path).as_posix() for one in itertools.islice(path.glob("**/*"), MOST_MEMBERS))
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in names):
        return f"This is {SAVED_MODEL}"
    if _is_core_ml(names) or path.suffix == ".mlpackage":
        return f"This is {CORE_ML}"
    return f"This is a folder, not a file: give {_weights_in(names)}."


def _protobuf(data: bytes) -> str:
    """Return the message for a protobuf that begins with a version: SavedModel or Core ML; empty for ONNX."""
    fields = _fields(data, 0, len(data))
    if any(one.number >= CORE_ML_MODELS and one.wire == BYTES for one in fields):
        return f"This is {CORE_ML}"
    if {(one.number, one.wire) for one in fields} == {(1, VARINT), (2, BYTES)}:
        graph = next(one for one in fields if one.number == 2)
        inside = {one.number for one in _fields(data, graph.start, graph.end)}
        if {1, 2} <= inside <= set(range(1, 8)):  # a MetaGraphDef; ONNX has its producer name there
            return f"This is {SAVED_MODEL}"
    return ""


def _is_graph(data: bytes) -> bool:
    """Return whether the bytes are a GraphDef: a list of nodes, each with a name and an operation."""
    fields = _fields(data, 0, len(data))
    if not fields or fields[0].number != 1 or fields[0].wire != BYTES:
        return False
    parts = _fields(data, fields[0].start, fields[0].end)
    texts = [data[one.start : one.end] for one in parts if one.number in (1, 2) and one.wire == BYTES]
    return len(texts) >= 2 and all(re.fullmatch(rb"[A-Za-z][\w./-]{0,200}", text) for text in texts)


def _fields(data: bytes, start: int, end: int) -> list[Field]:
    """Return the first fields of a protobuf message; empty if the bytes are not one."""
    try:
        return list(itertools.islice(fields_of(data, start, end), MOST_FIELDS))
    except Unreadable:
        return []


def _gzip(data: bytes) -> str:
    try:
        inside = zlib.decompressobj(wbits=31).decompress(data, HEAD)
    except zlib.error:
        inside = b""
    if inside[257:262] == b"ustar":
        return "This is a tar archive, compressed with gzip: unpack it and take the file of weights."
    if PICKLE.match(inside):
        return (
            "This is a pickle, compressed with gzip. Where it is PyTorch's, unpack it first; where it is joblib's, load it where you "
            "trust it and save the weights with numpy.savez."
        )
    return "This is compressed with gzip: unpack it first."


def _names_in_tar(data: bytes) -> list[str]:
    """Return the first member names of a tar archive; empty if the bytes are not one."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return [member.name for member in itertools.islice(archive, MOST_MEMBERS)]
    except (tarfile.TarError, ValueError, OverflowError):
        return []


def _tar(data: bytes) -> str:
    names = _names_in_tar(data)
    if {name.removeprefix("./") for name in names} >= OLD_TORCH_MEMBERS:
        return OLD_TORCH
    return f"This is a tar archive: unpack it and take {_weights_in(names)}."


def _zip(names: Sequence[str]) -> str:
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in names):
        return f"This is a zip archive of {SAVED_MODEL}"
    if _is_core_ml(names):
        return f"This is a zip archive of {CORE_ML}"
    member = _named_like_weights(names)
    return (
        f"This is a zip archive: unpack it and take {quoted(member)}."
        if member
        else "This is a zip archive without a network in it."
    )


def _is_core_ml(names: Collection[str]) -> bool:
    return any(name.endswith(".mlmodel") or "com.apple.CoreML/" in name for name in names)


def _named_like_weights(names: Collection[str]) -> str:
    return next((name for name in names if name.lower().endswith(ENDINGS)), "")


def _weights_in(names: Collection[str]) -> str:
    member = _named_like_weights(names)
    return quoted(member) if member else "the file of weights that is in it"
