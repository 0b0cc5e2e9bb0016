"""Comparison of several networks, or of one network on two texts: distances between answers, and the spread of
scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import cast

import numpy as np

from explorer.signals import Array


def apart(one: Array, other: Array, *, numbers: bool) -> Array:
    """Distance between two answers at each step, [step], in float64.

    Of log-probabilities [step, label] the total variation, ½ Σ |p - q|: the largest difference of what the two say of any event, between
    0 and 1. Of numbers [step, output] the mean |difference|.
    """
    if numbers:
        return cast(Array, np.abs(one.astype(np.float64) - other).mean(-1))
    return cast(Array, np.abs(np.exp(one.astype(np.float64)) - np.exp(other.astype(np.float64))).sum(-1) / 2)


def likeliest(readings: Sequence[Array], most: int, among: Array | None = None) -> Array:
    """The columns of log-probabilities [label], of those `among` which it looks, that are largest in any of the readings, largest first."""
    largest = np.max(np.stack(readings), axis=0)
    columns = np.arange(len(largest)) if among is None else among
    return cast(Array, columns[np.argsort(-largest[columns], kind="stable")[:most]])


def bits(log_p: Array, columns: Sequence[int | None]) -> Array:
    """The surprise of the right label at each step, -log₂ P, [step]; NaN where none is known."""
    known_bits = [
        np.nan if column is None else -row[column] / np.log(2) for row, column in zip(log_p, columns, strict=True)
    ]
    return np.array(known_bits, dtype=np.float64)


@dataclass(frozen=True)
class Spreads:
    """Spread of the scores of a task's networks.

    between  range of the cells' medians
    within   widest range between the seeds of one cell; None if no cell has two seeds
    seeds    fewest seeds of any cell
    """

    between: float
    within: float | None
    seeds: int


def spreads(scores: Mapping[str, Sequence[float]]) -> Spreads:
    """Spread of the scores of every cell, one a seed."""
    medians = [median(values) for values in scores.values()]
    ranges = [max(values) - min(values) for values in scores.values() if len(values) > 1]
    fewest = min(len(values) for values in scores.values())
    return Spreads(max(medians) - min(medians), max(ranges) if ranges else None, fewest)
