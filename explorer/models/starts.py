"""Initialisations of untrained cells, and how far a gradient reaches in several of them that begin alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean, median

import torch

from explorer.backend import startup as begin
from explorer.backend.back import rows_of
from explorer.cells import Cell, Stack
from explorer.cells.rnn import NONLINEARITIES
from explorer.models.model import as_numpy
from explorer.models.startup import INPUTS, RECURRENT, untrained
from explorer.signals import Array

CELLS = ("rnn", "lstm", "gru")
SQUASHES = tuple(NONLINEARITIES)
USUAL_RADIUS = 0.58
"""Spectral radius of the matrices that torch draws: U(-1/√H, 1/√H) has the variance 1/(3H), so the radius is near
√(1/3)."""
OPEN = 20.0
"""A forget bias at which σ is 1 in float32: 1 - σ(20) = 2e-9, and the number below 1 is 6e-8 away."""
STATES = ("memory", "h")


@dataclass(frozen=True)
class Start:
    """Initialisation of an untrained cell. All else is as torch draws it.

    nonlinearity  φ of an rnn
    recurrent     how the recurrent matrices, one a gate, are drawn; one of RECURRENT
    radius        the spectral radius of an rnn's
    gain          what those of a gated cell are multiplied by
    keep          the bias of the gate that keeps, an lstm's f or a gru's z; None: as torch draws it
    chrono        instead of it the longest lag that an lstm is to be prepared for (chrono initialisation)
    """

    cell: str = "rnn"
    nonlinearity: str = "tanh"
    recurrent: str = "uniform"
    radius: float = USUAL_RADIUS
    gain: float = 1.0
    keep: float | None = None
    chrono: int | None = None

    def __post_init__(self) -> None:
        for what, value, choices in (
            ("cell", self.cell, CELLS),
            ("nonlinearity", self.nonlinearity, SQUASHES),
            ("recurrent weights", self.recurrent, RECURRENT),
        ):
            if value not in choices:
                raise ValueError(f"unknown {what} {value!r}; choose from {', '.join(choices)}")
        for what, number in (("radius", self.radius), ("gain", self.gain)):
            if not 0 <= number < math.inf:
                raise ValueError(f"{what} is {number}; it must be 0 or more")
        if self.keep is not None and not self.gated:
            raise ValueError(f"keep is {self.keep}, but an {self.cell} has no gate that keeps; leave it out")
        if self.chrono is not None and (self.cell != "lstm" or self.keep is not None):
            raise ValueError(f"chrono is {self.chrono}; it is for an lstm whose keep is left out")

    @property
    def gated(self) -> bool:
        """True if the cell has a gate that keeps."""
        return self.cell != "rnn"

    @property
    def memory(self) -> str:
        """The state that is carried on."""
        return "c" if self.cell == "lstm" else "h"

    @property
    def steepest(self) -> float:
        """The most that φ′ of an rnn can be."""
        return NONLINEARITIES[self.nonlinearity].steepest

    def build(self, units: int, seed: int) -> Cell:
        """The cell itself. The same seed is the same cell."""
        if not self.gated:
            return untrained(
                self.cell,
                units,
                recurrent=self.recurrent,
                radius=self.radius,
                seed=seed,
                nonlinearity=self.nonlinearity,
            )
        options = {} if self.chrono is None else {"chrono": self.chrono}
        cell = untrained(self.cell, units, recurrent=self.recurrent, gain=self.gain, seed=seed, **options)
        if self.keep is not None:
            begin.set_keep_bias(cell, self.keep)
        return cell


@dataclass(frozen=True)
class AtStart:
    """How far a gradient reaches in cells that begin alike.

    state   the state at both ends of the derivative
    reach   [draw, distance]: ‖∂state_T/∂state_(T-distance)‖_F / √unit, 1 at distance 0; 0 where float32 has flushed it, inf or NaN where
            it has overflowed
    direct  [draw, distance]: of the belt by itself, Π keep, likewise; None if the state is no belt
    keep    the keep gate's mean over draws, steps and units; None without such a gate
    sigma   σ_max of the recurrent matrices, the median over draws; `sigmas` are those of all draws
    """

    state: str
    reach: Array
    direct: Array | None
    keep: float | None
    sigma: float
    sigmas: tuple[float, ...] = ()


def at_start(
    start: Start, *, units: int = 64, steps: int = 100, draws: int = 5, seed: int = 0, of: str = "memory"
) -> AtStart:
    """The gradient over `steps` steps in `draws` untrained cells, each of which reads a random sequence, N(0, 1), of its own.

    Draw number k has the seed `seed + k`, and the same sequence in every kind of cell. Computed in float32 on the CPU, as training would
    get it. `of` is "h" or the "memory" that the cell carries on, c where it has one. Raises ValueError for another one.
    """
    if of not in STATES:
        raise ValueError(f"unknown state {of!r}; choose from {', '.join(STATES)}")
    state = start.memory if of == "memory" else of
    reaches, directs, keeps, sigmas = [], [], [], []
    with torch.no_grad():
        for number in range(seed, seed + draws):
            cell = start.build(units, number)
            x = torch.randn(steps + 1, 1, INPUTS, generator=torch.Generator().manual_seed(number))
            (row,) = rows_of(Stack.of(cell), x)
            reaches.append(begin.typical_reach(row, state))
            sigmas.append(begin.largest_stretch(cell))
            if start.gated:
                keeps.append(float(row.s[cell.belts[0].keep].mean()))
            if start.gated and state == start.memory:
                directs.append(begin.direct_reach(row))
    return AtStart(
        state,
        as_numpy(torch.stack(reaches)),
        as_numpy(torch.stack(directs)) if directs else None,
        mean(keeps) if keeps else None,
        median(sigmas),
        tuple(sigmas),
    )
