"""Bytes of a text file as text: byte order marks, UTF-16 without one, and Windows-1252 where it is not UTF-8."""

from __future__ import annotations

import codecs

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT = 4096
"""Bytes, in which zeros tell UTF-16 from other encodings."""
WINDOWS = "Windows-1252"


def decoded(content: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding. Raises ValueError if the bytes are not text."""
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ValueError(f"it begins like {encoding.upper()} text, but is damaged at byte {error.start}") from error
        encoding, text = WINDOWS, content.decode("cp1252", "replace")
    if "\0" in text or _is_control(text):
        raise ValueError("it has bytes that do not occur in text")
    return text.removeprefix("\ufeff"), encoding


def _encoding(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:LOOKED_AT]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 4  # most of a table are ASCII characters, one byte of which is zero
    if len(content) % 2 == 0 and max(even, odd) > half and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8"


def _is_control(text: str) -> bool:
    """True if the text has characters that only binary files have."""
    head = text[:LOOKED_AT]
    return any(character < " " and character not in "\t\n\r\f\v\x1a\x1b" for character in head)
