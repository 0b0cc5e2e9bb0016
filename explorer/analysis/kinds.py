"""Kinds of token, and the mean of each gate by kind: a measurement of claims such as "it forgets the stop words"."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from explorer.signals import Trace

CHARACTERS = ("letter", "capital", "digit", "space", "line end", "quote", "bracket", "punctuation", "other")
WORDS = ("praise", "blame", "stop word", "other word", "number", "mark")
STRONG = 0.5
"""From this |valence| on a word is one of praise or blame (the lexicon rates from -4 to 4)."""

STOP_WORDS = frozenset(
    "a about above after again against all am an and any are as at be because been before being below between both but by can could did "
    "do does doing down during each few for from further had has have having he her here hers herself him himself his how i if in into is "
    "it its itself just me more most my myself no nor not now of off on once only or other our ours ourselves out over own same she should "
    "so some such than that the their theirs them themselves then there these they this those through to too under until up very was we "
    "were what when where which while who whom why will with would you your yours yourself yourselves it's that's there's i'm".split()
)
"""English words that carry grammar rather than a topic."""

KindOf = Callable[[str], str]


def of_character(token: str) -> str:
    """One of CHARACTERS."""
    if token == "\n":
        return "line end"
    if token.isspace():
        return "space"
    if token in {'"', "“", "”"}:
        return "quote"
    if token in "()[]{}":
        return "bracket"
    if token.isdigit():
        return "digit"
    if token.isalpha():
        return "capital" if token.isupper() else "letter"
    return "punctuation" if unicodedata.category(token[0])[0] in "PS" else "other"


def of_word(valence: Mapping[str, float]) -> KindOf:
    """A function to one of WORDS; `valence` rates words of praise (positive) and blame (negative)."""

    def kind(token: str) -> str:
        word = token.lower()
        if abs(valence.get(word, 0.0)) >= STRONG:
            return "praise" if valence[word] > 0 else "blame"
        if word in STOP_WORDS:
            return "stop word"
        if word[0].isalpha():
            return "other word"
        return "number" if word[0].isdigit() else "mark"

    return kind


def of_symbol(known: Collection[str], *, lower: bool = False) -> KindOf:
    """Function that makes each of a few symbols a kind of its own, and all others one kind; `lower` ignores case."""

    def kind(token: str) -> str:
        symbol = token.lower() if lower else token
        return symbol if symbol in known else "unknown"

    return kind


def of_row(token: str) -> str:
    """Rows of numbers by whether they carry a mark: a second number that is not 0."""
    return "marked" if any(float(number) for number in token.split()[1:]) else "plain"


def census(traces: Iterable[Trace], kind_of: KindOf, row: int = -1) -> pd.DataFrame:
    """The mean of every gate, and the mean size of what is written onto the belt, by kind of token, over all units of a row.

    A row a (quantity, kind): `quantity` (a signal's name, or "written"), `kind`, `mean`, `tokens`; the kinds that are most alike to
    read stand in the order of their lists above, others alphabetically.
    """
    sums: dict[tuple[str, str], float] = {}
    counts: dict[str, int] = {}
    for trace in traces:
        kinds = np.array([kind_of(token) for token in trace.tokens])
        values = {signal.name: trace[signal.name][row] for signal in trace.of_kind("gate")}
        if trace.belt:
            values["written"] = np.abs(trace.belt.written({s.name: trace[s.name][row] for s in trace.per_unit()}))
        for kind in np.unique(kinds).tolist():
            counts[kind] = counts.get(kind, 0) + int((kinds == kind).sum())
            for quantity, array in values.items():
                total = float(array[kinds == kind].mean(1, dtype=np.float64).sum())
                sums[quantity, kind] = sums.get((quantity, kind), 0.0) + total
    order = {kind: place for place, kind in enumerate((*CHARACTERS, *WORDS))}
    kinds_in_order = sorted(counts, key=lambda kind: (order.get(kind, len(order)), kind))
    quantities = list(dict.fromkeys(quantity for quantity, _ in sums))
    rows = [
        {"quantity": quantity, "kind": kind, "mean": sums[quantity, kind] / counts[kind], "tokens": counts[kind]}
        for quantity in quantities
        for kind in kinds_in_order
    ]
    return pd.DataFrame(rows, columns=["quantity", "kind", "mean", "tokens"])


def few_symbols(vocabulary: Sequence[str], most: int = 12) -> bool:
    """True if a vocabulary is so small that each symbol is worth a bar of its own."""
    return len(vocabulary) <= most
