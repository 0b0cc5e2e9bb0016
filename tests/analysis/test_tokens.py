"""Tokens that can be seen."""

from __future__ import annotations

import unicodedata

import pytest

from explorer.analysis.tokens import short, visible


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
        ("it's", "it's"),
        ("2010", "2010"),
        ("1,000", "1,000"),
        ("a1", "a1"),
        ("-", "-"),
        ("0", "0"),
    ],
    ids=ascii,
)
def test_visible(token: str, shown: str) -> None:
    assert visible(token) == shown


@pytest.mark.parametrize(
    "token", ["x" * 25, "x" * 100_000, "1" * 100_000, "👍" * 30], ids=["25", "word", "digits", "emoji"]
)
def test_a_long_token_is_cut(token: str) -> None:
    """It would draw over what stands beside it."""
    assert visible(token) == token[:23] + "…"


def test_a_token_with_room_is_not_cut() -> None:
    assert visible("x" * 24) == "x" * 24


def test_every_character_shows() -> None:
    """Nothing blank, nothing that turns the direction of the line, nothing that joins the token before it."""
    for token in map(chr, range(0x10000)):
        shown = visible(token)
        assert unicodedata.category(shown[0])[0] != "M", ascii(token)
        assert not [c for c in shown if unicodedata.category(c)[0] in "CZ"], ascii(token)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("0.52", ".52"),
        ("10.25", "10.25"),
        ("10.25 1", "10.25•"),
        ("0.50", ".50"),
        ("123456", "123456"),
        ("1234.56", "1234.56"),
        ("-273.15", "−273.15"),
        ("+2.5", "2.5"),
        (".5 0", ".5"),
        ("-.75 1", "−.75•"),
        ("0.523456789 0", ".523457"),
        ("0.523456789 1", ".523457•"),
        ("-0.5 0 -1", "−.5•"),
        ("-1.25 1 1", "−1.25••"),
        ("12.3456", "12.3456"),
        ("12345678.9", "1.23457×10⁷"),
        ("1e-05 1", "1×10⁻⁵•"),
        ("0.000012345", ".000012345"),
        ("75e-2", ".75"),
        ("0 1", "0•"),
        ("0.0 0", ".0"),
        ("0.5 0.0", ".5"),
        ("007 0", "7"),
        ("0.52 " + " ".join(["0.25"] * 6), ".52••••••"),
        ("0.52 " + " ".join(["0.25"] * 256), ".52••••••…"),
    ],
)
def test_a_row_of_numbers_is_shortened(row: str, shown: str) -> None:
    """The first with the digits that were typed, six of them at most, a dot for each other that is not 0."""
    assert visible(row) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0.0, ".00"), (0.999, "1.00"), (-0.07, "−.07"), (3.0, "3"), (-12.34, "−12.3"), (100.0, "100")]
)
def test_a_number_for_a_narrow_place(number: float, shown: str) -> None:
    assert short(number) == shown
