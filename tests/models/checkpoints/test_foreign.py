"""Files of formats that are not read: each is called what it is, and the refusal says what to give instead."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.models.checkpoints import Unreadable, read, read_bytes
from tests.models.checkpoints.graphs import layers
from tests.models.checkpoints.helper import network, saved, zipped
from tests.models.checkpoints.test_onnx_broken import framed


def saved_model() -> bytes:
    """A SavedModel message: its version, then a MetaGraphDef with tags, a graph of one node, and the signatures."""
    node = framed(1, framed(1, b"dense/kernel") + framed(2, b"VarHandleOp"))
    meta = framed(1, framed(4, b"serve") + framed(5, b"2.15.0"))
    return b"\x08\x01" + framed(2, meta + framed(2, node) + framed(5, framed(1, b"serving_default")))


def frozen() -> bytes:
    """A GraphDef: nodes with name and operation."""
    return framed(1, framed(1, b"input") + framed(2, b"Placeholder")) + framed(1, framed(1, b"w") + framed(2, b"Const"))


def core_ml(kind: int) -> bytes:
    """Core ML's Model message: specification version 4, a description with an input, and the network in a field of its kind."""
    return b"\x08\x04" + framed(2, framed(1, framed(1, b"x"))) + framed(kind, framed(1, framed(1, b"lstm")))


def tar(names: tuple[str, ...], mode: str = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as packed:  # type: ignore[call-overload]
        for name in names:
            packed.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


def joblib() -> bytes:
    """As joblib.dump writes an array: a pickle that names its wrapper, with the numbers amid the opcodes."""
    return (
        b"\x80\x04\x95\xa0\x00\x00\x00\x00\x00\x00\x00\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93"
        + bytes(64)
    )


def flax() -> bytes:
    """{"params": {"lstm": {"kernel": array}}} in msgpack, with the array as Flax's extension type 1."""
    array = b"\xc7\x20\x01" + b"\x93\x91\x02\xa7float32\xc4\x08" + bytes(12)
    return b"\x81\xa6params\x81\xa4lstm\x81\xa6kernel" + array


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "SavedModel": (saved_model, "a TensorFlow SavedModel.*as .keras or .h5"),
    "SavedModel in a zip": (
        lambda: zipped({"m/saved_model.pb": saved_model(), "m/variables/variables.index": b""}),
        "zip archive of a TensorFlow SavedModel",
    ),
    "frozen graph": (frozen, "a TensorFlow graph.*as .keras or .h5"),
    "TensorFlow checkpoint": (lambda: bytes(64) + bytes.fromhex("57fb808b247547db"), "part of a TensorFlow checkpoint"),
    "TensorFlow Lite": (lambda: b"\x1c\x00\x00\x00TFL3" + bytes(64), "a TensorFlow Lite model"),
    "Core ML network": (lambda: core_ml(500), "a Core ML model.*converted from"),
    "Core ML classifier": (lambda: core_ml(403), "a Core ML model"),
    "Core ML program": (lambda: core_ml(502), "a Core ML model"),
    "Core ML package": (
        lambda: zipped({"m.mlpackage/Data/com.apple.CoreML/model.mlmodel": core_ml(502), "m.mlpackage/Manifest.json": b"{}"}),
        "zip archive of a Core ML model",
    ),
    "Flax": (flax, "a file of Flax parameters"),
    "joblib": (joblib, "a pickle by joblib.*numpy.savez"),
    "joblib, compressed": (lambda: zlib.compress(joblib()), "compressed with zlib, as joblib does"),
    "joblib, in gzip": (lambda: gzip.compress(joblib()), "a pickle, compressed with gzip"),
    "NumPy's pickle": (lambda: pickle.dumps({"W": np.ones((3, 4))}), "a Python pickle.*numpy.savez"),
    "PyTorch of 2016": (
        lambda: tar(("sys_info", "pickle", "tensors", "storages")),
        r"by PyTorch before 0.2.*weights_only=False.*save model.state_dict\(\) again",
    ),
    "tar": (lambda: tar(("m/config.json", "m/weights.th")), "a tar archive: unpack it and take “m/weights.th”"),
    "tar without weights": (lambda: tar(("a.txt",)), "unpack it and take the file of weights that is in it"),
    "tar in gzip": (lambda: tar(("weights.th",), "w:gz"), "a tar archive, compressed with gzip"),
    "gzip": (lambda: gzip.compress(bytes(64)), "compressed with gzip: unpack it first"),
    "zip of a checkpoint": (lambda: zipped({"m/best.pt": saved({})}), "a zip archive: unpack it and take “m/best.pt”"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_foreign_file_is_called_what_it_is(kind: str) -> None:
    """And not ONNX, nor a damaged PyTorch file."""
    make, said = FILES[kind]
    with pytest.raises(Unreadable, match=said) as refused:
        read_bytes(make())
    assert "damaged" not in str(refused.value) and "is an ONNX" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [layers("LSTM", 2).bytes(), saved(dict(network().state_dict()))], ids=["ONNX", "PyTorch"]
)
def test_what_is_ours_is_read(data: bytes) -> None:
    assert read_bytes(data).recurrent


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("saved_model.pb", "a TensorFlow SavedModel"),
        ("Data/com.apple.CoreML/model.mlmodel", "a Core ML model"),
        ("sub/weights.safetensors", "a folder, not a file: give “sub/weights.safetensors”"),
        ("README.md", "a folder, not a file: give the file of weights that is in it"),
    ],
)
def test_a_folder_is_called_what_it_is(file: str, said: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(b"x")
    with pytest.raises(Unreadable, match=said):
        read(tmp_path)
