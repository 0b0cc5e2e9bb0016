"""The forward pass, with every intermediate.

Two ways to the same numbers: `unroll` takes the cell's `step` token by token; `replay` lets a fused kernel of torch find h, then calls
that same `step` once with time as the batch, and scans the belt. Tensors are [step, batch, unit] here, states {name: [row, batch, unit]}.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor

from explorer.cells import Cell, Signals, Stack, Tap, untapped

TapAt = Callable[[int, int], Tap]
"""The tap for (row, step), where the step is that of the token."""
States = dict[str, Tensor]


def read(stack: Stack, x: Tensor, initial: States | None = None, tap_at: TapAt | None = None) -> list[Signals]:
    """Every signal of every row: a dict a row, name -> [step, batch, unit], each at the step of the token that it read.

    x [step, batch, input]. With `tap_at` each step is really taken, one by one, through those taps, and so does each state as it enters
    a step, by the name of `<state>_prev`.
    """
    rows: list[Signals] = []
    for cells in stack.layers():
        for direction, cell in enumerate(cells):
            row = len(rows)
            state = _state_of(cell, initial, row, x)
            signals = None if tap_at else replay(cell, in_order(x, direction), state)
            if signals is None:
                under = below(cell, rows[row - len(cells)] if row >= len(cells) else None, state, len(x), direction)
                taps = _taps(tap_at, row, direction, len(x))
                signals, _ = unroll(cell, in_order(x, direction), state, under, taps)
            rows.append({name: in_order(values, direction) for name, values in signals.items()})
        x = torch.cat([signals[stack.cell.upward] for signals in rows[-len(cells) :]], -1)
    return rows


def run(stack: Stack, x: Tensor, initial: States | None = None, tap_at: TapAt | None = None) -> tuple[Tensor, States]:
    """The top layer's h, [step, batch, directions*unit], and the last state; differentiable, nothing else recorded."""
    last: list[Any] = []
    rows: list[Signals] = []
    for cells in stack.layers():
        for direction, cell in enumerate(cells):
            row = len(rows)
            state = _state_of(cell, initial, row, x)
            fused = None if tap_at else cell.kernel(in_order(x, direction), state)
            if fused is None:
                under = below(cell, rows[row - len(cells)] if row >= len(cells) else None, state, len(x), direction)
                taps = _taps(tap_at, row, direction, len(x))
                only = {"h", cell.upward, *cell.reads_below}
                signals, state = unroll(cell, in_order(x, direction), state, under, taps, only)
            else:
                signals, state = {"h": fused[0]}, fused[1]
            rows.append({name: in_order(values, direction) for name, values in signals.items()})
            last.append(state)
        x = torch.cat([signals[stack.cell.upward] for signals in rows[-len(cells) :]], -1)
    top = torch.cat([signals["h"] for signals in rows[-stack.directions :]], -1)
    return top, {name: torch.stack([getattr(state, name) for state in last]) for name in stack.cell.State._fields}


def below(cell: Cell, row: Signals | None, state: Any, steps: int, direction: int) -> list[Any] | None:
    """States of the layer below, one a step, in this row's reading order: zeros if there is no layer below, None for a
    cell that does not read it. `state` is one of the row's own, for its sizes."""
    if not cell.reads_below:
        return None
    nothing = cell.State(*(torch.zeros_like(values) for values in state))
    if row is None:
        return [nothing] * steps
    read = {name: in_order(row[name], direction) for name in cell.reads_below}
    return [nothing._replace(**{name: values[t] for name, values in read.items()}) for t in range(steps)]


def unroll(
    cell: Cell,
    x: Tensor,
    state: Any,
    under: list[Any] | None = None,
    taps: list[Tap] | None = None,
    only: Collection[str] | None = None,
) -> tuple[Signals, Any]:
    """Run the cell's `step`, token by token, each with the layer below and through its own tap: the recorded signals
    (`only` these), and the last state."""
    recorded: dict[str, list[Tensor]] = {}

    for t, x_t in enumerate(x):
        tap = taps[t] if taps else untapped

        def record(name: str, value: Tensor, tap: Tap = tap) -> Tensor:
            value = tap(name, value)
            if only is None or name in only:
                recorded.setdefault(name, []).append(value)
            return value

        if taps:
            state = cell.State(*(tap(f"{name}_prev", getattr(state, name)) for name in state._fields))
        state = cell.step(x_t, state, record, under[t] if under else None)
    return {name: torch.stack(values) for name, values in recorded.items()}, state


def _taps(tap_at: TapAt | None, row: int, direction: int, steps: int) -> list[Tap] | None:
    """A row's taps in the order in which it reads."""
    return tap_at and [tap_at(row, step) for step in (range(steps - 1, -1, -1) if direction else range(steps))]


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
            value = scan(belts[name].kept(recorded | {name: value}), value, getattr(state, name))
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
