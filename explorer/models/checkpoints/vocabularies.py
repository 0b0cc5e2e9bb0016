"""A vocabulary as people have it: a JSON list or table, a text with a symbol a line, or the characters typed in one after another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import MOST_SYMBOLS

NEEDED = (
    'give a JSON list of symbols by id, a JSON table {"symbol": id}, a text with a symbol a line, or the characters themselves in the '
    "order of their ids"
)
SPARE = "<{}>"
"""The name of an id that a table leaves out."""


def vocabulary(text: str, wanted: int | None = None) -> tuple[str, ...]:
    """The symbols by id; `wanted` is how many are needed, which decides where a text could be read in two ways. Raises Unreadable for
    what is no vocabulary."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    symbols = found(given) if isinstance(given, (dict, list)) else _plain(text, wanted)
    if not symbols:
        raise Unreadable(f"There is no vocabulary in this; {NEEDED}.")
    if len(symbols) > MOST_SYMBOLS:
        raise Unreadable(f"The vocabulary has {len(symbols):,} symbols; at most {MOST_SYMBOLS:,} can be shown.")
    return symbols


def found(given: Any, depth: int = 4) -> tuple[str, ...]:
    """The symbols by id in a list of strings, a table of symbols and ids either way round, or the first of these within; empty if none."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(given) if given and all(isinstance(symbol, str) for symbol in given) else ()
    if not isinstance(given, Mapping) or not given or depth == 0:
        return ()
    if by_id := _by_id(given):
        return by_id
    return next((symbols for value in given.values() if (symbols := found(value, depth - 1))), ())


def _by_id(table: Mapping[Any, Any]) -> tuple[str, ...]:
    """The symbols of a table {symbol: id} or {id: symbol}, ids that are left out as "<7>"; empty where it is neither."""
    pairs = [(symbol, index) for symbol, index in table.items()]
    if all(isinstance(index, str) for _, index in pairs):
        pairs = [(symbol, index) for index, symbol in pairs]
    ids = [int(index) if _is_id(index) else -1 for _, index in pairs]
    if min(ids) < 0 or max(ids) > 2 * len(ids) + 8 or not all(isinstance(symbol, str) for symbol, _ in pairs):
        return ()
    by_id = dict(zip(ids, (symbol for symbol, _ in pairs), strict=True))
    return tuple(by_id.get(index, SPARE.format(index)) for index in range(max(ids) + 1))


def _is_id(index: Any) -> bool:
    if isinstance(index, str):
        return index.isascii() and index.isdigit() and len(index) <= 9
    return isinstance(index, int) and not isinstance(index, bool)


def _plain(text: str, wanted: int | None) -> tuple[str, ...]:
    """A symbol a line, or a symbol a character: as many as are wanted, or else lines where there are several."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines, characters = tuple(text.removesuffix("\n").split("\n")), tuple(text)
    for symbols in (lines, characters, characters[:-1] if text.endswith("\n") else characters):
        if len(symbols) == wanted:
            return symbols
    return lines if len(lines) > 1 else tuple(lines[0])
