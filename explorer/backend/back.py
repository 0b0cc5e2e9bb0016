"""Many targets carried back through a stack at once, step by step: the base of the gradient matrix, the Jacobians and the itemised
gradients.

Nothing of the size [step, step, unit] is kept: the caller uses each step as the walk passes it. A walk runs under `walking()`.
"""

from __future__ import annotations

import copy
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from explorer.backend.device import flushed_denormals
from explorer.backend.forward import States, TapAt, in_order, previous, read, zero_states
from explorer.cells import Cell, Signals, Stack, untapped

Progress = Callable[[float], None]
"""Called periodically with the fraction done (0 to 1). An exception raised here cancels the computation."""

INPUT = -1
"""Row number of x itself."""
HELD = 2**24
"""Most numbers that a walk may hold when it has to keep every step of its targets."""
PACE = 0.1
"""Seconds between two reports of progress."""


@dataclass(frozen=True)
class Targets:
    """Targets to carry back, each at one step, the earliest first.

    steps  of each target
    seeds  (row, state) -> [target, unit]: the derivative of each target by that state at its step
    """

    steps: list[int]
    seeds: dict[tuple[int, str], Tensor]

    def __len__(self) -> int:
        return len(self.steps)

    def times(self, factor: float) -> Targets:
        """The targets `factor` times as large."""
        return replace(self, seeds={where: seed * factor for where, seed in self.seeds.items()})

    def only(self, chosen: list[int]) -> Targets:
        """Some of them, by their numbers, in rising order."""
        seeds = {where: seed[chosen] for where, seed in self.seeds.items()}
        return Targets([self.steps[n] for n in chosen], seeds)

    def joined(self, step: int) -> slice:
        """Targets at this step."""
        return slice(self.before(step), self.before(step + 1))

    def before(self, step: int) -> int:
        """Number of targets with an earlier step."""
        return bisect_left(self.steps, step)


class Passed(NamedTuple):
    """The targets from `first` on as they pass one row at one step: total derivatives, [target, …] each, valid until the next one.

    row       counted as a trace counts it; INPUT: `here` holds those by x
    step      of the token
    by        by the row's states, each taken as a variable of its own
    here      by the same states, all paths included
    to        by W_ih x + b_ih and by W_hh h + b_hh, with `weights` and a step back that is written by hand
    weights   by each of the row's parameters, with `weights` and any other step back
    """

    row: int
    step: int
    first: int
    by: Signals
    here: Signals
    to: tuple[Tensor, Tensor] | None = None
    weights: Signals | None = None


class _Moved(NamedTuple):
    """One step back over one row."""

    before: Signals
    here: Signals
    x: Tensor | None
    below: Signals
    to: tuple[Tensor, Tensor] | None = None
    weights: Signals | None = None


class Row:
    """A cell and its recorded signals, in reading order; carries targets back over one of its steps."""

    def __init__(
        self,
        number: int,
        direction: int,
        cell: Cell,
        x: Tensor,
        signals: Signals,
        first: Signals,
        under: Signals | None = None,
        edited: TapAt | None = None,
    ) -> None:
        """x, signals and those of the row below, if it looks at them, [step, 1, …] are at the steps of the tokens, first {state: [1, unit]}
        before the first step. With the taps of an edited reading each step back is the edited step's."""
        self.number, self.direction, self.cell = number, direction, cell
        self.s: Signals = {name: in_order(values, direction) for name, values in signals.items()}
        self.s |= {f"{name}_prev": previous(self.s[name], state) for name, state in first.items()}
        self.s["x"] = in_order(x, direction)
        self.states = tuple(first)
        for name in cell.reads_below:
            values = torch.zeros_like(signals[name]) if under is None else under[name]
            self.s[f"{name}_below"] = in_order(values, direction)
        self._by_hand = None if edited else cell.backwards(self.s)
        self._general = None if self._by_hand else _FromStep(self, edited)

    def __len__(self) -> int:
        return len(self.s["h"])

    @property
    def by_hand(self) -> bool:
        """True if the row's step back is written by hand."""
        return self._by_hand is not None

    def at(self, step: int) -> int:
        """The place in the reading order of a token's step, and the other way round."""
        return len(self) - 1 - step if self.direction else step

    def carried(self, targets: int) -> Signals:
        """Zeros for so many targets, by each state: [target, unit]."""
        return {name: self.s[name].new_zeros(targets, self.s[name].shape[-1]) for name in self.states}

    def back(self, place: int, d: Signals, x: bool, weights: bool) -> _Moved:
        """Carry `d` back over the step at `place` of the reading order; derivatives by x and by the weights only on
        request."""
        if self._by_hand is None:
            assert self._general is not None
            return self._general(place, d, weights)
        moved = self._by_hand(place, d, x or weights)
        if moved.to_input is None or moved.to_recurrent is None:
            return _Moved(moved.before, moved.here, None, {})
        by_x = moved.to_input @ self.cell.weight_ih if x else None
        return _Moved(moved.before, moved.here, by_x, {}, (moved.to_input, moved.to_recurrent))


