"""Kinds of token, and what the gates do for each: against a plain loop over steps and units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.analysis import kinds
from explorer.signals import Trace
from tests.analysis.made import made
from tests.helpers import FEW, network

CHARACTERS = st.characters(exclude_categories=[])
VALENCE = {"good": 1.9, "dull": -1.7, "so": 0.4, "the": -0.1, "not": -2.0}


@pytest.mark.parametrize(
    ("tokens", "kind"),
    [
        ("aéßש漢", "letter"),
        ("AÉ", "capital"),
        ("09", "digit"),
        (" \t\N{NO-BREAK SPACE}\r", "space"),
        ("\n", "line end"),
        ('"“”', "quote"),
        ("()[]{}", "bracket"),
        (".,;!?-—'+$<", "punctuation"),
        ("😀", "punctuation"),  # a symbol to Unicode
        ("\N{COMBINING ACUTE ACCENT}\0", "other"),
    ],
)
def test_of_character(tokens: str, kind: str) -> None:
    assert {kinds.of_character(token) for token in tokens} == {kind}


@FEW
@given(CHARACTERS)
def test_every_character_has_a_kind(token: str) -> None:
    assert kinds.of_character(token) in kinds.CHARACTERS


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("good", "praise"),
        ("Good", "praise"),
        ("dull", "blame"),
        ("not", "blame"),  # what the lexicon rates strongly is no mere stop word
        ("so", "stop word"),  # rated, but hardly
        ("THE", "stop word"),
        ("it's", "stop word"),
        ("film", "other word"),
        ("élan", "other word"),
        ("2010", "number"),
        ("3.5", "number"),
        ("!", "mark"),
        ("(", "mark"),
    ],
)
def test_of_word(word: str, kind: str) -> None:
    assert kinds.of_word(VALENCE)(word) == kind


@FEW
@given(st.text(CHARACTERS, min_size=1))
def test_every_word_has_a_kind(word: str) -> None:
    assert kinds.of_word(VALENCE)(word) in kinds.WORDS


@pytest.mark.parametrize(
    ("row", "kind"),
    [("0.5", "plain"), ("0.5 0", "plain"), ("0.5 1", "marked"), ("0 0 0.0", "plain"), ("1 0 -1", "marked")],
)
def test_of_row(row: str, kind: str) -> None:
    assert kinds.of_row(row) == kind


def test_few_symbols_are_kinds_of_their_own() -> None:
    kind = kinds.of_symbol(("a", "("))
    assert [kind(token) for token in "a(A)"] == ["a", "(", "unknown", "unknown"]
    assert [kinds.of_symbol(("good",), lower=True)(word) for word in ("Good", "bad")] == ["good", "unknown"]
    assert kinds.few_symbols("abc") and kinds.few_symbols("a" * 12) and not kinds.few_symbols("a" * 13)


def counted(traces: list[Trace], kind_of: Callable[[str], str], row: int) -> dict[tuple[str, str], tuple[float, int]]:
    """(quantity, kind) -> mean and number of tokens, by a loop over every number."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    tokens: dict[str, int] = defaultdict(int)
    for trace in traces:
        written = trace.belt and trace.belt.written({s.name: trace[s.name] for s in trace.per_unit()})
        for step, token in enumerate(trace.tokens):
            tokens[kind_of(token)] += 1
            for unit in range(trace.units):
                for gate in trace.of_kind("gate"):
                    sums[gate.name, kind_of(token)] += float(trace[gate.name][row, step, unit])
                if written is not None:
                    sums["written", kind_of(token)] += abs(float(written[row, step, unit]))
    units = traces[0].units
    return {(name, kind): (total / tokens[kind] / units, tokens[kind]) for (name, kind), total in sums.items()}


def as_dict(table: pd.DataFrame) -> dict[tuple[str, str], tuple[float, int]]:
    return {(row.quantity, row.kind): (row.mean, row.tokens) for row in table.itertuples()}


@pytest.mark.parametrize("row", [0, 1, -1])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_census_is_a_loop_over_every_number(cell: str, row: int) -> None:
    """Of several texts of different length, token by token alike; an Elman network has neither gate nor belt."""
    model = network((cell, {}), (2, False))
    traces = [explorer.trace(model, text) for text in ("ab ba", "e", "aa  bcde dce")]
    table = kinds.census(traces, kinds.of_character, row)
    expected = counted(traces, kinds.of_character, row)
    found = as_dict(table)
    assert set(found) == set(expected)
    for key, (mean, tokens) in expected.items():
        assert found[key] == (pytest.approx(mean, rel=1e-9), tokens)
    if cell == "rnn":
        assert table.empty and list(table.columns) == ["quantity", "kind", "mean", "tokens"]


def test_the_size_of_a_write_has_no_sign() -> None:
    """Two writes that cancel are two writes all the same."""
    trace = made(i=np.ones((2, 1)), g=np.array([[0.5], [-0.5]]), f=np.zeros((2, 1)))
    found = as_dict(kinds.census([trace], kinds.of_character))
    assert found["written", "letter"] == (0.5, 2)
    assert found["i", "letter"] == (1.0, 2) and found["f", "letter"] == (0.0, 2)


def test_kinds_stand_in_the_order_of_their_list() -> None:
    """The same for every quantity; what is in no list follows by the alphabet."""
    trace = replace(made(f=np.full((5, 2), 0.5)), tokens=tuple('. "aA'))
    table = kinds.census([trace], kinds.of_character)
    for _, part in table.groupby("quantity"):
        assert list(part["kind"]) == ["letter", "capital", "space", "quote", "punctuation"]
    symbols = kinds.census([replace(trace, tokens=tuple("b(a)#"))], kinds.of_symbol("()ab"))
    assert list(dict.fromkeys(symbols["kind"])) == ["(", ")", "a", "b", "unknown"]


def test_gates_come_before_what_is_written() -> None:
    table = kinds.census([explorer.trace(network(("lstm", {})), "ab")], kinds.of_character)
    assert list(dict.fromkeys(table["quantity"])) == ["i", "f", "o", "written"]


@FEW
@given(st.text(st.sampled_from('abB1 \n".(\N{COMBINING ACUTE ACCENT}'), min_size=1, max_size=40), st.integers(0, 10**6))
def test_the_means_weigh_back_to_the_mean(text: str, seed: int) -> None:
    values = np.random.default_rng(seed).random((len(text), 3))
    table = kinds.census([replace(made(f=values), tokens=tuple(text))], kinds.of_character)
    table = table[table["quantity"] == "f"]
    assert table["tokens"].sum() == len(text)
    weighted = (table["mean"] * table["tokens"]).sum() / len(text)
    np.testing.assert_allclose(weighted, values.mean(), rtol=1e-12)  # some hundred float64 numbers of one sign


def test_no_text_is_no_row() -> None:
    assert kinds.census([], kinds.of_character).empty
