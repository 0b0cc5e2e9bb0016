"""Vocabularies of other people's networks, and ids that have no names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.models.vocabulary import Ids, reader_of
from explorer.models.vocabulary.symbols import OwnCharacters, OwnWords
from tests.helpers import FEW

CHARACTERS = reader_of(["<pad>", "<unk>", "a", "b", " ", "\n"])
CLOSED = reader_of("ab ")
WORDS = reader_of(["<pad>", "<UNK>", "the", "whale", "don't", ".", "<eos>"])


def test_characters_where_each_symbol_is_one_but_for_marks() -> None:
    assert CHARACTERS.kind == "characters"
    encoded = CHARACTERS.encode("ab z\r\n")
    assert encoded.values.tolist() == [2, 3, 4, 1, 5]
    assert encoded.tokens == ("a", "b", " ", "z", "\n")
    assert encoded.notices == ("Unknown to this network: z. It reads each of them as “<unk>”.",)
    assert CHARACTERS.encode("ab").notices == ()
    assert CHARACTERS.unknown == 1


def test_without_a_symbol_for_the_unknown_the_text_is_refused() -> None:
    """It would have to be dropped in silence, or read as something else."""
    assert CLOSED.unknown is None
    assert CLOSED.encode("ba").values.tolist() == [1, 0]
    with pytest.raises(ValueError, match="vocabulary of 3 characters has no x, y, and no symbol for what is unknown"):
        CLOSED.encode("abxyx")


def test_words_marks_and_special_symbols() -> None:
    """A word is looked up in lower case where the vocabulary has no other; a symbol between blanks is one token as it stands."""
    encoded = WORDS.encode("The whale. <eos> don't Ahab")
    assert encoded.tokens == ("The", "whale", ".", "<eos>", "don't", "Ahab")
    assert encoded.values.tolist() == [2, 3, 5, 6, 4, 1]
    assert WORDS.joined(["the", "whale", "."]) == "the whale."
    assert "".join(WORDS.pieces("The  whale. <eos>")) == "The  whale. <eos>"
    assert WORDS.pieces(" ") == []


def test_case_counts_where_the_vocabulary_has_capitals() -> None:
    assert reader_of(["the", "Whale", "<unk>"]).encode("the whale Whale").values.tolist() == [0, 2, 1]


def test_a_symbol_that_stands_there_twice_has_the_first_id() -> None:
    twice = reader_of(["a", "b", "a"])
    assert twice.encode("aba").values.tolist() == [0, 1, 0]
    assert twice.id_of("a") == 0
    with pytest.raises(ValueError, match="'c' is not among the 3 symbols"):
        twice.id_of("c")


def test_ids() -> None:
    reader = Ids(12)
    assert reader.encode("0, 11 3;7\n").values.tolist() == [0, 11, 3, 7]
    assert reader.encode("0, 11 3;7\n").tokens == ("0", "11", "3", "7")
    assert reader.labels[:3] == ("0", "1", "2") and len(reader) == 12
    assert reader.encode("  ").tokens == ()


@pytest.mark.parametrize("typed", ["12", "-1", "1.5", "a", "٣", "9" * 5000])
def test_what_is_no_id_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no id; this network reads whole numbers from 0 to 11") as refused:
        Ids(12).encode(f"1 {typed}")
    assert len(str(refused.value)) < 150


@FEW
@given(st.text(alphabet="ab <>.unk\n"), st.sampled_from([CHARACTERS, WORDS]))
def test_one_token_a_piece(text: str, reader: OwnCharacters | OwnWords) -> None:
    """Cut as it is read, whatever stands in it."""
    encoded = reader.encode(text)
    assert len(encoded.tokens) == len(encoded.values) == len(reader.pieces(text))


@FEW
@given(st.lists(st.integers(0, 11)))
def test_ids_written_are_ids_read(ids: list[int]) -> None:
    reader = Ids(12)
    assert reader.encode(reader.joined(list(map(str, ids)))).values.tolist() == ids