class _FromStep:
    """One step back for every cell, by autograd over its own `step` with a batch of one."""

    def __init__(self, row: Row, edited: TapAt | None) -> None:
        # A copy, since asking for gradients by the weights must not touch those that other sessions read with.
        self.cell, self.s, self.states = copy.deepcopy(row.cell).requires_grad_(), row.s, row.states
        self.weights = dict(self.cell.named_parameters())
        self.row, self.edited = row, edited

    def __call__(self, place: int, d: Signals, weights: bool) -> _Moved:
        with torch.enable_grad():
            x = self._leaf("x", place)
            before = {name: self._leaf(f"{name}_prev", place) for name in self.states}
            below = {name: self._leaf(f"{name}_below", place) for name in self.cell.reads_below}
            under = self.cell.initial_state(1)._replace(**below) if below else None
            tap = self.edited(self.row.number, self.row.at(place)) if self.edited else untapped
            entered = {name: tap(f"{name}_prev", value) for name, value in before.items()}
            after = self.cell.step(x, self.cell.State(**entered), tap, under)
            here = {name: getattr(after, name) for name in self.states}
            outputs = {name: value for name, value in here.items() if value.requires_grad}
            leaves = {"x": x}
            leaves |= {f"before {name}": leaf for name, leaf in before.items()}
            leaves |= {f"below {name}": leaf for name, leaf in below.items()}
            leaves |= {f"here {name}": value for name, value in outputs.items()}
            leaves |= {f"weight {name}": weight for name, weight in self.weights.items()} if weights else {}
            grads = torch.autograd.grad(
                list(outputs.values()),
                list(leaves.values()),
                [d[name][:, None] for name in outputs],  # [target, 1, unit]
                allow_unused=True,
                is_grads_batched=True,
            )
        batch = len(next(iter(d.values())))
        by = {
            name: value.new_zeros(batch, *value.shape) if grad is None else grad
            for (name, value), grad in zip(leaves.items(), grads, strict=True)
        }
        return _Moved(
            {name: by[f"before {name}"][:, 0] for name in self.states},
            {name: by[f"here {name}"][:, 0] if name in outputs else d[name] for name in self.states},
            by["x"][:, 0],
            {name: by[f"below {name}"][:, 0] for name in self.cell.reads_below},
            weights={name: by[f"weight {name}"] for name in self.weights} if weights else None,
        )

    def _leaf(self, name: str, place: int) -> Tensor:
        return self.s[name][place].detach().clone().requires_grad_()


@contextmanager
def walking() -> Iterator[None]:
    """Context for a walk: autograd records nothing, and denormals count as 0."""
    with torch.no_grad(), flushed_denormals():
        yield


