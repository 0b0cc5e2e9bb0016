"""Backpropagation through time, itemised: which step's target sends how much gradient to which step's use of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.backend.back import HELD, INPUT, Passed, Progress, Row, Targets, walk, walking
from explorer.backend.gradients import HEADROOM
from explorer.cells import Signals, Stack

Gradient = dict[str, Tensor]
"""By parameter, named as in the stack's state dict; float64."""


@dataclass(frozen=True)
class Itemised:
    """Parameter gradient of a sum of targets, one a step, split into terms.

    shares    [target, source], float64: the norm of what target T sends to the use of the weights at step t
    gradient  the sum of all terms; for each requested length, of those with T - t below it
    by_x      [step, input] for each of these: by the first layer's input
    """

    shares: Tensor
    gradient: list[Gradient]
    by_x: list[Tensor]


def itemised(
    stack: Stack,
    rows: list[Row],
    targets: Targets,
    lengths: Sequence[int | None] = (None,),
    progress: Progress | None = None,
) -> Itemised:
    """Split the gradient into terms, and add them up again: all terms for None, those with T - t < k for a length k (truncation at k).

    A step uses a block of rows W as W·input, so its share of W's gradient is δ·inputᵀ, of norm ‖δ‖·‖input‖: no such matrix has to be
    made. Raises ValueError for a truncation of a network that reads both ways, whose gradient does not only go back.
    """
    if stack.bidirectional and any(length is not None for length in lengths):
        raise ValueError("a network that reads both ways has no truncation: its gradient does not only go back")
    split = _taken_apart(stack, rows, targets, lengths, HEADROOM, progress)
    if not all(value.isfinite().all() for value in (split.shares, *split.gradient[0].values())):
        split = _taken_apart(stack, rows, targets, lengths, 1.0, progress)
    return split


def _taken_apart(
    stack: Stack,
    rows: list[Row],
    targets: Targets,
    lengths: Sequence[int | None],
    factor: float,
    progress: Progress | None,
) -> Itemised:
    squares = torch.zeros(len(rows[0]), len(targets), dtype=torch.float64, device=rows[0].s["h"].device)
    sums = _Sums(rows, [len(rows[0]) if length is None else length for length in lengths])
    with walking():
        blocks = _blocks(rows, targets)
        for n, start, some in blocks:
            report = None if progress is None else _part(progress, n, len(blocks))
            for passed in walk(rows, some.times(factor), INPUT, weights=True, progress=report):
                if passed.row != INPUT:
                    first = start + passed.first
                    shares = _squares(rows[passed.row], passed)
                    squares[passed.step, first : first + len(shares)] += shares
                sums.add(passed, some)
    gradient = sums.gradients(stack.suffixes(), factor)
    return Itemised((squares.sqrt() / factor).T.contiguous(), gradient, list(sums.by_x / factor))


