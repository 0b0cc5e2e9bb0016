"""Per-step gradients: the total derivative of one number by every signal at every step.

Two ways to the same numbers: the cell's own reverse sweep where it has one, else autograd through the taps of an unrolled reading.
Neither calls `.backward()`, so no `.grad` of a shared model is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from explorer.backend.back import carried_back, rows_of, seeds_at_top, walking
from explorer.backend.device import flushed_denormals
from explorer.backend.edits import PREV
from explorer.backend.forward import States, TapAt, in_order, previous, read, zero_states
from explorer.backend.surgery import then
from explorer.cells import Cell, Signals, Stack, Tap


@dataclass(frozen=True)
class OfTop:
    """An objective that looks at the top layer's output only: `score` takes [step, directions*unit] to one number."""

    score: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class OfState:
    """The objective is one unit's h or c itself, in one row at one step."""

    name: str
    row: int
    step: int
    unit: int


Objective = OfTop | OfState

CARRIED = "state"
"""The name of all that a step hands to the next one."""
HEADROOM = 2.0**64
"""Factor of the objective on the way back, so that gradients near float32's smallest normal number stay far from it."""


def gradients(
    stack: Stack, x: Tensor, objective: Objective, initial: States | None = None, edited: TapAt | None = None
) -> list[Signals]:
    """d objective / d signal for every row: a dict a row, name -> [step, unit]; `x` [step, input] among the first row's.

    x [step, 1, input]. With `edited` taps, of the edited reading, by each signal as it left them: what they let not through has no part
    in it. A gradient above the floor (the smallest normal number) has the precision of its dtype. Denormals are flushed
    on the way back, which on its own would cost the last decades above the floor: whatever they add up to would be missing there. So
    the way back runs with headroom, a power of two and therefore exact; without it where the gradient is so large that it overflows.
    """
    initial = initial or zero_states(stack, 1)
    return _with_headroom(lambda factor: _times(factor, stack, x, objective, initial, edited))


def by_carried_state(
    stack: Stack, x: Tensor, objective: Objective, initial: States | None = None, edited: TapAt | None = None
) -> list[Signals]:
    """Compute d objective / d state for every row, each state a variable of its own: a dict a row, state -> [step, unit].

    A step hands its states to the next one. Here each of them counts by what the later steps, the layer above and the readout
    make of it; the way from c_t to h_t inside the step is not counted, since h_t is counted itself.
    """
    initial = initial or zero_states(stack, 1)

    def times(factor: float) -> list[Signals]:
        rows = rows_of(stack, x, initial, edited)
        if isinstance(objective, OfTop):
            seeds = seeds_at_top(rows[-stack.directions :], lambda h: factor * objective.score(h))
        else:
            seed = torch.zeros_like(rows[objective.row].s[objective.name][:, 0])
            seed[objective.step, objective.unit] = factor
            seeds = {(objective.row, objective.name): seed}
        with walking():
            carried = carried_back(rows, seeds)
        return [{name: signals[name] for name in handed_on(stack.cell)} for signals in carried]

    return _with_headroom(times)


def handed_on(cell: Cell) -> tuple[str, ...]:
    """The states of the carried-state gradient: all that a step hands to the next one, and h, which the readout reads (a Jordan network
    hands on y alone)."""
    return tuple(name for name in cell.State._fields if name == "h" or name in cell.carried)


def _with_headroom(times: Callable[[float], list[Signals]]) -> list[Signals]:
    """The gradients by a way back with headroom; by one without it where they overflow."""
    with flushed_denormals():
        rows = times(HEADROOM)
    rows = [{name: values / HEADROOM for name, values in signals.items()} for signals in rows]
    if torch.stack([values.sum() for signals in rows for values in signals.values()]).isfinite().all():
        return rows
    with flushed_denormals():
        return times(1.0)


def _times(
    factor: float, stack: Stack, x: Tensor, objective: Objective, initial: States, edited: TapAt | None
) -> list[Signals]:
    """`factor` times the gradients, by the sweeps where every cell has one; a sweep knows nothing of edits."""
    rows = None if edited else _by_sweep(factor, stack, x, objective, initial)
    return rows if rows is not None else _by_autograd(factor, stack, x, objective, initial, edited)


