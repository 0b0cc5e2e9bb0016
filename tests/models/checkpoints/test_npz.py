"""NumPy's archives: arrays come back under their names, objects stay where they are, headers that lie are refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from explorer.models.checkpoints import Unreadable, read_bytes
from tests.models.checkpoints.helper import Entry, network, zipped


def written(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def weights(**options: Any) -> dict[str, Any]:
    return {name: weight.numpy() for name, weight in network(**options).state_dict().items()}


def test_what_is_in_them_comes_back() -> None:
    given = weights(layers=2, both=True)
    contents = read_bytes(written(**given, vocab=np.array(list("abcdefg"))))
    (found,) = contents.recurrent
    assert (contents.format, found.where, found.rows) == ("NumPy .npz", "rnn", 4)
    for name, weight in found.weights.items():
        np.testing.assert_array_equal(weight.numpy(), given[f"rnn.{name}"])
    assert contents.vocabulary == tuple("abcdefg")


def test_order_and_byte_order_and_compression() -> None:
    given = weights()
    stream = io.BytesIO()
    np.savez_compressed(stream, **{name: np.asfortranarray(array.astype(">f8")) for name, array in given.items()})
    (found,) = read_bytes(stream.getvalue()).recurrent
    assert found.weights["weight_hh"].dtype == torch.float64
    np.testing.assert_array_equal(found.weights["weight_hh"].numpy(), given["rnn.weight_hh_l0"])


def test_what_is_read_is_its_own() -> None:
    (found,) = read_bytes(written(**weights())).recurrent
    found.weights["weight_hh"].zero_()  # would warn, or fail, on numbers that cannot be written to


def array(header: str, numbers: int = 16) -> bytes:
    """An entry with a header of one's own making."""
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(numbers)


def header(shape: str, descr: str = "'<f4'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


class Opened:
    """Would leave a trace if it were unpickled."""

    times = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return (Opened.open, ())

    @staticmethod
    def open() -> int:
        Opened.times += 1
        return 0


def test_objects_are_not_unpickled() -> None:
    with pytest.raises(Unreadable, match="“a” holds Python objects, which could run code"):
        read_bytes(written(a=np.array([Opened()], dtype=object), **weights()))
    assert Opened.times == 0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (array(header("(2, 2)"), 8), "claims 4 numbers, but the file has 8 bytes"),
        (array(header("(1000000000,)")), "at most 100 MB are read"),
        (array(header(f"({2**62}, {2**62})")), "at most 100 MB are read"),
        (array(header("(-2, -2)")), "claims a shape that no tensor has"),
        (array(header("(2, 2)", "[('a', '<f4')]")), "holds no plain numbers"),
        (array(header("(1000000,)", "'<U0'"), 0), "holds no plain numbers"),
        (array(header(f"(0, {2**62}, {2**62})"), 0), "of shape \\[0\\]|has no “weight_hh_l0”"),
        (array(header("(2, 2)", "'<M8[s]'")), "holds no plain numbers"),
        (array("{'descr': __import__('os').getcwd()}"), "its header cannot be read"),
        (array("{" + "(" * 100), "its header cannot be read"),
        (b"\x93NUMPY\x09\x00", "its header cannot be read"),
        (b"no array", "its header cannot be read"),
        (b"", "its header cannot be read"),
        (Entry(array(header("(2, 2)")) + bytes(1000), packed=True, claims=100), "its header cannot be read|breaks off"),
    ],
)
def test_an_array_that_lies(entry: bytes | Entry, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_bytes(zipped({"weight_ih_l0.npy": entry}))


@pytest.mark.parametrize("kind", ["i1", "?", "c8"])
def test_numbers_that_are_no_weights(kind: str) -> None:
    with pytest.raises(Unreadable, match="as float32"):
        read_bytes(written(**{name: given.astype(kind) for name, given in weights().items()}))