def _blocks(rows: list[Row], targets: Targets) -> list[tuple[int, int, Targets]]:
    """The targets in blocks small enough to hold the gradient of each of them by every weight, where that is the way."""
    if all(row.by_hand for row in rows):
        return [(0, 0, targets)]
    size = max(1, HELD // sum(weight.numel() for weight in rows[0].cell.parameters()))
    starts = range(0, len(targets), size)
    return [(n, s, targets.only(list(range(s, min(s + size, len(targets)))))) for n, s in enumerate(starts)]


def _part(progress: Progress, n: int, parts: int) -> Progress:
    """`progress` of the whole, called with the fraction of its n-th part."""
    return lambda share: progress((n + share) / parts)


def _squares(row: Row, passed: Passed) -> Tensor:
    """The squared norm of each target's share of all weights of a row at a step."""
    if passed.to is None:
        assert passed.weights is not None
        parts = [weight.flatten(1).double().square().sum(1) for weight in passed.weights.values()]
        return torch.stack(parts).sum(0)
    place = row.at(passed.step)
    entering = (row.s["x"][place], row.s["h_prev"][place])
    squares = torch.zeros((), dtype=torch.float64, device=passed.to[0].device)
    for delta, x in zip(passed.to, entering, strict=True):  # the bias is a weight whose input is 1
        squares = squares + delta.double().square().sum(1) * (x.double().square().sum() + 1)
    return squares


class _Sums:
    """Sum of the terms, for several lengths at once. A step's terms within a length are its first ones, since targets
    are in order."""

    def __init__(self, rows: list[Row], lengths: list[int]) -> None:
        self.rows, self.lengths = rows, lengths
        self.order = sorted(range(len(lengths)), key=lengths.__getitem__)
        self.deltas: dict[tuple[int, int], list[Tensor | None]] = {}
        """(row, 0: by W x + b, 1: by W h + b) -> for each place [length, blocks*unit]"""
        self.weights: dict[int, Signals] = {}
        x = rows[0].s["x"]
        self.by_x = torch.zeros(len(lengths), len(x), x.shape[-1], dtype=torch.float64, device=x.device)

    def add(self, passed: Passed, some: Targets) -> None:
        if passed.row == INPUT:
            self.by_x[:, passed.step] += self._within(passed, some, passed.here["x"])
        elif passed.to is not None:
            row = self.rows[passed.row]
            same = passed.to[0] is passed.to[1]
            for side, to in enumerate(passed.to):
                at = self.deltas.setdefault((passed.row, side), [None] * len(row))
                place = row.at(passed.step)
                if side and same:
                    at[place] = self.deltas[passed.row, 0][place]
                    continue
                within, before = self._within(passed, some, to), at[place]
                at[place] = within if before is None else before + within
        elif passed.weights is not None:
            held = self.weights.setdefault(passed.row, {})
            for name, weight in passed.weights.items():
                within = self._within(passed, some, weight)
                held[name] = held[name] + within if name in held else within

    def _within(self, passed: Passed, some: Targets, terms: Tensor) -> Tensor:
        """The sum of the terms within each length, [length, …], float64."""
        sums = terms.new_zeros(len(self.lengths), *terms.shape[1:], dtype=torch.float64)
        total, done = sums[0].clone(), 0
        both_ways = any(row.direction for row in self.rows)
        for n in self.order:
            end = len(terms) if both_ways else some.before(passed.step + self.lengths[n]) - passed.first
            if end > done:
                total, done = total + terms[done:end].sum(0, dtype=torch.float64), end
            sums[n] = total
        return sums

    def gradients(self, suffixes: list[str], factor: float) -> list[Gradient]:
        gradients: list[Gradient] = [{} for _ in self.lengths]
        for row in self.rows:
            for name, by_length in (self.weights.get(row.number) or self._of_row(row)).items():
                for gradient, value in zip(gradients, by_length, strict=True):
                    gradient[f"{name}{suffixes[row.number]}"] = value / factor
        return gradients

    def _of_row(self, row: Row) -> Signals:
        """The gradient by each weight [length, …], from the summed δ of each step and what entered there."""
        gradient: Signals = {}
        for side, (end, entered) in enumerate((("ih", row.s["x"]), ("hh", row.s["h_prev"]))):
            at = self.deltas[row.number, side]
            size = next(delta for delta in at if delta is not None)
            delta = torch.stack([torch.zeros_like(size) if one is None else one for one in at], 1)  # [length, step, …]
            gradient[f"weight_{end}"] = delta.transpose(1, 2) @ entered[:, 0].double()
            gradient[f"bias_{end}"] = delta.sum(1)
        return gradient


def norm_of(gradient: Mapping[str, Tensor]) -> float:
    """The Euclidean norm of all entries together, in float64."""
    return math.sqrt(sum(float(value.double().square().sum()) for value in gradient.values()))


def lost(whole: Mapping[str, Tensor], part: Mapping[str, Tensor]) -> float:
    """‖whole - part‖ / ‖whole‖; NaN if the gradient is 0."""
    size = norm_of(whole)
    return (
        norm_of({name: value.double() - part[name].double() for name, value in whole.items()}) / size
        if size
        else math.nan
    )


def angle(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Angle between two gradients, in degrees, 0 to 180; NaN if one of them is 0 or not finite.

    By the arctangent of chords: the arccosine of a number near 1 would lose half of the digits.
    """
    sizes = norm_of(one), norm_of(other)
    if not all(size > 0 and math.isfinite(size) for size in sizes):
        return math.nan
    a, b = ({n: v.double() / size for n, v in g.items()} for g, size in zip((one, other), sizes, strict=True))
    apart, together = norm_of({name: a[name] - b[name] for name in a}), norm_of({name: a[name] + b[name] for name in a})
    return math.degrees(2 * math.atan2(apart, together))
