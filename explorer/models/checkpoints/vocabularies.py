"""A vocabulary as people have it: a JSON list or table, a text with a symbol a line, or the characters typed in one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.limits import MOST_SYMBOLS
from explorer.models.encodings import decoded

NEEDED = (
    'give a JSON list of symbols by id, a JSON table {"symbol": id}, a text with a symbol a line, or the characters themselves in the '
    "order of their ids"
)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
SPARE = "<{}>"
"""The name of an id that a table leaves out."""


def vocabulary(given: str | bytes, wanted: int | None = None) -> tuple[str, ...]:
    """The symbols by id, of a text or of the bytes of a file; `wanted` is how many are needed, which decides where a text could be read in
    two ways. Raises Unreadable for what is no vocabulary."""
    text = _text(given).removeprefix("\ufeff")
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    symbols = found(listed) if isinstance(listed, (dict, list)) else _plain(text, wanted)
    if not symbols:
        raise Unreadable(f"There is no vocabulary in this; {NEEDED}.")
    if len(symbols) > MOST_SYMBOLS:
        raise Unreadable(f"The vocabulary has {len(symbols):,} symbols; at most {MOST_SYMBOLS:,} can be shown.")
    return symbols


def _text(given: str | bytes) -> str:
    if isinstance(given, str):
        return given
    try:
        return decoded(given)[0]
    except ValueError as error:
        raise Unreadable(f"The vocabulary file is no text: {error}; {NEEDED}.") from error


def found(given: Any, depth: int = 4) -> tuple[str, ...]:
    """The symbols by id in a list of strings, a table of symbols and ids either way round, or the first of these within; empty if none."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        if given and all(isinstance(symbol, str) for symbol in given):
            return tuple(given)
        return (
            _of_pairs([tuple(map(_written, pair)) for pair in given if _is_pair(pair)])
            if all(map(_is_pair, given))
            else ()
        )
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
    counted = len(set(ids)) < min(len(ids), max(ids))  # some twice and others missing: they count something
    if (
        min(ids) < 0
        or counted
        or max(ids) > 2 * len(ids) + 8
        or not all(isinstance(symbol, str) for symbol, _ in pairs)
    ):
        return ()
    by_id = dict(zip(ids, (symbol for symbol, _ in pairs), strict=True))
    return tuple(by_id.get(index, SPARE.format(index)) for index in range(max(ids) + 1))


def _is_id(index: Any) -> bool:
    if isinstance(index, str):
        return index.isascii() and index.isdigit() and len(index) <= 9
    return isinstance(index, int) and not isinstance(index, bool)


def _plain(text: str, wanted: int | None) -> tuple[str, ...]:
    """A symbol a line, or a symbol a character: as many as are wanted, or else lines where there are several; or as many
    between commas or blanks as are wanted. A number beside each symbol
    is its id or its count."""
    text = text.replace("\r\n", "\n")
    lines, characters = tuple(text.removesuffix("\n").split("\n")), tuple(text)
    beside = _of_pairs(_pairs(lines))
    parted = tuple(part.strip() for part in text.split(",")), tuple(text.split())
    for symbols in (beside, lines, characters, characters[:-1] if text.endswith("\n") else characters, *parted):
        if symbols and len(symbols) == wanted:
            return symbols
    return beside or (lines if len(lines) > 1 else tuple(lines[0]))


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Lines of two fields, one of which is a number: "the⇥5321", as many tools write them; empty where one line is another."""
    for gap in ("\t", " "):
        pairs = [(first, last) for first, found, last in (line.rpartition(gap) for line in lines) if found]
        if gap == " " and len({first for first, _ in pairs if first == " " or " " not in first}) < len(lines):
            continue  # names such as "Apollo 11"
        if len(pairs) == len(lines) > 1:
            head = pairs[1:] if not any(map(_is_number, pairs[0])) else pairs  # names of the columns
            if any(all(_is_number(pair[place]) for pair in head) for place in (0, 1)):
                return head
    return []


def _of_pairs(pairs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The symbols of pairs with a number: by their ids where the numbers are 0, 1, 2, … in any order, else as they stand."""
    for symbol, number in ((0, 1), (1, 0)):
        if pairs and all(_is_number(pair[number]) for pair in pairs):
            by_id = {pair[number]: pair[symbol] for pair in pairs}
            order = [by_id[str(index)] for index in range(len(pairs)) if str(index) in by_id]
            if len(order) == len(pairs) or symbol == 0:
                return tuple(order if len(order) == len(pairs) else (pair[0] for pair in pairs))
    return ()


def _is_pair(given: Any) -> bool:
    """A symbol and its count or id, either way round, as `Counter.most_common` lists them."""
    return (
        isinstance(given, Sequence) and len(given) == 2 and {type(part) for part in given} in ({str, int}, {str, float})
    )


def _written(part: Any) -> str:
    return part if isinstance(part, str) else str(part)


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None
