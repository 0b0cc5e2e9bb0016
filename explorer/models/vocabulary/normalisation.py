"""Other spellings of the same visible text: composed and decomposed letters, typographic marks and blanks, compatibility forms.

A tokenizer tries a text as it is first. It tries other spellings only for symbols outside its vocabulary, and a notice says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from explorer.models.vocabulary.encoded import distinct, named

COMPOSED, DECOMPOSED, PLAIN = "composed", "decomposed", "plain"
"""Kinds of difference: accents joined to their letters, accents apart, or the plain form of a typographic character."""
Change = tuple[str, str, str]
"""(kind of difference, as typed, as read)."""
ALIKE = (
    ("'", "’", "‘", "‚", "‛", "ʼ", "′"),
    ('"', "”", "“", "„", "‟", "″", "«", "»"),
    ("-", "‐", "‑", "–", "—", "−", "‒", "―"),
    (" ", "\u00a0", *map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f", "\u3000", "\t"),
    ("\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"),
)
"""Characters that people type for one another, the plain one first."""
GROUP = {character: group for group in ALIKE for character in group}
OPENING = frozenset("‘“‚„«")
BEFORE_OPENING = frozenset("([{<-–—")
SELECTORS = ("\ufe0f", "\ufe0e")
"""Variation selectors: whether a sign is shown in colour or as text."""
JOINER = "\u200d"


def well_formed(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each lone surrogate, which is half of a character, replaced by U+FFFD; and a notice where there was one."""
    if not any(map(_is_surrogate, text)):
        return text, ()
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    lone = distinct(filter(_is_surrogate, paired))
    if not lone:
        return paired, ()
    whole = "".join("\N{REPLACEMENT CHARACTER}" if _is_surrogate(c) else c for c in paired)
    names = ", ".join(f"U+{ord(c):04X}" for c in lone)
    return whole, (f"Half a character (a lone surrogate, {names}) was replaced by \N{REPLACEMENT CHARACTER}.",)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def clusters(text: str) -> list[str]:
    """The text cut into visible characters: a letter with its accents, a flag, an emoji with its modifiers."""
    if text.isascii():
        return list(text)
    groups: list[str] = []
    for character in text:
        if groups and _joins(groups[-1], character):
            groups[-1] += character
        else:
            groups.append(character)
    return groups


def _joins(before: str, character: str) -> bool:
    """True if a character belongs to the cluster before it."""
    if before[-1] in "\n\r\t":
        return False
    if "\u1160" <= character <= "\u11ff":  # the vowel or final of a Korean syllable
        return "\u1100" <= before[-1] <= "\u11ff"
    if unicodedata.category(character)[0] == "M" or character == JOINER:
        return True
    if (
        "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"
    ):  # skin tones, tags of flags
        return unicodedata.category(before[0])[0] == "S"
    if _is_flag_letter(character):
        return len(before) == 1 and _is_flag_letter(before)
    return before[-1] == JOINER and unicodedata.category(character) == "So"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def spellings(typed: str, before: str = "") -> Iterator[tuple[str, str]]:
    """Other spellings of a cluster or a word, (kind of difference, spelling), the closest first; `before` is the
    character before it."""
    seen = {typed}
    for how, spelling in _spellings(typed, before):
        if spelling and spelling not in seen:
            seen.add(spelling)
            yield how, spelling


def _spellings(typed: str, before: str) -> Iterator[tuple[str, str]]:
    composed, decomposed = unicodedata.normalize("NFC", typed), unicodedata.normalize("NFD", typed)
    yield COMPOSED if len(composed) < len(typed) else PLAIN, composed
    yield DECOMPOSED if len(decomposed) > len(typed) else PLAIN, decomposed
    if len(typed) == 1:
        opens = not before or before[-1].isspace() or before[-1] in BEFORE_OPENING
        first, *others = GROUP.get(typed, (typed,))
        for other in (first, *sorted(others, key=lambda c: (c in OPENING) != opens)):
            yield PLAIN, other
    else:
        plain = "".join(GROUP[c][0] if c in GROUP else c for c in typed)
        yield PLAIN, plain
        yield PLAIN, unicodedata.normalize("NFC", plain)
        yield PLAIN, unicodedata.normalize("NFD", plain)
        yield PLAIN, unicodedata.normalize("NFC", plain).replace("'", "’")
    bare = "".join(c for c in typed if c not in SELECTORS)
    yield PLAIN, bare
    yield PLAIN, bare + SELECTORS[0]
    yield PLAIN, unicodedata.normalize("NFKC", typed)


def spelling_notices(changes: Iterable[Change]) -> list[str]:
    """Notices on changed spellings: (kind of difference, as typed, as read)."""
    differences = distinct(changes)
    composed = [read for how, _, read in differences if how == COMPOSED]
    decomposed = [typed for how, typed, _ in differences if how == DECOMPOSED]
    plain = [(typed, read) for how, typed, read in differences if how == PLAIN]
    return [
        *([f"Typed as letter and accent, read as one character: {', '.join(distinct(composed))}."] if composed else ()),
        *(
            [f"Typed as one character, read as letter and accent: {', '.join(distinct(decomposed))}."]
            if decomposed
            else ()
        ),
        *([f"Read as their plain form: {', '.join(f'{named(t)} as {named(r)}' for t, r in plain)}."] if plain else ()),
    ]
