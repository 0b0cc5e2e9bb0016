"""The forward pass, with every intermediate.

Two ways to the same numbers: `unroll` takes the cell's `step` token by token; `replay` lets a fused kernel of torch find h, then calls
that same `step` once with time as the batch, and scans the belt. Tensors are [step, batch, unit] here, states {name: [row, batch, unit]}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explorer.cells import Cell, Signals, Stack, Tap, untapped

TapAt = Callable[[int, int], Tap]
"""The tap for (row, step), where the step is that of the token."""
States = dict[str, Tensor]


def read(stack: Stack, x: Tensor, initial: States | None = None, tap_at: TapAt | None = None) -> list[Signals]:
    """Every signal of every row: a dict a row, name -> [step, batch, unit], each at the step of the token that it read.

    x [step, batch, input]. With `tap_at` each step is really taken, one by one, through those taps.
    """
    rows: list[Signals] = []
    for cells in stack.layers():
        for direction, cell in enumerate(cells):
            row = len(rows)
            state = _state_of(cell, initial, row, x)
            signals = None if tap_at else replay(cell, in_order(x, direction), state)
            if signals is None:
                steps = range(len(x) - 1, -1, -1) if direction else range(len(x))
                taps = [tap_at(row, step) if tap_at else untapped for step in steps]
                signals = unroll(cell, in_order(x, direction), state, taps)
            rows.append({name: in_order(values, direction) for name, values in signals.items()})
        x = torch.cat([signals["h"] for signals in rows[-len(cells) :]], -1)
    return rows


def run(stack: Stack, x: Tensor, initial: States | None = None) -> tuple[Tensor, States]:
    """The top layer's h, [step, batch, directions*unit], and the last state; differentiable, nothing recorded."""
    last: list[Any] = []
    for cells in stack.layers():
        outputs = []
        for direction, cell in enumerate(cells):
            state = _state_of(cell, initial, len(last), x)
            fused = cell.kernel(in_order(x, direction), state)
            if fused is None:
                hs = []
                for x_t in in_order(x, direction):
                    state = cell.step(x_t, state, untapped)
                    hs.append(state.h)
                fused = torch.stack(hs), state
            outputs.append(in_order(fused[0], direction))
            last.append(fused[1])
        x = torch.cat(outputs, -1)
    return x, {name: torch.stack([getattr(state, name) for state in last]) for name in stack.cell.State._fields}


def unroll(cell: Cell, x: Tensor, state: Any, taps: list[Tap]) -> Signals:
    """The cell's `step`, token by token, each through its own tap."""
    recorded: dict[str, list[Tensor]] = {}

    for x_t, tap in zip(x, taps, strict=True):

        def record(name: str, value: Tensor, tap: Tap = tap) -> Tensor:
            value = tap(name, value)
            recorded.setdefault(name, []).append(value)
            return value

        state = cell.step(x_t, state, record)
    return {name: torch.stack(values) for name, values in recorded.items()}


@torch.no_grad()
def replay(cell: Cell, x: Tensor, state: Any) -> Signals | None:
    """The same signals from a fused kernel and one call of `step` for all steps at once; None where the cell has no kernel.

    The kernel gives h and so h_{t-1}. Every other state is a belt, and `step` is called with zeros in its place, which no gate of a
    cell with a kernel looks at. So what reaches the belt's tap is what each step writes, and the belt is scanned right there.
    """
    fused = cell.kernel(x, state)
    if fused is None:
        return None
    h, _ = fused
    recorded: Signals = {}
    belts = {belt.state: belt for belt in cell.belts if belt.state != "h"}

    def record(name: str, value: Tensor) -> Tensor:
        if name in belts:
            value = scan(belts[name].kept(recorded), value, getattr(state, name))
        recorded[name] = value
        return value

    nothing = h.new_zeros(1)
    cell.step(x, cell.State(**dict.fromkeys(state._fields, nothing) | {"h": previous(h, state.h)}), record)
    return recorded | {"h": h}


def scan(keep: Tensor, write: Tensor, first: Tensor) -> Tensor:
    """state_t = keep_t ⊙ state_{t-1} + write_t from `first` on; all [step, batch, unit], the result too.

    By numpy: on rows this short its calls cost a third of torch's, and a GPU's a hundred times as much as the sums.
    """
    states, state = write.cpu().numpy().copy(), first.cpu().numpy()
    for state_t, keep_t in zip(states, keep.cpu().numpy(), strict=True):
        state_t += keep_t * state
        state = state_t
    return torch.from_numpy(states).to(write.device)


def previous(values: Tensor, first: Tensor) -> Tensor:
    """`values` one step earlier, `first` before them."""
    return torch.cat([first[None], values[:-1]])


def in_order(values: Tensor, direction: int) -> Tensor:
    """[step, …] in the order in which a row reads: direction 1 from the last token to the first. Applied twice, as it was."""
    return values.flip(0) if direction else values


def zero_states(stack: Stack, batch: int) -> States:
    """The states before the first token: zeros."""
    states = [cell.initial_state(batch) for cells in stack.layers() for cell in cells]
    return {name: torch.stack([getattr(state, name) for state in states]) for name in stack.cell.State._fields}


def _state_of(cell: Cell, initial: States | None, row: int, x: Tensor) -> Any:
    if initial is None:
        return cell.initial_state(x.shape[1])
    return cell.State(*(initial[name][row] for name in cell.State._fields))
