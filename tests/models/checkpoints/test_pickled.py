"""Pickles are read and not obeyed: plain data comes back as it was, and everything else is no more than a name."""

from __future__ import annotations

import collections
import io
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.models.checkpoints.pickled import LARGEST_KEY, Damaged, Pickle, Thing
from tests.helpers import FEW

KEYS = st.text(max_size=5) | st.integers(-100, 100) | st.none()
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def back(data: bytes, **calls: Any) -> Any:
    return Pickle(calls, lambda mark: mark).read(io.BytesIO(data))


OLD_BYTES = {"__builtin__.bytes": bytes, "_codecs.encode": lambda text, code: text.encode(code)}
"""How bytes were written before there was an opcode for them."""


@FEW
@given(value=PLAIN, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_comes_back(value: Any, protocol: int) -> None:
    assert back(pickle.dumps(value, protocol), **OLD_BYTES) == value


class Person:
    """Of whom nothing is known but the name and what was written down."""

    def __init__(self) -> None:
        self.name = "Ada"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_object_is_a_name_with_a_state(protocol: int) -> None:
    found = back(pickle.dumps(Person(), protocol))
    assert isinstance(found, Thing)
    assert found.of == f"{Person.__module__}.Person"
    assert found.state == {"name": "Ada"}


def test_what_is_named_is_listed_and_not_imported() -> None:
    reader = Pickle({}, lambda mark: mark)
    reader.read(io.BytesIO(pickle.dumps([Person(), collections.Counter("aab")])))
    assert list(reader.named) == [f"{Person.__module__}.Person", "collections.Counter"]
    missing = b"\x80\x02cno_such_module\nno_such_function\n)R."
    assert isinstance(back(missing), Thing)


def test_what_is_no_function_is_not_called() -> None:
    for called in (b"}", b"N", b"K\x01", b"]"):
        with pytest.raises(Damaged, match="calls something that is not a function"):
            back(b"\x80\x02" + called + b")R.")


def test_the_stream_is_left_behind_the_end() -> None:
    stream = io.BytesIO(pickle.dumps(1) + pickle.dumps([2]) + b"rest")
    reader = Pickle({}, lambda mark: mark)
    assert (reader.read(stream), reader.read(stream), stream.read()) == (1, [2], b"rest")


def test_keys_that_could_be_chosen_to_collide_are_kept_apart() -> None:
    found = back(pickle.dumps({LARGEST_KEY * 2**k: k for k in range(20)} | {(1, 2): "pair", 1.5: "half", 7: "small"}))
    assert sorted(map(str, found.values())) == sorted([*map(str, range(20)), "half", "pair", "small"])
    assert [key for key in found if isinstance(key, (int, float, tuple))] == [7]


def test_what_is_called_gets_what_was_pickled() -> None:
    data = pickle.dumps(collections.Counter("aab"), 2)
    assert back(data, **{"collections.Counter": lambda counts: {"counted": counts}}) == {"counted": {"a": 2, "b": 1}}
    with pytest.raises(Damaged, match=r"calls collections\.Counter in another way"):
        back(data, **{"collections.Counter": lambda one, two: {}})
