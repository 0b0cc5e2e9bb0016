"""A file is read by the format that its bytes are of, whatever it is called; each format is one file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from explorer.models.checkpoints import Unreadable, read, read_bytes
from explorer.models.checkpoints.formats import formats
from tests.models.checkpoints.helper import legacy, network, saved, zipped

STATE = dict(network().state_dict())


def test_every_file_of_the_folder_is_a_format() -> None:
    names = [one.name for one in formats()]
    assert {"PyTorch", "safetensors", "NumPy .npz", "ONNX"} <= set(names)
    assert len(set(names)) == len(names)
    assert [one.first for one in formats()] == sorted(one.first for one in formats())
    assert all(ending.startswith(".") for one in formats() for ending in one.endings)


@pytest.mark.parametrize(
    ("data", "name"),
    [(saved(STATE), "PyTorch"), (legacy(STATE), "PyTorch"), (save(STATE), "safetensors"), (zipped({"a.npy": b""}), "NumPy .npz"),
     (b'\n{"a": []}', "JSON")],
    ids=["zip", "pickles", "safetensors", "npz", "json"],
)  # fmt: skip
def test_each_is_of_one_format_alone(data: bytes, name: str) -> None:
    assert [one.name for one in formats() if one.holds(data)] == [name]


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"PK", b"PK\x03\x04", b"{", bytes(9), b"\x89HDF\r\n\x1a\n", b"\x08", b"\xff" * 99]
)
def test_looking_at_bytes_never_fails(data: bytes) -> None:
    assert all(one.holds(data) in (True, False) for one in formats())


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(save(STATE))
    assert read(str(path)).format == "safetensors"


def test_what_is_understood_is_said() -> None:
    with pytest.raises(
        Unreadable,
        match=r"state dicts \(.pt, .pth\), safetensors, Keras .* ONNX, NumPy \(.npz\) and JSON state dicts are understood",
    ):
        read_bytes(b"hello")


def test_a_size_is_refused_before_the_rest() -> None:
    with pytest.raises(Unreadable, match="“rnn” has 8 units in 18 rows"):
        read_bytes(
            saved(
                {
                    f"rnn.{name}": weight
                    for name, weight in torch.nn.RNN(2, 8, 9, bidirectional=True).state_dict().items()
                }
            )
        )
