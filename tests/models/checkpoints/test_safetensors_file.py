"""Safetensors: what is in them comes back in the file's order; a header that lies is refused before it is believed."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save
from torch import nn

from explorer.models.checkpoints import Unreadable, read, read_bytes
from explorer.models.zoo import FOLDER
from tests.models.checkpoints.helper import network


def test_what_is_in_them_comes_back() -> None:
    state = network(nn.GRU, layers=2, both=True).state_dict()
    contents = read_bytes(save(dict(state), {"chars": "abcdefg", "note": "{broken"}))
    (found,) = contents.recurrent
    assert (contents.format, found.where, found.cell) == ("safetensors", "rnn", "gru")
    for name, weight in found.weights.items():
        assert torch.equal(weight, state[f"rnn.{name}"])
    assert contents.vocabulary == tuple("abcdefg")


def test_a_vocabulary_as_json_in_the_metadata() -> None:
    texts = {"stoi": json.dumps({symbol: k for k, symbol in enumerate("abcdefg")})}
    assert read_bytes(save(dict(network().state_dict()), texts)).vocabulary == tuple("abcdefg")


@pytest.mark.parametrize(
    ("name", "cell"), [("english-lstm", "lstm"), ("english-lstm-peephole", "lstm-peephole"), ("copy-gru", "gru")]
)
def test_shipped_weights(name: str, cell: str) -> None:
    contents = read(FOLDER / f"{name}.safetensors")
    assert contents.recurrent[0].cell == cell
    assert (list(contents.tables), list(contents.linears)) == (["embedding"], ["readout"])


def test_half_numbers() -> None:
    for dtype in (torch.float16, torch.bfloat16):
        (found,) = read_bytes(save(dict(network().to(dtype).state_dict()))).recurrent
        assert {weight.dtype for weight in found.weights.values()} == {torch.float32}
        assert len(found.notes) == 1


def written(header: object, numbers: int = 16, length: int | None = None) -> bytes:
    """A file with such a header, or such a text for one."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(numbers)


def one(**entry: object) -> dict[str, object]:
    return {"weight_ih_l0": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | entry}


DAMAGED = "its header does not fit the numbers behind it"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (written(one(), length=10**9), "its header alone claims 1,000,000,000 bytes"),
        (written("{" + " " * (9 * 2**20) + "}"), "has 9 MB; at most 8 MB are read"),
        (written(one(data_offsets=[0, 400])), DAMAGED),
        (written(one(data_offsets=[8, 24])), DAMAGED),
        (written(one() | {"weight_hh_l0": one()["weight_ih_l0"]}), DAMAGED),
        (written(one(shape=[2, 3])), DAMAGED),
        (written(one(dtype="F33")), DAMAGED),
        (written(one(data_offsets=None)), DAMAGED),
        (written(one(shape=[2**62, 2**62])), "at most 100 MB are read"),
        (written(one(shape=[-2, -2])), "claims a shape that no tensor has"),
        (written(one(shape=[10**4000, 2])), "claims a shape that no tensor has"),
        (written(one(shape=[2.0, 2])), "has no valid entry for “weight_ih_l0”"),
        (written({"weight_ih_l0": 7}), "has no valid entry for “weight_ih_l0”"),
        (written(json.dumps(one())[:-1] + ", " + json.dumps(one())[1:]), "two tensors called “weight_ih_l0”"),
        (written("{not json}"), "cannot be read; the file is damaged"),
        (written("{" + '"a":{' * 100_000), "cannot be read; the file is damaged"),
        (written({str(k): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for k in range(5000)}, 0), "5,000 tensors; at most 4,096"),
        (written({}, 0), "There are no tensors in the file"),
    ],
)  # fmt: skip
def test_a_header_that_lies(data: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_bytes(data)
