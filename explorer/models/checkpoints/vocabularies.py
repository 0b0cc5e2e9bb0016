"""Vocabularies in common forms: a JSON list or object, a text with one symbol per line, or the characters in a row."""

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
"""Placeholder for an id that a table omits."""


def vocabulary(given: str | bytes, wanted: int | None = None) -> tuple[str, ...]:
    """Return the symbols by id, from a text or the bytes of a file. `wanted` is the number needed; it decides how to read ambiguous text.
    Raise Unreadable if there is no vocabulary."""
    text = _text(given).removeprefix("\ufeff")
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    symbols = symbols_in(listed) if isinstance(listed, (dict, list)) else _plain(text, wanted)
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


def symbols_in(given: Any, depth: int = 4) -> tuple[str, ...]:
    """Return the symbols by id from a list of strings or a table of symbols and ids, or from the first of these inside; empty if none."""
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
    return next((symbols for value in given.values() if (symbols := symbols_in(value, depth - 1))), ())


def _by_id(table: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return the symbols of a table {symbol: id} or {id: symbol}, missing ids as "<7>"; empty if it is neither."""
    pairs = [(symbol, index) for symbol, index in table.items()]
    if all(isinstance(index, str) for _, index in pairs):
        pairs = [(symbol, index) for index, symbol in pairs]
    ids = [int(index) if _is_id(index) else -1 for _, index in pairs]
    counted = len(set(ids)) < min(len(ids), max(ids))  # repeated and missing values: these are counts
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
    """Return the symbols of a plain text: one per line, per character, or separated by commas or blanks.

    Prefer the form that gives `wanted` symbols; otherwise use lines if there are several. A number beside each symbol is its id or count.
    """
    text = text.replace("\r\n", "\n")
    lines, characters = tuple(text.removesuffix("\n").split("\n")), tuple(text)
    beside = _of_pairs(_pairs(lines))
    parted = tuple(part.strip() for part in text.split(",")), tuple(text.split())
    for symbols in (beside, lines, characters, characters[:-1] if text.endswith("\n") else characters, *parted):
        if symbols and len(symbols) == wanted:
            return symbols
    return beside or (lines if len(lines) > 1 else tuple(lines[0]))


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields of lines that pair a symbol with a number: "the⇥5321"; empty if any line differs."""
    for gap in ("\t", " "):
        pairs = [(first, last) for first, separator, last in (line.rpartition(gap) for line in lines) if separator]
        if gap == " " and len({first for first, _ in pairs if first == " " or " " not in first}) < len(lines):
            continue  # names such as "Apollo 11"
        if len(pairs) == len(lines) > 1:
            head = pairs[1:] if not any(map(_is_number, pairs[0])) else pairs  # skip column names
            if any(all(_is_number(pair[place]) for pair in head) for place in (0, 1)):
                return head
    return []


def _of_pairs(pairs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the symbols of (symbol, number) pairs: by id if the numbers are 0, 1, 2, … in any order, otherwise in the given order."""
    for symbol, number in ((0, 1), (1, 0)):
        if pairs and all(_is_number(pair[number]) for pair in pairs):
            by_id = {pair[number]: pair[symbol] for pair in pairs}
            order = [by_id[str(index)] for index in range(len(pairs)) if str(index) in by_id]
            if len(order) == len(pairs) or symbol == 0:
                return tuple(order if len(order) == len(pairs) else (pair[0] for pair in pairs))
    return ()


def _is_pair(given: Any) -> bool:
    """Return whether this is a symbol with its count or id, in either order, as `Counter.most_common` lists them."""
    return (
        isinstance(given, Sequence) and len(given) == 2 and {type(part) for part in given} in ({str, int}, {str, float})
    )


def _written(part: Any) -> str:
    return part if isinstance(part, str) else str(part)


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None