def rows_of(stack: Stack, x: Tensor, initial: States | None = None, edited: TapAt | None = None) -> list[Row]:
    """The rows of a stack that has read x [step, 1, input], through the taps of an edited reading if there are any."""
    initial = initial or zero_states(stack, 1)
    with torch.no_grad():
        read_rows = read(stack, x, initial, edited)
        rows: list[Row] = []
        for layer in stack.layers():
            first = len(rows)
            for direction, cell in enumerate(layer):
                row = len(rows)
                states = {name: values[row] for name, values in initial.items()}
                under = read_rows[row - len(layer)] if row >= len(layer) else None
                rows.append(Row(row, direction, cell, x, read_rows[row], states, under, edited))
            x = torch.cat([read_rows[row][stack.cell.upward] for row in range(first, len(rows))], -1)
    return rows


def seeds_at_top(top: list[Row], score: Callable[[Tensor], Tensor]) -> dict[tuple[int, str], Tensor]:
    """(row, "h") -> [step, unit]: the derivative of `score`, which takes the top layer's h [step, directions*unit] to one number, by the h
    of each of its rows."""
    with torch.enable_grad():
        h = torch.cat([in_order(row.s["h"][:, 0], row.direction) for row in top], -1).detach().clone().requires_grad_()
        (seed,) = torch.autograd.grad(score(h), h)
    return {(row.number, "h"): part for row, part in zip(top, seed.chunk(len(top), -1), strict=True)}


