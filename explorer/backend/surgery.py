"""Edits done: the taps through which an edited reading passes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from explorer.backend.edits import PREV, Edit, check, width_of
from explorer.backend.forward import TapAt
from explorer.cells import Cell, Signals, Stack, Tap, untapped
from explorer.signals import Array


def tap_at(edits: Sequence[Edit], stack: Stack, x: Tensor) -> TapAt | None:
    """The taps that do these edits, in their order, while x [step, batch, input] is read; None where there are none.

    Raises ValueError that names the first edit that cannot be done, and why.
    """
    for edit, reason in zip(edits, check(edits, stack, len(x)), strict=True):
        if reason:
            raise ValueError(f"this edit cannot be done ({edit}): {reason}")
    cuts = [_Cut.of(edit, stack, x) for edit in edits]

    def at(row: int, step: int) -> Tap:
        here = [cut for cut in cuts if cut.row in (None, row) and cut.first <= step <= cut.last]
        if not here:
            return untapped
        entered: Signals = {}

        def tap(name: str, value: Tensor) -> Tensor:
            for cut in here:
                if cut.signal == name:
                    value = cut.done(value, row, step, entered)
            if name.endswith(PREV):
                entered[name] = value
            return value

        return tap

    return at if cuts else None


def within(edits: Sequence[Edit], steps: int, count: int) -> list[Edit]:
    """Edits of a reading of so many steps that fall on its first `count` steps, cut to these."""
    inside = []
    for edit in edits:
        first, last = (step % steps for step in edit.steps or (0, -1))
        if first < count:
            inside.append(replace(edit, steps=(first, min(last, count - 1))))
    return inside


def marks(edits: Sequence[Edit], stack: Stack, steps: int) -> dict[str, Array]:
    """Units that these edits touch: by the name of a signal, a mask [row, step, unit]. Scaling by 1 and noise of 0
    touch nothing."""
    masks: dict[str, Array] = {}
    for edit in edits:
        if (edit.does, edit.value) in (("scale", 1.0), ("noise", 0.0)):
            continue
        shape = (len(stack.rows), steps, width_of(edit.signal, stack.cell))
        mark = masks.setdefault(edit.signal, np.zeros(shape, dtype=bool))
        first, last = (step % steps for step in edit.steps or (0, -1))
        part = mark[:, first : last + 1] if edit.layer is None else mark[edit.layer, first : last + 1][None]
        part[..., slice(None) if edit.units is None else list(edit.units)] = True
    return masks


@dataclass(frozen=True)
class EditRecord:
    """Edited quantities as the cell's equations gave them, and as the edits left them: by name and row, [step, batch,
    unit], in the row's reading order."""

    computed_values: dict[tuple[str, int], list[Tensor]]
    edited_values: dict[tuple[str, int], list[Tensor]]

    def computed(self, name: str, row: int) -> Tensor:
        """Before the edits."""
        return torch.stack(self.computed_values[name, row])

    def edited(self, name: str, row: int) -> Tensor:
        """After them."""
        return torch.stack(self.edited_values[name, row])


def record_edits(at: TapAt, edits: Sequence[Edit]) -> tuple[TapAt, EditRecord]:
    """Taps that do these edits, and a record of the values before and after them."""
    names = {edit.signal for edit in edits}
    record = EditRecord({}, {})

    def recording_at(row: int, step: int) -> Tap:
        tap = at(row, step)

        def recording(name: str, value: Tensor) -> Tensor:
            new = tap(name, value)
            if name in names:
                record.computed_values.setdefault((name, row), []).append(value)
                record.edited_values.setdefault((name, row), []).append(new)
            return new

        return recording

    return recording_at, record


def then(first: TapAt | None, second: TapAt) -> TapAt:
    """One tap after another."""
    if first is None:
        return second

    def at(row: int, step: int) -> Tap:
        one, other = first(row, step), second(row, step)
        return lambda name, value: other(name, one(name, value))

    return at


@dataclass(frozen=True)
class _Cut:
    """An edit made ready for one reading: its row and steps counted from 0, its units as a mask [unit], its values [unit]."""

    edit: Edit
    row: int | None
    first: int
    last: int
    mask: Tensor | None
    values: Tensor | None

    @staticmethod
    def of(edit: Edit, stack: Stack, x: Tensor) -> _Cut:
        cell: Cell = stack.cell
        width, steps = width_of(edit.signal, cell), len(x)
        chosen = list(range(width)) if edit.units is None else [unit % width for unit in edit.units]
        mask, values = None, None
        if len(chosen) < width:
            mask = torch.zeros(width, dtype=torch.bool)
            mask[chosen] = True
            mask = mask.to(x.device)
        if edit.does == "patch":
            values = torch.zeros(width, dtype=torch.float64)
            values[chosen] = torch.tensor(edit.values, dtype=torch.float64)
            values = values.to(x)
        first, last = (step % steps for step in edit.steps or (0, -1))
        return _Cut(edit, edit.layer and edit.layer % len(stack.rows), first, last, mask, values)

    @property
    def signal(self) -> str:
        return self.edit.signal

    def done(self, value: Tensor, row: int, step: int, entered: Signals) -> Tensor:
        """`value` [batch, unit] as it is after the edit."""
        new = self._new(value, row, step, entered)
        return new if self.mask is None else torch.where(self.mask, new, value)

    def _new(self, value: Tensor, row: int, step: int, entered: Signals) -> Tensor:
        match self.edit.does:
            case "set":
                return torch.full_like(value, self.edit.value)
            case "scale":
                return value * self.edit.value
            case "noise":
                return value + self._drawn(value, row, step)
            case "freeze":  # a copy: a gradient by it is not one by the state before
                return entered[f"{self.signal}{PREV}"].clone()
            case "patch":
                assert self.values is not None
                return self.values.expand_as(value).clone()

    def _drawn(self, value: Tensor, row: int, step: int) -> Tensor:
        """The noise of all units [unit], whichever are chosen; of its own for each signal, row and step."""
        seeds = [self.edit.seed, zlib.crc32(self.signal.encode()), row, step]
        drawn = np.random.default_rng(seeds).normal(0, self.edit.value, value.shape[-1])
        return torch.from_numpy(drawn).to(value)
