"""Characters or words in, ids out; what is changed or unknown is said."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.models.vocabulary import KINDS, READ_AS, UNKNOWN, Characters, Reader, Words, named, read_as
from tests.helpers import FEW

PLAIN = Characters(tuple("\n \"'.abc—"))


def test_ids() -> None:
    """Known characters count from 1, every other one is 0."""
    assert PLAIN.encode("abz").values.tolist() == [6, 7, 0]
    assert PLAIN.labels[0] == UNKNOWN
    assert [PLAIN.labels[i] for i in PLAIN.encode("cab\n").values] == ["c", "a", "b", "\n"]
    assert len(PLAIN) == len(PLAIN.labels) == 10
    assert PLAIN.id_of("a") == 6
    assert PLAIN.joined(PLAIN.pieces("ab c")) == "ab c"
    with pytest.raises(ValueError, match="'z' is not in this vocabulary of 9 characters"):
        PLAIN.id_of("z")


def test_of_a_text() -> None:
    """The characters that are frequent enough, in the order of their code points; curly quotes count as straight ones."""
    text = "b" * 20 + "a" * 30 + "z" * 19 + "“" * 12 + '"' * 8
    assert Characters.of(text).symbols == ('"', "a", "b")
    assert Characters.of(text, at_least=19).symbols == ('"', "a", "b", "z")


@FEW
@given(st.text())
def test_nothing_is_dropped(text: str) -> None:
    """All of the text stands in the pieces, one a token; a Windows line end is one. What is read is what was typed, or it is told."""
    encoded, pieces = PLAIN.encode(text), PLAIN.pieces(text)
    assert "".join(pieces) == text.replace("\r\n", "\n")
    assert len(encoded.values) == len(encoded.tokens) == len(pieces)
    assert encoded.values.dtype == np.int64
    told = any(notice.startswith(("Read as their plain form: ", "Typed as ")) for notice in encoded.notices)
    for token, index in zip(encoded.tokens, encoded.values, strict=True):
        assert PLAIN.labels[index] == token or told or not index
        assert index or read_as(token, READ_AS) not in PLAIN.symbols


def test_what_is_read_as_something_else_is_said() -> None:
    encoded = PLAIN.encode("“a”\tb")
    assert encoded.tokens == ("“", "a", "”", "\t", "b")
    assert [PLAIN.labels[i] for i in encoded.values] == ['"', "a", '"', " ", "b"]
    (notice,) = encoded.notices
    assert notice.startswith("Read as their plain form: ")
    for part in ('“ as "', '” as "', "tab as space"):
        assert part in notice


@pytest.mark.parametrize(
    ("typed", "ids", "notice"),
    [
        ("ab−", [6, 7, 9], "Read as their plain form: − as —."),
        ("a\u2009b", [6, 2, 7], "Read as their plain form: thin space as space."),
        ("‛a‚", [4, 6, 4], "Read as their plain form: ‛ as ', ‚ as '."),
        ("ａ", [6], "Read as their plain form: ａ as a."),
    ],
)
def test_typographic_characters_are_read_as_what_the_vocabulary_has(typed: str, ids: list[int], notice: str) -> None:
    encoded = PLAIN.encode(typed)
    assert (encoded.values.tolist(), encoded.notices) == (ids, (notice,))


def test_accents_apart_or_joined_are_one_text() -> None:
    """The reference is the composed text: the same ids, and then the same answer of a shipped network."""
    words, letters = Words(("a", "cliché", "touching")), Characters(tuple("aché"))
    for reader, text in ((words, "A touching cliché"), (letters, "aché")):
        apart, joined = (reader.encode(unicodedata.normalize(form, text)) for form in ("NFD", "NFC"))
        assert apart.values.tolist() == joined.values.tolist() and 0 not in joined.values
        assert len(apart.notices) == 1 and apart.notices[0].startswith(
            "Typed as letter and accent, read as one character: "
        )
    model, text = explorer.load("sentiment-lstm"), "A touching cliché."
    answers = [explorer.predict(model, unicodedata.normalize(form, text)) for form in ("NFC", "NFD")]
    np.testing.assert_array_equal(*answers)
    assert np.exp(answers[1][-1, 1]) == pytest.approx(0.589, abs=5e-4), "and not .422, as with the accent unknown"


def test_half_a_character_is_replaced() -> None:
    """A lone surrogate could not be sent, saved or printed."""
    for reader in (PLAIN, WORDS):
        encoded = reader.encode("\ud800")
        assert encoded.tokens == tuple(reader.pieces("\ud800")) == (UNKNOWN,)
        assert encoded.notices[0] == f"Half a character (a lone surrogate, U+D800) was replaced by {UNKNOWN}."


def test_what_is_unknown_is_said() -> None:
    """Each once, at most eight by name; another sentence where nothing at all is known."""
    assert PLAIN.encode("abc").notices == ()
    (notice,) = PLAIN.encode("azzyz").notices
    assert notice == "Unknown to this model: z, y. It reads each of them as one “unknown” token."
    (notice,) = PLAIN.encode("шалом").notices
    assert notice.startswith("This model knows none of these characters: ш, а, л, о, м.")
    (notice,) = PLAIN.encode("a0123456789").notices
    assert "0, 1, 2, 3, 4, 5, 6, 7 and 2 more" in notice


def test_every_stand_in_is_one_character() -> None:
    """Else tokens and ids would no longer go together."""
    assert all(len(one) == len(other) == 1 for one, other in READ_AS.items())
    assert not set(READ_AS) & set(READ_AS.values())


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", "a"),
        ("é", "é"),
        (" ", "space"),
        ("\n", "line end"),
        ("\u0301", "combining acute accent"),
        ("\u202e", "right-to-left override"),
        ("\0", "U+0000"),
    ],
)
def test_a_character_that_does_not_show_has_a_name(character: str, name: str) -> None:
    assert named(character) == name


WORDS = Words(("!", ",", ".", "3.5", "don't", "film", "good", "the"))
TYPED = st.text() | st.text("Good film, don’t “3.5”\t\n'-…", min_size=1)


def test_words() -> None:
    """Lower case, an apostrophe inside a word, a number with its point, each mark on its own; ids count from 1."""
    encoded = WORDS.encode("The FILM don’t  good 3.5.\n")
    assert encoded.tokens == ("The", "FILM", "don’t", "good", "3.5", ".")
    assert [WORDS.labels[i] for i in encoded.values] == ["the", "film", "don't", "good", "3.5", "."]
    assert (len(WORDS), WORDS.labels[0]) == (9, UNKNOWN)
    assert WORDS.id_of("Film") == WORDS.id_of("film") == 6
    with pytest.raises(ValueError, match="'boat' is not among the 8 words of this vocabulary"):
        WORDS.id_of("boat")


def test_words_of_texts() -> None:
    """Those that are frequent enough, whatever their case, in alphabetical order."""
    texts = ["Good film, good.", "the film, The boat,"]
    assert Words.of(texts).symbols == (",", "film", "good", "the")
    assert Words.of(texts, at_least=3).symbols == (",",)


@FEW
@given(TYPED)
def test_pieces_of_words_join_to_the_text(text: str) -> None:
    """One a token, which stands in it as it was typed; nothing but blanks is outside."""
    pieces, encoded = WORDS.pieces(text), WORDS.encode(text)
    assert len(pieces) == len(encoded.tokens)
    assert "".join(pieces) == (text if encoded.tokens else "")
    assert [piece.strip() for piece in pieces] == list(encoded.tokens)
    assert bool(encoded.tokens) == bool(text.strip())


@FEW
@given(TYPED)
def test_no_word_is_dropped(text: str) -> None:
    """An id a token; whatever is not in the vocabulary has id 0 and is spoken of, and so is a mark that is read as another."""
    encoded = WORDS.encode(text)
    assert encoded.values.shape == (len(encoded.tokens),)
    assert encoded.values.dtype == np.int64
    for token, index in zip(encoded.tokens, encoded.values, strict=True):
        plain = read_as(token, READ_AS).lower()
        if plain in WORDS.symbols:
            assert WORDS.labels[index] == plain
        elif index:
            assert WORDS.labels[index] in unicodedata.normalize("NFKC", token).lower().translate(
                str.maketrans("′ʼ‛", "'''")
            )
    unknown = [n for n in encoded.notices if n.endswith("It reads each of them as one “unknown” word.")]
    assert bool(unknown) == (0 in encoded.values)
    swapped = [n for n in encoded.notices if n.startswith("Read as their plain form: ")]
    known = [token for token, index in zip(encoded.tokens, encoded.values, strict=True) if index]
    assert bool(swapped) == any(token.lower() not in WORDS.symbols for token in known)


@FEW
@given(st.lists(st.sampled_from(WORDS.labels[1:])))
def test_words_that_are_joined_are_those_words(tokens: list[str]) -> None:
    """So that a text which is gone on with is read as it was made."""
    assert WORDS.encode(WORDS.joined(tokens)).tokens == tuple(tokens)


def test_joined_words_are_written_as_people_do() -> None:
    assert WORDS.joined(["the", "film", ",", "don't", "good", "!"]) == "the film, don't good!"


def test_what_words_are_unknown_is_said() -> None:
    assert WORDS.encode("the film").notices == ()
    (notice,) = WORDS.encode("the Boat boat on sea").notices
    assert notice == "Unknown to this model: Boat, boat, on, sea. It reads each of them as one “unknown” word."
    (notice,) = WORDS.encode("日本語 שלום").notices
    assert notice.startswith("This model knows none of these words: 日本語, שלום.")
    (notice,) = WORDS.encode("don’t").notices
    assert notice == "Read as their plain form: ’ as '."


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_is_made_again_from_its_symbols(kind: str) -> None:
    """As a card stores it."""
    reader: Reader = KINDS[kind](("a", "b"))
    assert (reader.kind, reader.symbols) == (kind, ("a", "b"))
    assert len(reader) == len(reader.labels or reader.symbols)
