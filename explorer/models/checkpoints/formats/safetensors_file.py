"""Safetensors: a header of names, shapes and places in JSON, then the numbers. The header is looked through before they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load

from explorer.models.checkpoints import naming, nested
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.limits import MEGABYTE, check_claims
from explorer.models.checkpoints.wording import quoted

LENGTH = 8
"""Bytes that say how long the header is."""
MOST_HEADER = 8 * MEGABYTE
LARGEST_LENGTH = 2**40
"""A larger one is a text: its first letters read as a number."""
METADATA = "__metadata__"


def holds(data: bytes) -> bool:
    """Whether it begins with a length and a brace."""
    return data[LENGTH : LENGTH + 1] == b"{" and _length(data) < LARGEST_LENGTH


def read(data: bytes) -> Contents:
    """Raises Unreadable for a file whose header does not describe it."""
    header = _header(data)
    texts = header.pop(METADATA, {})
    claims = {name: _claim(name, entry) for name, entry in header.items()}
    check_claims((name, shape, 1) for name, shape in claims.items())
    try:
        tensors = load(data)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OverflowError, TypeError) as error:
        raise Unreadable(
            "The safetensors file is damaged: its header does not fit the numbers behind it. Fetch or save it again."
        ) from error
    ordered = {name: tensors[name] for name in sorted(header, key=lambda name: _start(header[name]))}
    tables = _tables(texts)
    return naming.contents("safetensors", ordered, nested.vocabularies(tables), nested.labels(tables))


def _length(data: bytes) -> int:
    return int.from_bytes(data[:LENGTH], "little")


def _header(data: bytes) -> dict[str, Any]:
    length = _length(data)
    if length > len(data) - LENGTH:
        raise Unreadable(
            f"The safetensors file is cut short: its header alone claims {length:,} bytes. Fetch or save it again."
        )
    if length > MOST_HEADER:
        raise Unreadable(
            f"The header of the safetensors file has {length / MEGABYTE:,.0f} MB; at most {MOST_HEADER // MEGABYTE} MB are read."
        )
    try:
        header = json.loads(data[LENGTH : LENGTH + length], object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(
            "The header of the safetensors file cannot be read; the file is damaged. Fetch or save it again."
        ) from error
    if not isinstance(header, dict):
        raise Unreadable("The header of the safetensors file is no table of tensors.")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table in which no name stands twice."""
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in table if names.count(name) > 1)
        raise Unreadable(f"The safetensors file has two tensors called {quoted(twice)}; it is damaged.")
    return table


def _claim(name: str, entry: Any) -> tuple[int, ...]:
    """The shape that the header claims; each number has a byte at least. Raises Unreadable for an entry that is none."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise Unreadable(
            f"The header of the safetensors file says nothing useful of {quoted(name)}; the file is damaged."
        )
    return tuple(shape)


def _start(entry: Mapping[str, Any]) -> int:
    """Where its numbers begin. The library has checked them by then."""
    return int(entry["data_offsets"][0])


def _tables(texts: Any) -> dict[str, Any]:
    """The metadata, each text parsed where it is JSON."""
    tables: dict[str, Any] = {}
    for name, text in texts.items() if isinstance(texts, dict) else ():
        try:
            tables[name] = json.loads(text)
        except (ValueError, RecursionError, TypeError):
            tables[name] = text
    return tables


FORMAT = Format("safetensors", (".safetensors",), holds, read)
