"""A vocabulary in all the forms in which people have one."""

from __future__ import annotations

import json

import pytest

from explorer.models.checkpoints import Unreadable, vocabulary
from explorer.models.checkpoints.limits import MOST_SYMBOLS


@pytest.mark.parametrize(
    "given",
    [
        '["a", "b", " "]',
        '{"a": 0, "b": 1, " ": 2}',
        '{"0": "a", "1": "b", "2": " "}',
        '{"version": 1, "model": {"type": "char", "vocab": {"b": 1, "a": 0, " ": 2}}}',
        "a\nb\n \n",
        "a\r\nb\r\n ",
        "ab ",
        "\ufeffab ",
    ],
)
def test_the_same_in_every_form(given: str) -> None:
    assert vocabulary(given) == ("a", "b", " ")


def test_what_is_needed_decides_where_a_text_could_be_two_things() -> None:
    """Characters of which one is the line end, or a symbol a line."""
    assert vocabulary("ab\ncd", wanted=5) == ("a", "b", "\n", "c", "d")
    assert vocabulary("ab\ncd", wanted=2) == ("ab", "cd")
    assert vocabulary("abc\n", wanted=4) == ("a", "b", "c", "\n")
    assert vocabulary("abc\n", wanted=3) == ("a", "b", "c")


def test_ids_that_a_table_leaves_out_have_a_name() -> None:
    assert vocabulary('{"b": 2, "a": 0}') == ("a", "<1>", "b")


@pytest.mark.parametrize(
    "given", ["", "{}", "[]", '{"a": -1}', '{"a": 1.5}', '{"a": 900000}', "[1, 2]", '{"a": true, "b": false}']
)
def test_what_is_none_is_said(given: str) -> None:
    with pytest.raises(Unreadable, match="There is no vocabulary in this; give a JSON list"):
        vocabulary(given)


def test_too_many_symbols() -> None:
    with pytest.raises(Unreadable, match="The vocabulary has 100,001 symbols; at most 100,000"):
        vocabulary(json.dumps([str(k) for k in range(MOST_SYMBOLS + 1)]))


def test_a_hostile_depth() -> None:
    """Too deep for the parser: read as what it looks like, characters."""
    assert set(vocabulary("[" * 100_000)) == {"["}
