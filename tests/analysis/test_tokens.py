"""Tokens that can be seen, and their kinds."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.tokens import KINDS, kind_of, means_by_kind, visible
from tests.helpers import FEW

CHARACTERS = st.characters(exclude_categories=[])


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("a", "a"),
        ("é", "é"),
        ("—", "—"),
        ("<", "<"),
        ("😀", "😀"),
        ("ש", "ש"),
        ("漢", "漢"),
        (" ", "·"),
        ("\n", "↵"),
        ("\t", "⇥"),
        ("\r", "␍"),
        ("\N{NO-BREAK SPACE}", "⍽"),
        ("\N{COMBINING ACUTE ACCENT}", "◌\N{COMBINING ACUTE ACCENT}"),
        (
            "\N{DEVANAGARI VOWEL SIGN AA}",
            "◌\N{DEVANAGARI VOWEL SIGN AA}",
        ),  # of combining class 0, and combining all the same
        ("\N{VARIATION SELECTOR-16}", "◌\N{VARIATION SELECTOR-16}"),
        ("\N{COMBINING ENCLOSING KEYCAP}", "◌\N{COMBINING ENCLOSING KEYCAP}"),
        ("\0", "␀"),
        ("\x1b", "␛"),
        ("\x7f", "␡"),
        ("\x85", "�"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}", "�"),
        ("\N{ZERO WIDTH SPACE}", "∅"),
        ("\N{ZERO WIDTH JOINER}", "∅"),
        ("\ud800", "�"),
        ("\N{EM SPACE}", "⍽"),
        ("\N{LINE SEPARATOR}", "⍽"),
        ("the", "the"),
    ],
    ids=ascii,
)
def test_visible(token: str, shown: str) -> None:
    assert visible(token) == shown


def test_every_character_shows() -> None:
    """Nothing blank, nothing that turns the direction of the line, nothing that joins the token before it."""
    for token in map(chr, range(0x10000)):
        shown = visible(token)
        assert unicodedata.category(shown[0])[0] != "M", ascii(token)
        assert not [c for c in shown if unicodedata.category(c)[0] in "CZ"], ascii(token)


@pytest.mark.parametrize(
    ("tokens", "kind"),
    [
        ("aéßש漢", "letter"),
        ("AÉ", "capital"),
        ("09", "digit"),
        (" \t\N{NO-BREAK SPACE}\r", "space"),
        ("\n", "line end"),
        ('"“”', "quote"),
        (".,;!?-—'(+$", "punctuation"),
        ("😀", "punctuation"),  # a symbol to Unicode
        ("\N{COMBINING ACUTE ACCENT}\0", "other"),
    ],
)
def test_kind(tokens: str, kind: str) -> None:
    assert {kind_of(token) for token in tokens} == {kind}


@FEW
@given(CHARACTERS)
def test_every_character_has_a_kind(token: str) -> None:
    assert kind_of(token) in KINDS


@FEW
@given(st.text(st.sampled_from('abB1 \n".\N{COMBINING ACUTE ACCENT}'), min_size=1, max_size=40), st.integers(0, 10**6))
def test_means_by_kind_weigh_back_to_the_mean(text: str, seed: int) -> None:
    values = np.random.default_rng(seed).random((len(text), 3))
    table = means_by_kind(values, tuple(text))
    assert list(table["kind"]) == [kind for kind in KINDS if any(kind_of(token) == kind for token in text)]
    assert table["tokens"].sum() == len(text)
    weighted = (table["mean"] * table["tokens"]).sum() / len(text)
    np.testing.assert_allclose(weighted, values.mean(), rtol=1e-12)  # some hundred float64 numbers of one sign


def test_means_by_kind_of_one_text() -> None:
    table = means_by_kind(np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 1.0]]), ("a", " ", "b"))
    assert table.to_dict("records") == [
        {"kind": "letter", "mean": 0.75, "tokens": 2},
        {"kind": "space", "mean": 0.5, "tokens": 1},
    ]
