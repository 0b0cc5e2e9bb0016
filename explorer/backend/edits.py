"""Gate surgery: edits of a running cell.

    set_to("f", 0.0, units=3, steps=(10, 10))      # unit 3 forgets at step 10
    freeze("c")                                    # the belt stands still
    set_to("f_pre", 0.0)                           # before the squashing: f becomes σ(0)

An edit changes a quantity as it passes the tap, so whatever the cell computes from it later, in this step and all that follow, is
computed from the new value: where c is changed, h of the same step shows it. Edits are done in the order of the list. Rows, steps and
units count from 0, and negative ones from the end.

A value that is set or patched passes no gradient to what it would have been computed from; a frozen state passes its gradient to the
state before; scaled and noisy ones pass theirs on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from explorer.cells import Cell, Stack
from explorer.signals import PER_UNIT, Array, Trace

Does = Literal["set", "scale", "noise", "freeze", "patch"]
PREV = "_prev"
"""Suffix of a state's name for the state as it enters a step."""
LOOP = "loop"
"""Name of the signal in an edit of all recurrent states; `in_full` replaces it by the cell's own states."""
MARGIN = 0.01
"""Distance beyond a unit's range on a text within which a value still counts as in range: a σ comes near 1 without ever
reaching it."""


@dataclass(frozen=True)
class Edit:
    """One change of one quantity.

    signal  what is changed: a recorded name, "f" (after the squashing), "f_pre" (before it), "c", …; or "<state>_prev", the state as it
            enters a step; or "loop", each state that comes back as it enters a step
    does    "set"     it becomes `value`
            "scale"   it is multiplied by `value`
            "noise"   normal noise is added, of standard deviation `value`, drawn by `seed` for each row, step and unit
            "freeze"  a state keeps the value with which it entered the step
            "patch"   it becomes `values`, one for each of `units`, or for each unit that there is
    units   which units; None: all
    layer   which row, as traces count them; None: all
    steps   from the first to the last of them, both included; None: all
    name    what a person calls it

    Raises ValueError for what makes no sense in any network.
    """

    signal: str
    does: Does
    value: float = 0.0
    units: tuple[int, ...] | None = None
    layer: int | None = None
    steps: tuple[int, int] | None = None
    seed: int = 0
    values: tuple[float, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        put = object.__setattr__  # the one place that may fill a frozen dataclass
        put(self, "value", float(self.value))
        put(self, "values", tuple(map(float, self.values)))
        if self.units is not None:
            put(self, "units", tuple(map(int, self.units)))
        if self.steps is not None:
            put(self, "steps", tuple(map(int, self.steps)))
        if wrong := self._nonsense():
            raise ValueError(f"{self}: {wrong}")

    def _nonsense(self) -> str:
        if self.does not in get_args(Does):
            return f"unknown edit {self.does!r}; choose from {', '.join(get_args(Does))}"
        if not all(map(math.isfinite, (self.value, *self.values))):
            return "its value is not a finite number"
        if self.units is not None and len(set(self.units)) != len(self.units):
            return "it names a unit twice"
        if self.units == ():
            return "it names no unit"
        if self.steps is not None and len(self.steps) != 2:
            return "its steps are a first and a last one"
        if self.does == "noise" and (self.value < 0 or self.seed < 0):
            return "the size of noise and its seed are 0 or more"
        if self.does == "patch" and len(self.values) != len(self.units or self.values or (0,)):
            return f"{len(self.values)} values are given for {len(self.units or ())} units"
        if self.does != "patch" and self.values:
            return "only a patch has values, one a unit"
        return ""

    def __str__(self) -> str:
        return self.name or words(self)


def set_to(
    signal: str,
    value: float,
    *,
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    steps: int | tuple[int, int] | None = None,
    name: str = "",
) -> Edit:
    """Clamps a signal; holds a gate open (1) or shut (0)."""
    return Edit(signal, "set", value, _units(units), layer, _steps(steps), name=name)


def scale(
    signal: str,
    factor: float,
    *,
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    steps: int | tuple[int, int] | None = None,
    name: str = "",
) -> Edit:
    """Multiplies a signal."""
    return Edit(signal, "scale", factor, _units(units), layer, _steps(steps), name=name)


def noise(
    signal: str,
    size: float,
    *,
    seed: int = 0,
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    steps: int | tuple[int, int] | None = None,
    name: str = "",
) -> Edit:
    """Add normal noise of that standard deviation. The same seed gives a unit the same noise, whichever units are
    chosen."""
    return Edit(signal, "noise", size, _units(units), layer, _steps(steps), seed, name=name)


def freeze(
    state: str,
    *,
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    steps: int | tuple[int, int] | None = None,
    name: str = "",
) -> Edit:
    """Freeze a state at the value with which it entered the step."""
    return Edit(state, "freeze", 0.0, _units(units), layer, _steps(steps), name=name)


def patch(
    state: str,
    values: Any,
    *,
    at: int | tuple[int, int],
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    name: str = "",
) -> Edit:
    """Set a state (or another signal) to these values at step `at`, one a unit."""
    return Edit(state, "patch", 0.0, _units(units), layer, _steps(at), values=tuple(np.ravel(values)), name=name)


def transplant(
    donor: Trace,
    *,
    since: int,
    at: int,
    states: Sequence[str] | None = None,
    units: int | Iterable[int] | None = None,
    layer: int | None = None,
    name: str = "",
) -> list[Edit]:
    """The states of another reading after its step `since`, patched in at step `at`; all states of all rows where none are named."""
    rows = range(donor.rows) if layer is None else [range(donor.rows)[layer]]
    chosen = _units(units)
    return [
        patch(
            state,
            donor[state][row, since] if chosen is None else donor[state][row, since][list(chosen)],
            at=at,
            units=chosen,
            layer=row,
            name=name,
        )
        for row in rows
        for state in (states or donor.initial)
    ]


def erase(
    units: int | Iterable[int], *, states: Sequence[str] = ("c", "h"), layer: int | None = None, name: str = ""
) -> list[Edit]:
    """Hold the memory of units at 0 after every step; `memories` names the states of a cell."""
    return [set_to(state, 0.0, units=units, layer=layer, name=name) for state in states]


def cut_loop(name: str = "") -> Edit:
    """Set every recurrent state to 0 as it enters a step, so that no gate depends on earlier steps: h, or the state
    that a cell feeds back in its place, as a Jordan network's y. A belt of its own, c, is carried on."""
    return set_to(LOOP, 0.0, name=name)


def loop_of(cell: Cell) -> tuple[str, ...]:
    """The states by which a step hears of the step before: all that are carried on but a belt beside h."""
    belts = {belt.state for belt in cell.belts} - {"h"}
    return tuple(state for state in cell.carried if state not in belts)


def in_full(edits: Iterable[Edit], cell: Cell) -> tuple[Edit, ...]:
    """The edits with the cut of the loop as an edit of each state that comes back in this cell."""
    full: list[Edit] = []
    for edit in edits:
        states = loop_of(cell) if edit.signal == LOOP else ()
        full += [replace(edit, signal=f"{state}{PREV}") for state in states] or [edit]
    return tuple(full)


def untouched() -> Edit:
    """Edit that changes nothing: the original reading on the path of the edited ones, to compare them with to the last
    bit."""
    return scale("h", 1.0)


def memories(cell: Cell) -> tuple[str, ...]:
    """States that are a unit's memory: no clock, no gate that is fed back, no output of another width."""
    of = {signal.name: signal for signal in cell.signals}
    signals = [of[name] for name in cell.State._fields if of[name].role in ("belt", "hidden")]
    return tuple(signal.name for signal in signals if signal.dims == PER_UNIT)


def words(edit: Edit, first: int = 0) -> str:
    """An edit in words. `first` is how the first step is called: 0 in Python, 1 on the screen."""
    verb = {
        "set": f"set to {edit.value:g}",
        "scale": f"times {edit.value:g}",
        "noise": f"with noise of {edit.value:g}",
        "freeze": "frozen",
        "patch": "patched",
    }
    parts = [f"{edit.signal} {verb.get(edit.does, edit.does)}"]
    if edit.units is not None:
        parts.append(f"unit{'s' * (len(edit.units) > 1)} {', '.join(map(str, edit.units))}")
    if edit.layer is not None:
        parts.append(f"layer {edit.layer}")
    if edit.steps is not None:
        a, b = (_called(step, first) for step in (edit.steps[0], edit.steps[-1]))
        parts.append(f"step {a}" if a == b else f"steps {a} to {b}")
    return ", ".join(parts)


def check(edits: Sequence[Edit], network: Cell | Stack, steps: int, first: int = 0) -> list[str | None]:
    """Reason why an edit cannot be done in this network on a text of so many steps, for each edit; None if it can.
    `first` is the number of the first step: 0 in Python, 1 on the screen."""
    stack = Stack.of(network) if isinstance(network, Cell) else network
    reasons = [[_reason(one, stack, steps, first) for one in in_full([edit], stack.cell)] for edit in edits]
    return [next((reason for reason in of_one if reason), None) for of_one in reasons]


def _reason(edit: Edit, stack: Stack, steps: int, first: int) -> str | None:
    cell, rows = stack.cell, len(stack.rows)
    there = [signal.name for signal in cell.recorded]
    entering = [f"{state}{PREV}" for state in cell.State._fields]
    if edit.signal not in (*there, *entering):
        return f"{cell.name} has no {edit.signal!r}; it has {', '.join((*there, *entering))}"
    if edit.does == "freeze" and edit.signal not in cell.State._fields:
        return f"{edit.signal} is not carried from step to step; {', '.join(cell.State._fields)} can be frozen"
    width = width_of(edit.signal, cell)
    for unit in edit.units or ():
        if not -width <= unit < width:
            return f"there is no unit {unit}: {edit.signal} has units 0 to {width - 1}"
    if edit.does == "patch" and edit.units is None and len(edit.values) != width:
        return f"{edit.signal} has {width} units, but {len(edit.values)} values are given"
    if edit.layer is not None and not -rows <= edit.layer < rows:
        return (
            f"there is no layer {edit.layer}: the layers are 0 to {rows - 1}" if rows > 1 else "there is one layer, 0"
        )
    for step in edit.steps or ():
        if not -steps <= step < steps:
            return f"step {_called(step, first)} is beyond the text, whose last one is {steps - 1 + first}"
    if edit.steps is not None and edit.steps[0] % steps > edit.steps[1] % steps:
        return f"no step lies from {_called(edit.steps[0], first)} to {_called(edit.steps[1], first)}"
    return None


def width_of(signal: str, cell: Cell) -> int:
    """Number of units of a signal: the cell's, unless it belongs to a state of another width."""
    widths = {name: values.shape[-1] for name, values in cell.initial_state(1)._asdict().items()}
    width: int = widths.get(signal.removesuffix(PREV).removesuffix("_pre"), cell.hidden_size)
    return width


def outside(trace: Trace, edit: Edit) -> bool:
    """True if a set or patched value lies outside the range of one of its units on this text, by more than MARGIN."""
    if edit.does not in ("set", "patch") or edit.signal == LOOP:  # a first step begins with 0
        return False
    entering = edit.signal.endswith(PREV)
    values = trace.previous(edit.signal.removesuffix(PREV)) if entering else trace[edit.signal]
    values = values if edit.layer is None else values[edit.layer][None]
    values = values if edit.units is None else values[:, :, list(edit.units)]
    low, high = np.nanmin(values, axis=1) - MARGIN, np.nanmax(values, axis=1) + MARGIN  # [row, unit]
    edited: Array = np.asarray(edit.values if edit.does == "patch" else edit.value)
    return bool(((edited < low) | (edited > high)).any())


def checked_edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits as a tuple. Raises ValueError for anything that is not an Edit."""
    checked = tuple(edits)
    for edit in checked:
        if not isinstance(edit, Edit):
            raise ValueError(f"{edit!r} is not an edit; explorer.edits makes them: set_to, scale, noise, freeze, patch")
    return checked


def _called(step: int, first: int) -> int:
    return step + first if step >= 0 else step


def _units(units: int | Iterable[int] | None) -> tuple[int, ...] | None:
    if units is None:
        return None
    return tuple(units) if isinstance(units, Iterable) else (units,)


def _steps(steps: int | tuple[int, int] | None) -> tuple[int, int] | None:
    return (steps, steps) if isinstance(steps, int | np.integer) else steps
