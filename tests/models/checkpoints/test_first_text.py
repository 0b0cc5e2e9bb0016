"""The first text of an uploaded model: all of it is known, and it is read as the tokens that it was made of."""

from __future__ import annotations

import pytest

from explorer.models.checkpoints.first_text import FEW, WAVE, beginning
from explorer.models.vocabulary import Ids, Numbers, Reader, reader_of

WORDS = ["<pad>", "<unk>", "the", "story", "is", "dull", "but", "acting", "wonderful"]


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (reader_of(WORDS), "The story is dull but the acting is wonderful"),
        (reader_of([*WORDS, ",", "."]), "The story is dull, but the acting is wonderful."),
        (reader_of([*"abcdefghijklmnopqrstuvwxyz .,", "<unk>"]), "the story is dull, but the acting is wonderful."),
        (reader_of([*"abcdefghijklmnopqrstuvwxyz ."]), "the story is dull but the acting is wonderful."),
        (reader_of(["<pad>", *"CcNO()=1", "Cl", "Br", "[nH]"]), "CcNO()=1ClBr"),
        (reader_of(["[UNK]", "play", "##ing"]), "playing"),
        (reader_of(["<unk>", "▁sea", "▁wh", "ale", "▁"]), " sea whale"),
        (reader_of(["c", "h", "ch", "x"]), "c h ch x"),
        (reader_of(["New York", "Rome", "Paris"]), "Rome Paris"),
        (Ids(3), "0 1 2"),
    ],
)
def test_it_is_made_of_what_the_vocabulary_has(reader: Reader, text: str) -> None:
    first = beginning(reader)
    assert first.strip() == text.strip()
    encoded = reader.encode(first)
    assert reader.unknown is None or reader.unknown not in encoded.values
    assert not [notice for notice in encoded.notices if "nknown" in notice]


def test_of_many_ids_a_few() -> None:
    assert len(Ids(50_000).encode(beginning(Ids(50_000))).tokens) == FEW


def test_waves_of_numbers() -> None:
    reader = Numbers(("a", "b"))
    assert reader.encode(beginning(reader)).values.shape == (WAVE, 2)


@pytest.mark.parametrize("symbols", [["<unk>"], ["<a>", "<b>"], [" ", "\n"], [""]])
def test_there_is_one_whatever_the_vocabulary(symbols: list[str]) -> None:
    assert isinstance(beginning(reader_of(symbols)), str)