def _by_sweep(factor: float, stack: Stack, x: Tensor, objective: Objective, initial: States) -> list[Signals] | None:
    with torch.inference_mode():
        rows = read(stack, x, initial)
    into_h, into_c = _seeds(factor, stack, rows, objective)
    grads: list[Signals] = [{} for _ in rows]
    layers = list(stack.layers())
    with torch.inference_mode():
        for layer in reversed(range(len(layers))):
            first, into_x = layer * stack.directions, x.new_zeros(())
            for direction, cell in enumerate(layers[layer]):
                row = first + direction
                states = {name: values[row] for name, values in initial.items()}
                swept = _sweep_row(cell, direction, rows[row], states, into_h[row], into_c[row])
                if swept is None:
                    return None
                into_x = into_x + swept.pop("x")
                grads[row] = swept
            if layer == 0:
                grads[0]["x"] = into_x
            else:  # a layer reads the h of the layer below, both directions side by side
                for below, part in enumerate(into_x.chunk(stack.directions, -1), first - stack.directions):
                    into_h[below] = into_h[below] + part
    return [{name: values[:, 0] for name, values in signals.items()} for signals in grads]


def _seeds(
    factor: float, stack: Stack, rows: list[Signals], objective: Objective
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Direct gradient of the objective by each row's h and c: [step, 1, unit] a row, None for a c that it does not
    depend on."""
    into_h = [torch.zeros_like(signals["h"]) for signals in rows]
    into_c: list[Tensor | None] = [None] * len(rows)
    if isinstance(objective, OfTop):
        with torch.enable_grad():
            top = torch.cat([signals["h"][:, 0] for signals in rows[-stack.directions :]], -1).clone().requires_grad_()
            (seed,) = torch.autograd.grad(factor * objective.score(top), top)
        into_h[-stack.directions :] = [part[:, None] for part in seed.chunk(stack.directions, -1)]
        return into_h, into_c
    seed = torch.zeros_like(into_h[objective.row])
    seed[objective.step, 0, objective.unit] = factor
    if objective.name == "h":
        into_h[objective.row] = seed
    else:
        into_c[objective.row] = seed
    return into_h, into_c


def _sweep_row(
    cell: Cell, direction: int, signals: Signals, initial: Signals, into_h: Tensor, into_c: Tensor | None
) -> Signals | None:
    """The cell's own sweep over one row, at the steps of the tokens; None where the cell has none."""
    s = {name: in_order(values, direction) for name, values in signals.items()}
    s |= {f"{name}_prev": previous(s[name], first) for name, first in initial.items()}
    swept = cell.sweep(s, in_order(into_h, direction), None if into_c is None else in_order(into_c, direction))
    return swept and {name: in_order(values, direction) for name, values in swept.items()}


@dataclass
class _Tape:
    """Collector of the values that pass the taps, for autograd."""

    values: dict[tuple[int, str], dict[int, Tensor]] = field(default_factory=dict)

    def tap_at(self, row: int, step: int) -> Tap:
        def tap(name: str, value: Tensor) -> Tensor:
            if name.endswith(PREV):  # it was recorded as the state after the step before
                return value
            if not value.requires_grad:  # what depends on nothing, as a clock, has an effect all the same
                value = value.detach().requires_grad_()
            self.values.setdefault((row, name), {})[step] = value
            return value

        return tap


def _by_autograd(
    factor: float, stack: Stack, x: Tensor, objective: Objective, initial: States, edited: TapAt | None
) -> list[Signals]:
    tape = _Tape()
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        rows = read(stack, x, initial, tap_at=then(edited, tape.tap_at))
        if isinstance(objective, OfTop):
            target = objective.score(torch.cat([signals["h"][:, 0] for signals in rows[-stack.directions :]], -1))
        else:
            target = tape.values[objective.row, objective.name][objective.step][0, objective.unit]
    where = [(row, name, step) for (row, name), steps in tape.values.items() for step in sorted(steps)]
    leaves = [tape.values[row, name][step] for row, name, step in where]
    by_x, *by_state = torch.autograd.grad(factor * target, [x, *leaves], allow_unused=True, materialize_grads=True)
    by = dict(zip(where, by_state, strict=True))
    grads: list[Signals] = [{} for _ in rows]
    for (row, name), steps in tape.values.items():
        grads[row][name] = torch.stack([by[row, name, step] for step in sorted(steps)])[:, 0]
    grads[0]["x"] = by_x[:, 0]
    return grads
