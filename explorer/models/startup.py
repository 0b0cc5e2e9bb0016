"""The start-up lab: untrained cells with chosen initial weights, and how far a gradient reaches in them before any training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from explorer import cells
from explorer.backend.back import rows_of
from explorer.backend.jacobian import jacobians, largest
from explorer.backend.startup import typical
from explorer.cells import Cell, Stack
from explorer.cells.esn import radius_of
from explorer.models.model import as_numpy
from explorer.signals import Array

INPUTS = 16
"""Number of values of the random input at each step."""
RECURRENT = ("uniform", "normal", "orthogonal")

_drawing = Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make random draws inside repeatable by `seed`, and leave the process's generator as it was."""
    with _drawing, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def untrained(
    name: str,
    units: int,
    *,
    recurrent: str = "uniform",
    gain: float = 1.0,
    radius: float | None = None,
    seed: int = 0,
    **options: Any,
) -> Cell:
    """A cell as it is before training, the same for the same seed.

    recurrent  how W_hh is drawn, block by block: "uniform" as torch does, U(-1/√H, 1/√H), of spectral radius about 0.58; "normal",
               N(0, 1/H), about 1; "orthogonal", which keeps every length (Saxe et al. 2014)
    gain       multiplies W_hh
    radius     scales W_hh to exactly this spectral radius instead; for cells with one block, rnn
    options    the cell's own: nonlinearity=, forget_bias=, chrono=

    Raises ValueError for an unknown name or value, TypeError for an option that the cell does not have.
    """
    if recurrent not in RECURRENT:
        raise ValueError(f"unknown recurrent weights {recurrent!r}; choose from {', '.join(RECURRENT)}")
    with seeded(seed):
        cell = cells.build(name, INPUTS, units, **options)
        assert isinstance(cell, Cell)
        if radius is not None and len(cell.blocks) != 1:
            raise ValueError(
                f"{name} has {len(cell.blocks)} recurrent matrices; a spectral radius is chosen for one (rnn)"
            )
        with torch.no_grad():
            for block in cell.weight_hh.split(units):
                _draw(block, recurrent)
                scale = gain if radius is None else radius / radius_of(block)
                block.mul_(scale)
    return cell.requires_grad_(False)


def _draw(block: Tensor, recurrent: str) -> None:
    """Draw a block [unit, unit] anew; torch's own draw is already there."""
    if recurrent == "normal":
        nn.init.normal_(block, std=len(block) ** -0.5)
    elif recurrent == "orthogonal":
        nn.init.orthogonal_(block)


@dataclass(frozen=True)
class Reach:
    """Dependence of the last step's state on earlier ones, by distance: [distance] each, from 0 on.

    typical  √(mean over units u of ‖∂ state_T[u] / ∂ state_t‖²): what reaches step t from one unit, ‖Jacobian‖_F / √H; 1 at 0
    largest  ‖∂ state_T / ∂ state_t‖₂, the most that any direction is stretched
    radius   ρ(W_hh), for a cell with one block
    """

    typical: Array
    largest: Array
    radius: float | None


def reach(cell: Cell, steps: int = 100, *, of: str = "h", by: str | None = None, seed: int = 0) -> Reach:
    """Read `steps` random inputs, N(0, 1), and carry the last step's state back. `of` and `by` are states: "h", "c"."""
    for name in (of, by or of):
        if name not in cell.State._fields:
            raise ValueError(f"{cell.name} has no state {name!r}; it has {', '.join(cell.State._fields)}")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    x = torch.randn(steps, 1, cell.input_size, generator=torch.Generator().manual_seed(seed)).to(cell.weight_hh)
    (row,) = rows_of(Stack.of(cell), x)
    matrices = torch.stack([matrix.cpu().double() for _, matrix in jacobians(row, steps - 1, of, by or of)])
    spectral = torch.stack([largest(matrix) for matrix in matrices])
    radius = radius_of(cell.weight_hh) if len(cell.blocks) == 1 else None
    return Reach(as_numpy(typical(matrices)), as_numpy(spectral), radius)
