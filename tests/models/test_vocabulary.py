"""Characters in, numbers out; what is changed or unknown is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.models.vocabulary import READ_AS, UNKNOWN, Vocabulary, named, read_as
from tests.helpers import FEW

PLAIN = Vocabulary(tuple("\n \"'.abc—"))


def test_ids() -> None:
    """Known characters count from 1, every other one is 0."""
    assert PLAIN.encode("abz").ids.tolist() == [6, 7, 0]
    assert PLAIN.labels[0] == UNKNOWN
    assert [PLAIN.labels[i] for i in PLAIN.encode("cab\n").ids] == ["c", "a", "b", "\n"]
    assert len(PLAIN) == len(PLAIN.labels) == 10
    assert PLAIN.id_of("a") == 6
    with pytest.raises(ValueError, match="'z' is not in this vocabulary of 9 characters"):
        PLAIN.id_of("z")


def test_of_a_text() -> None:
    """The characters that are frequent enough, in the order of their code points; curly quotes count as straight ones."""
    text = "b" * 20 + "a" * 30 + "z" * 19 + "“" * 12 + '"' * 8
    assert Vocabulary.of(text).symbols == ('"', "a", "b")
    assert Vocabulary.of(text, at_least=19).symbols == ('"', "a", "b", "z")


@FEW
@given(st.text())
def test_nothing_is_dropped(text: str) -> None:
    """One id and one token a code point; a Windows line end is one token."""
    encoded = PLAIN.encode(text)
    assert "".join(encoded.tokens) == text.replace("\r\n", "\n")
    assert len(encoded.ids) == len(encoded.tokens)
    assert encoded.ids.dtype == np.int64
    for token, index in zip(encoded.tokens, encoded.ids, strict=True):
        assert PLAIN.labels[index] == (read_as(token, READ_AS) if index else UNKNOWN)
        assert index or read_as(token, READ_AS) not in PLAIN.symbols


def test_what_is_read_as_something_else_is_said() -> None:
    encoded = PLAIN.encode("“a”\tb")
    assert encoded.tokens == ("“", "a", "”", "\t", "b")
    assert [PLAIN.labels[i] for i in encoded.ids] == ['"', "a", '"', " ", "b"]
    (notice,) = encoded.notices
    assert notice.startswith("Read as their plain form: ")
    for part in ('“ as "', '” as "', "tab as space"):
        assert part in notice


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