def walk(
    rows: list[Row], targets: Targets, lowest: int = 0, *, weights: bool = False, progress: Progress | None = None
) -> Iterator[Passed]:
    """Carry the targets back through all rows from the highest that they touch to row `lowest` (INPUT: to x), from the last step to
    the first. With `weights` a row without a step back of its own gives the derivatives by its parameters."""
    touched = {row for row, _ in targets.seeds}
    if touched == {lowest} and not rows[lowest].direction:  # a row's states depend on each other by that row alone
        yield from _down([rows[lowest]], targets, False, weights, paced(progress))
        return
    highest = max(touched)
    directions = 1 + any(row.direction for row in rows)
    bottom = max(lowest, 0) // directions * directions
    used = rows[bottom : (highest // directions + 1) * directions]
    report = paced(progress)
    if directions == 1:
        yield from _down(used, targets, lowest == INPUT, weights, report)
    else:
        yield from _across(used, targets, lowest == INPUT, weights, report)


def along(row: Row, targets: Targets, progress: Progress | None = None) -> Iterator[Passed]:
    """Carry targets in one row back along that row alone, in its own order of reading: the effect of a state on later states of the same
    row. The targets have one step, that of the token."""
    places = replace(targets, steps=[row.at(step) for step in targets.steps])
    for passed in _down([row], places, False, False, paced(progress)):
        yield passed._replace(step=row.at(passed.step))


def _down(rows: list[Row], targets: Targets, to_x: bool, weights: bool, report: Progress) -> Iterator[Passed]:
    """Layers that read in one order: at each step from the top layer to the bottom. Targets that have not been met yet are no work."""
    carried = [row.carried(len(targets)) for row in rows]
    where = {row.number: n for n, row in enumerate(rows)}
    last = targets.steps[-1]
    work = sum(step + 1 for step in targets.steps)
    done = 0
    for t in range(last, -1, -1):
        joined = targets.joined(t)
        first = joined.start
        for (row, name), seed in targets.seeds.items():
            carried[where[row]][name][joined] += seed[joined]
        above: Tensor | None = None
        looked: Signals = {}
        for n in range(len(rows) - 1, -1, -1):
            d = {name: values[first:] for name, values in carried[n].items()}
            if above is not None:
                d[rows[n].cell.upward] += above
            for name, by in looked.items():
                d[name] += by
            moved = rows[n].back(t, d, n > 0 or to_x, weights)
            yield Passed(rows[n].number, t, first, d, moved.here, moved.to, moved.weights)
            above, looked = moved.x, moved.below
            for name, values in moved.before.items():
                d[name].copy_(values)
        if to_x:
            assert above is not None
            yield Passed(INPUT, t, first, {"x": above}, {"x": above})
        done += len(targets) - first
        report(done / work)


def _across(rows: list[Row], targets: Targets, to_x: bool, weights: bool, report: Progress) -> Iterator[Passed]:
    """Layers that read both ways: a layer needs the one above at every step, so each is walked to its end, a block of targets at once."""
    steps, width = len(rows[0]), max(row.s["x"].shape[-1] + row.s["h"].shape[-1] for row in rows)
    block = max(1, HELD // (steps * width * 2))
    done, work = 0, len(targets) * len(rows) * steps
    for start in range(0, len(targets), block):
        some = targets.only(list(range(start, min(start + block, len(targets)))))
        into = {
            (row.number, name): row.s["h"].new_zeros(steps, len(some), row.s[name].shape[-1])
            for row in rows
            for name in {row.cell.upward, *row.cell.reads_below}
        }
        for n in range(len(rows) - 2, -1, -2):
            needs_x = n > 0 or to_x
            into_x = rows[n].s["x"].new_zeros(steps, len(some), rows[n].s["x"].shape[-1])
            for row in rows[n : n + 2]:
                carried = row.carried(len(some))
                for place in range(steps - 1, -1, -1):
                    t = row.at(place)
                    joined = some.joined(t)
                    for (number, name), seed in some.seeds.items():
                        if number == row.number:
                            carried[name][joined] += seed[joined]
                    for (number, name), by in into.items():
                        if number == row.number:
                            carried[name] += by[t]
                    moved = row.back(place, carried, needs_x, weights)
                    yield Passed(row.number, t, start, carried, moved.here, moved.to, moved.weights)
                    if moved.x is not None and needs_x:
                        into_x[t] += moved.x
                    for name, by in moved.below.items() if n else ():
                        into[row.number - 2, name][t] += by
                    carried = {name: values.clone() for name, values in moved.before.items()}
                    done += len(some)
                    report(done / work)
            if n:
                for row, part in zip(rows[n - 2 : n], into_x.chunk(2, -1), strict=True):
                    into[row.number, row.cell.upward] += part
            elif to_x:
                for t, by_x in enumerate(into_x):
                    yield Passed(INPUT, t, start, {"x": by_x}, {"x": by_x})


def carried_back(rows: list[Row], seeds: dict[tuple[int, str], Tensor]) -> list[Signals]:
    """Carry one objective back through all rows: its derivative by each row's states, {state: [step, unit]}, each state taken as a
    variable of its own. Call it under `walking()`.

    seeds   (row, state) -> [step, unit]: the derivative of the objective by that state, at the steps of the tokens
    """
    into = {(row.number, name): torch.zeros_like(row.s[name][:, 0]) for row in rows for name in row.states}
    for where, seed in seeds.items():
        into[where] += seed
    directions = 1 + any(row.direction for row in rows)
    carried_by_row: list[Signals] = [{} for _ in rows]
    for bottom in range(len(rows) - directions, -1, -directions):
        layer = rows[bottom : bottom + directions]
        into_x = torch.zeros_like(layer[0].s["x"][:, 0])
        for row in layer:
            by, carried = carried_by_row[row.number], row.carried(1)
            by |= {name: torch.empty_like(into[row.number, name]) for name in row.states}
            for place in range(len(row) - 1, -1, -1):
                t = row.at(place)
                d = {name: values + into[row.number, name][t] for name, values in carried.items()}
                for name, values in d.items():
                    by[name][t] = values[0]
                moved = row.back(place, d, bottom > 0, False)
                if moved.x is not None and bottom:
                    into_x[t] += moved.x[0]
                for name, values in moved.below.items() if bottom else ():
                    into[row.number - directions, name][t] += values[0]
                carried = moved.before
        for row, part in zip(rows[bottom - directions : bottom], into_x.chunk(directions, -1), strict=False):
            into[row.number, row.cell.upward] += part
    return carried_by_row


def paced(progress: Progress | None) -> Progress:
    """`progress`, called now and then and at the end; a function that does nothing if it is None."""
    if progress is None:
        return lambda share: None
    last = time.monotonic()

    def report(share: float) -> None:
        nonlocal last
        if share >= 1 or time.monotonic() - last >= PACE:
            last = time.monotonic()
            progress(min(share, 1.0))

    return report
