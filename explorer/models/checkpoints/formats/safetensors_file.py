"""Safetensors: a JSON header of names, shapes and offsets, then the numbers. The header is checked before they are read."""

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
"""Number of bytes that hold the length of the header."""
MOST_HEADER = 8 * MEGABYTE
LARGEST_LENGTH = 2**40
"""Limit for a header length; larger values are text characters read as a number."""
METADATA = "__metadata__"


def holds(data: bytes) -> bool:
    """Return whether the data begins with a length and a brace."""
    return data[LENGTH : LENGTH + 1] == b"{" and _length(data) < LARGEST_LENGTH


def read(data: bytes) -> Contents:
    """Read a safetensors file. Raise Unreadable if its header does not describe it."""
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
        raise Unreadable(
            "The header of the safetensors file is not a table of tensors; the file is damaged. Fetch or save it again."
        )
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dict. Raise Unreadable for a duplicate name."""
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in table if names.count(name) > 1)
        raise Unreadable(f"The safetensors file has two tensors called {quoted(twice)}; it is damaged.")
    return table


def _claim(name: str, entry: Any) -> tuple[int, ...]:
    """Return the shape that the header claims. Raise Unreadable for an invalid entry."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise Unreadable(
            f"The header of the safetensors file has no valid entry for {quoted(name)}; the file is damaged."
        )
    return tuple(shape)


def _start(entry: Mapping[str, Any]) -> int:
    """Return the offset of an entry's numbers, already checked by the library."""
    return int(entry["data_offsets"][0])


def _tables(texts: Any) -> dict[str, Any]:
    """Return the metadata, with every JSON text parsed."""
    tables: dict[str, Any] = {}
    for name, text in texts.items() if isinstance(texts, dict) else ():
        try:
            tables[name] = json.loads(text)
        except (ValueError, RecursionError, TypeError):
            tables[name] = text
    return tables


FORMAT = Format("safetensors", (".safetensors",), holds, read)
