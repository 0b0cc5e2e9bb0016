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
        '\ufeff["a", "b", " "]',
        "\ufeffa\nb\n ",
        b'\xef\xbb\xbf["a", "b", " "]',
        '["a", "b", " "]'.encode("utf-16"),
        "a\nb\n ".encode("utf-16-le"),
        "a\t90\nb\t17\n \t3\n",
        "symbol\tcount\na\t90\nb\t17\n \t3\n",
        "b\t1\na\t0\n \t2\n",
        "1\tb\n0\ta\n2\t \n",
        "a -1.5\nb -2.5\n  -9",
        '[["a", 90], ["b", 17], [" ", 3]]',
        '[[1, "b"], [0, "a"], [2, " "]]',
    ],
)
def test_the_same_in_every_form(given: str | bytes) -> None:
    assert vocabulary(given) == ("a", "b", " ")


def test_what_is_needed_decides_where_a_text_could_be_two_things() -> None:
    """Characters of which one is the line end, or a symbol a line."""
    assert vocabulary("ab\ncd", wanted=5) == ("a", "b", "\n", "c", "d")
    assert vocabulary("ab\ncd", wanted=2) == ("ab", "cd")
    assert vocabulary("abc\n", wanted=4) == ("a", "b", "c", "\n")
    assert vocabulary("abc\n", wanted=3) == ("a", "b", "c")
    assert vocabulary("depth, speed", wanted=2) == vocabulary("depth speed\n", wanted=2) == ("depth", "speed")
    assert vocabulary("Apollo 11\nApollo 13", wanted=2) == ("Apollo 11", "Apollo 13")
    assert vocabulary("a\t1\nb\t2", wanted=2) == ("a", "b")
    assert vocabulary("a\t1\nb\t2", wanted=7) == tuple("a\t1\nb\t2")


def test_ids_that_a_table_leaves_out_have_a_name() -> None:
    assert vocabulary('{"b": 2, "a": 0}') == ("a", "<1>", "b")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{}",
        "[]",
        '{"a": -1}',
        '{"a": 1.5}',
        '{"a": 900000}',
        "[1, 2]",
        '{"a": true, "b": false}',
        '{"a": 3, "b": 5, "c": 3}',
        "[[1, 2], [3, 4]]",
    ],
)
def test_what_is_none_is_said(given: str) -> None:
    with pytest.raises(Unreadable, match="There is no vocabulary in this; give a JSON list"):
        vocabulary(given)


def test_ids_that_several_symbols_share() -> None:
    """As of a vocabulary that reads both cases alike; the last one names the id."""
    assert vocabulary('{"A": 0, "a": 0, "B": 1, "b": 1}') == ("a", "b")


def test_a_file_that_is_no_text() -> None:
    with pytest.raises(
        Unreadable, match="The vocabulary file is no text: it has bytes that no text has; give a JSON list"
    ):
        vocabulary(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def test_too_many_symbols() -> None:
    with pytest.raises(Unreadable, match="The vocabulary has 100,001 symbols; at most 100,000"):
        vocabulary(json.dumps([str(k) for k in range(MOST_SYMBOLS + 1)]))


def test_a_hostile_depth() -> None:
    """Too deep for the parser: read as what it looks like, characters."""
    assert set(vocabulary("[" * 100_000)) == {"["}
