"""Estimate the unpacked size of a protobuf from its bytes, before a library creates an object for each field.

An empty message takes two bytes in a file and a hundred in memory, so a file within the size limit could exhaust a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from explorer.models.checkpoints.contents import Unreadable

MOST_FIELDS = 300_000
MOST_OTHER_BYTES = 8 * 2**20
"""Maximum bytes of strings and small messages, which are not inspected."""
DEEPEST = 64
VARINT, LONG, BYTES, SHORT = 0, 1, 2, 5
"""Protobuf wire types."""


class Field(NamedTuple):
    """A field of a message: its number, its wire type, and the byte range of its content."""

    number: int
    wire: int
    start: int
    end: int


def check_message(
    data: bytes,
    kind: str,
    inside: Mapping[tuple[str, int], str],
    plain: frozenset[tuple[str, int]],
    texts: frozenset[tuple[str, int]],
) -> None:
    """Raise Unreadable for a message that is truncated or unpacks to too much.

    inside  message kind of each nested field to inspect: {("graph", 1): "node"}
    plain   fields that are as large in memory as in the file: arrays of numbers
    texts   fields that hold names; they must be UTF-8, since the library returns others as bytes
    """
    fields = other = 0
    waiting = [(kind, 0, len(data), 0)]
    while waiting:
        kind, start, end, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(
                f"The file is damaged, or not meant to be read: its parts are nested more than {DEEPEST} deep."
            )
        for one in fields_of(data, start, end):
            fields += 1
            key = kind, one.number
            if one.wire == BYTES and key in inside and one.end > one.start:
                waiting.append((inside[key], one.start, one.end, depth + 1))
            elif one.wire == BYTES and key not in plain:
                other += one.end - one.start
                if key in texts:
                    _check_text(data, one)
            if fields > MOST_FIELDS or other > MOST_OTHER_BYTES:
                raise Unreadable(
                    f"The file has more than {MOST_FIELDS:,} parts or {MOST_OTHER_BYTES // 2**20} MB besides its weights, which is "
                    "too much. Save only the recurrent part."
                )


def fields_of(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of the message between two offsets. Raise Unreadable if it is truncated."""
    while start < end:
        tag, start = _varint(data, start, end)
        number, wire = tag >> 3, tag & 7
        if wire == BYTES:
            length, start = _varint(data, start, end)
        elif wire == VARINT:
            length = _varint(data, start, end)[1] - start
        elif wire in (LONG, SHORT):
            length = 8 if wire == LONG else 4
        else:
            raise _damaged(start)
        if length > end - start:
            raise _damaged(start)
        yield Field(number, wire, start, start + length)
        start += length


def _check_text(data: bytes, field: Field) -> None:
    try:
        data[field.start : field.end].decode()
    except UnicodeDecodeError as error:
        raise _damaged(field.start) from error


def _varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return a varint, seven bits per byte, and the offset after it."""
    value = 0
    for place in range(start, min(end, start + 10)):
        value |= (data[place] & 0x7F) << 7 * (place - start)
        if data[place] < 0x80:
            return value, place + 1
    raise _damaged(start)


def _damaged(place: int) -> Unreadable:
    return Unreadable(f"The file is damaged or incomplete: byte {place:,} is invalid. Download or save it again.")
