"""Whatever happens to the bytes of a file on its way: it is read, or it is said that it cannot be; nothing else is raised."""

from __future__ import annotations

import io
import itertools
import json
import pickletools
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from explorer.models.checkpoints import Contents, Unreadable, read_bytes
from tests.helpers import FEW
from tests.models.checkpoints.helper import legacy, network, saved, zipped
from tests.models.checkpoints.hostile import numbers_of, pickle_of

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
"""Python's own reader of pickles says that of the name of a class with a backslash in it."""
FORMATS = ("zip", "pickles", "protocol 4", "safetensors", "npz", "json")


@cache
def file(form: str) -> bytes:
    """A small network with a vocabulary, in that format."""
    state = network(nn.GRU).state_dict()
    given = {"model": state, "chars": list("abcdefg")}
    if form == "safetensors":
        return save(dict(state), {"chars": "abcdefg"})
    if form == "json":
        return json.dumps(given, default=lambda tensor: tensor.tolist()).encode()
    if form == "npz":
        stream = io.BytesIO()
        np.savez(stream, chars=np.array(list("abcdefg")), **{name: weight.numpy() for name, weight in state.items()})
        return stream.getvalue()
    return {"zip": saved, "pickles": legacy, "protocol 4": lambda given: saved(given, pickle_protocol=4)}[form](given)


def read_or_refuse(data: bytes) -> None:
    result: Contents | str
    try:
        result = read_bytes(data)
    except Unreadable as refusal:
        result = str(refusal)
    if isinstance(result, str):
        assert 0 < len(result) <= 400
        assert result.isprintable()
    else:
        assert result.recurrent


@pytest.mark.parametrize("form", FORMATS)
@FEW
@given(data=st.data())
def test_cut_short(form: str, data: st.DataObject) -> None:
    whole = file(form)
    read_or_refuse(whole[: data.draw(st.integers(0, len(whole)))])


@pytest.mark.parametrize("form", FORMATS)
@FEW
@given(data=st.data())
def test_other_bytes(form: str, data: st.DataObject) -> None:
    """One to eight of them, more often near the ends, where the formats keep what they are."""
    changed = bytearray(file(form))
    near_an_end = st.one_of(st.integers(0, 400), st.integers(-800, -1), st.integers(0, len(changed) - 1))
    for place, byte in data.draw(st.lists(st.tuples(near_an_end, st.integers(0, 255)), min_size=1, max_size=8)):
        changed[place] = byte
    read_or_refuse(bytes(changed))


@cache
def opcodes() -> list[bytes]:
    """The pickle in the zip archive, an opcode a piece."""
    whole = pickle_of(file("zip"))
    places = [place for _, _, place in pickletools.genops(whole)]
    return [whole[start:end] for start, end in itertools.pairwise([*places, len(whole)])]


def test_the_opcodes_make_the_file_again() -> None:
    assert read_bytes(zipped({"a/data.pkl": b"".join(opcodes()), **numbers_of(file("zip"))})).recurrent


@FEW
@given(data=st.data())
def test_other_opcodes(data: st.DataObject) -> None:
    """A few are left out, exchanged, or put where others were: the pickle is whole, but makes no sense."""
    changed = list(opcodes())
    short = st.sampled_from(
        [bytes([code]) for code in b"()}]tRbQsueaN02d1l"] + [b"\x85", b"\x81", b"\x93", b"K\x07", b"h\x00"]
    )
    for _ in range(data.draw(st.integers(1, 4))):
        place, other = (data.draw(st.integers(1, len(changed) - 1)) for _ in range(2))
        changed[place] = data.draw(st.one_of(short, st.just(b""), st.just(changed[other])))
    read_or_refuse(zipped({"a/data.pkl": b"".join(changed), **numbers_of(file("zip"))}))


@pytest.mark.parametrize("form", FORMATS)
@FEW
@given(data=st.data())
def test_a_piece_put_elsewhere(form: str, data: st.DataObject) -> None:
    whole = file(form)
    start, end, to = (data.draw(st.integers(0, len(whole))) for _ in range(3))
    read_or_refuse(whole[:to] + whole[min(start, end) : max(start, end)] + whole[to:])
