"""Vocabularies of other people's networks, and ids that have no names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.models.vocabulary import Ids, Symbols, reader_of
from explorer.models.vocabulary.spaced import BYTE
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
    with pytest.raises(ValueError, match="vocabulary of 3 characters has no x, y, and no symbol for unknown ones"):
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


SMILES = reader_of(["<pad>", *"CNOcn()=#12", "Cl", "Br", "[nH]", "[C@@H]"])
SIGNS = reader_of([*"abch ", "ch", "\\n", "❤️", "🇨🇭", "e\N{COMBINING ACUTE ACCENT}", "<unk>"])
WORDPIECES = reader_of(["[PAD]", "[UNK]", "[CLS]", "play", "##ing", "##s", "the", "don", "'", "t", "."])
BPE = reader_of(["<unk>", "low</w>", "lo", "w", "er</w>", "new", "est</w>", "w</w>", ".</w>"])
SUBWORDS = reader_of(["<unk>", "lo@@", "w@@", "er", "low", "new@@", "est"])
SENTENCES = reader_of(["<unk>", "▁the", "▁c", "at", "▁", "s", "▁cat", "c"])
SPACED = reader_of(["<unk>", "the", "Ġcat", "s", "Ġ", "Ċ", "t", "Ġthe"])
LITERAL = reader_of(["the", " the", " cat", "s", " ", "th"])


@pytest.mark.parametrize(
    ("reader", "text", "tokens"),
    [
        (SMILES, "CCl(Br)c1[nH]C[C@@H]", ["C", "Cl", "(", "Br", ")", "c", "1", "[nH]", "C", "[C@@H]"]),
        (SIGNS, "ach e\u0301❤️🇨🇭", ["a", "ch", " ", "e\u0301", "❤️", "🇨🇭"]),
        (SIGNS, "a\nb", ["a", "\\n", "b"]),
        (LITERAL, "the cats the", ["the", " cat", "s", " the"]),
        (WORDPIECES, "the plays. [CLS] don't", ["the", "play", "##s", ".", "[CLS]", "don", "'", "t"]),
        (WORDPIECES, "Playing", ["play", "##ing"]),
        (BPE, "low lower newest.", ["low</w>", "lo", "w", "er</w>", "new", "est</w>", ".</w>"]),
        (SUBWORDS, "low lower newest", ["low", "lo@@", "w@@", "er", "new@@", "est"]),
        (SENTENCES, "the cats\nthe", ["▁the", "▁cat", "s", "▁the"]),
        (SPACED, "the cats\nt the", ["the", "Ġcat", "s", "Ċ", "t", "Ġthe"]),
    ],
)
def test_the_longest_symbol_is_read(reader: Symbols, text: str, tokens: list[str]) -> None:
    """Without blanks between, and by the id that the symbol has in its vocabulary."""
    encoded = reader.encode(text)
    assert encoded.values.tolist() == [reader.symbols.index(token) for token in tokens]
    assert len(encoded.tokens) == len(tokens) == len(reader.pieces(text))
    assert "".join(reader.pieces(text)) == text
    assert reader.encode(reader.joined(encoded.tokens)).values.tolist() == encoded.values.tolist()
    assert reader.encode(reader.joined(tokens)).values.tolist() == encoded.values.tolist()


KINDS = ["SMILES", "signs", "wordpieces", "BPE", "subwords", "sentences", "spaced", "literal"]


@pytest.mark.parametrize(
    "text", ["ach ❤️ 🇨🇭 x", "the plays", "lower", "the cats", "CCl", " the  low\n", "🇩🇪e\u0301", ""]
)
@pytest.mark.parametrize("reader", [SMILES, SIGNS, WORDPIECES, BPE, SUBWORDS, SENTENCES, SPACED, LITERAL], ids=KINDS)
def test_nothing_is_dropped(reader: Symbols, text: str) -> None:
    """A piece a token, and all of the text in the pieces; or what is unknown is named."""
    if reader.unknown is None and set(text) - set("".join(reader.symbols)) - set(" \n"):
        with pytest.raises(ValueError, match="and no symbol for unknown ones"):
            reader.encode(text)
        return
    encoded = reader.encode(text)
    assert len(reader.pieces(text)) == len(encoded.tokens)
    assert "".join(reader.pieces(text)) == (text if encoded.tokens else "")


@pytest.mark.parametrize(
    ("symbols", "kind"),
    [
        ([*"abc ", "ch"], "characters"),
        ([*"abc", "ch", "<unk>"], "characters"),
        (["❤️", "🇨🇭", "e\u0301"], "characters"),
        ([str(k) for k in range(13)], "characters"),
        (["C", "Cl", "Br", "[nH]", "(", ")"], "characters"),
        (["the", "whale", "sea", ".", " "], "words"),
        (["the", "whale", "\n"], "words"),
        (["[CLS]", "<pad>", "the"], "words"),
        (["Ġthe", "a", "b"], "pieces"),
        (["▁", "a", "b"], "characters"),
        (["##", "a", "b"], "characters"),
    ],
)
def test_when_a_vocabulary_is_one_of_words(symbols: list[str], kind: str) -> None:
    """Where more than half of its symbols are longer than a visible character, and no mark says that they are pieces."""
    assert reader_of(symbols).kind == kind


def test_bytes_of_a_byte_level_vocabulary() -> None:
    """Nothing is unknown to it: "é" is two bytes, which GPT-2 writes as Ã and ©."""
    reader = reader_of([*BYTE, "Ġcaf", "Ã©", *(f"Ġ{k}" for k in range(40))])
    encoded = reader.encode("a café 漢")
    assert [reader.symbols[k] for k in encoded.values] == ["a", "Ġcaf", "Ã©", "Ġ", "æ", "¼", "¢"]
    assert reader.joined(encoded.tokens) == "a café 漢"
    assert BYTE[0x20] == "Ġ" and BYTE[0x0A] == "Ċ" and BYTE[0xAD] == "Ń" and len(set(BYTE)) == 256


def test_pieces_say_that_they_are_guessed() -> None:
    """Longest match is what WordPiece does; the merges of the others are not known."""
    assert WORDPIECES.encode("plays").notices == ()
    assert "may cut some words in another way" in BPE.encode("low").notices[0]
    assert BPE.encode("zzz low").notices[1] == "Unknown to this network: zzz. It reads each of them as “<unk>”."


def test_blanks_between_symbols_that_have_none() -> None:
    """Chords, or numbers as symbols: a blank parts them, and that is told."""
    chords = reader_of(["A", "B", "C", "D", "Am", "Dm", "F"])
    encoded = chords.encode(" A Am Dm\nC")
    assert encoded.values.tolist() == [0, 4, 5, 2]
    assert encoded.notices == (
        "Blanks only separate symbols and are not read: this vocabulary has no symbol for them.",
    )
    assert chords.pieces(" A Am C") == [" A ", "Am ", "C"]
    assert reader_of(["1", "2", "12"]).joined(["1", "2"]) == "1 2"
    assert CLOSED.encode("a b").values.tolist() == [0, 2, 1], "here a blank is a symbol"


def test_line_ends_that_are_words() -> None:
    """As of texts whose lines were kept; a space as the first symbol is padding."""
    reader = reader_of([" ", "the", "whale", "\n", "sea"])
    assert reader.encode("the whale\n\nsea").values.tolist() == [1, 2, 3, 3, 4]
    assert reader.joined(["the", "\n", "sea"]) == "the\nsea"


@pytest.mark.parametrize(
    ("symbols", "typed", "ids", "notice"),
    [
        ("caf\u00e9", "cafe\u0301", [0, 1, 2, 3], "Typed as letter and accent, read as one character: é."),
        ("cafe\u0301", "caf\u00e9", [0, 1, 2, 3, 4], "Typed as one character, read as letter and accent: é."),
        (
            "한글",
            "\u1112\u1161\u11ab\u1100\u1173\u11af",
            [0, 1],
            "Typed as letter and accent, read as one character: 한, 글.",
        ),
        ("don't", "don’t", [0, 1, 2, 3, 4], "Read as their plain form: ’ as '."),
        ("don’t", "don't", [0, 1, 2, 3, 4], "Read as their plain form: ' as ’."),
        ("“a” ", '"a"', [0, 1, 2], 'Read as their plain form: " as “, " as ”.'),
        ("a- ", "a\u00a0–", [0, 2, 1], "Read as their plain form: no-break space as space, – as -."),
        ("fi", "ﬁ", [0, 1], "Read as their plain form: ﬁ as fi."),
        ("a.", "a…", [0, 1, 1, 1], "Read as their plain form: … as ...."),
        (
            ("don't", "the", "cliché"),
            "cliche\u0301 don’t",
            [2, 0],
            "Typed as letter and accent, read as one character: cliché.",
        ),
        (("don’t", "the", "cliche\u0301"), "Don't clich\u00e9", [0, 2], "Read as their plain form: ' as ’."),
    ],
)
def test_text_is_normalised_to_what_the_vocabulary_has(
    symbols: Sequence[str], typed: str, ids: list[int], notice: str
) -> None:
    """And what was changed is told."""
    encoded = reader_of(tuple(symbols)).encode(typed)
    assert encoded.values.tolist() == ids
    assert notice in encoded.notices


def test_what_is_known_as_typed_is_not_normalised() -> None:
    """A vocabulary may have both spellings."""
    reader = reader_of(["e", "\u0301", "é", "’", "'"])
    encoded = reader.encode("e\u0301é’'")
    assert (encoded.values.tolist(), encoded.notices) == ([0, 1, 2, 3, 4], ())


@pytest.mark.parametrize(
    "reader", [CHARACTERS, WORDS, SIGNS, BPE, SPACED], ids=["characters", "words", "signs", "bpe", "spaced"]
)
def test_half_a_character_is_replaced(reader: Symbols) -> None:
    """It could not be sent, saved or printed."""
    encoded = reader.encode("\ud800")
    assert encoded.tokens == ("\N{REPLACEMENT CHARACTER}",) == tuple(reader.pieces("\ud800"))
    assert "Half a character (a lone surrogate, U+D800) was replaced by \N{REPLACEMENT CHARACTER}." in encoded.notices
    assert SIGNS.encode("\ud83c\udde8\ud83c\udded").values.tolist() == [8], "two halves are a whole"


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
    with pytest.raises(ValueError, match="is not an id; this network reads whole numbers from 0 to 11") as refused:
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
