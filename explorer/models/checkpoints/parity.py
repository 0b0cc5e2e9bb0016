"""How far our layers are from those of the framework that the weights come from, measured."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.backend.forward import run
from explorer.cells import Stack, untapped
from explorer.models.checkpoints.contents import Recurrent
from explorer.models.model import Model, as_numpy
from explorer.signals import Array

SEEDS, STEPS = (0, 1, 2), 60
CLOSE = 1e-5
"""What float32 leaves after so many steps in which each rounds anew."""
MAGNIFIED = 4
"""So many times our own rounding may be the difference: the two round in other orders, and some weights magnify that at each step."""


@dataclass(frozen=True)
class Parity:
    """The largest difference in h between ours and the framework's own, and what it rests on.

    difference  of h, or of h by its largest value where that is above 1 (relu); NaN where one of the two is not finite
    rounding    likewise between ours in the precision of the file and in float64: what rounding alone makes of these weights
    texts       readings of the embedding's rows, or of numbers drawn from a normal distribution: how many, of how many `steps`
    """

    framework: str
    difference: float
    rounding: float
    texts: int
    steps: int
    seeds: tuple[int, ...]

    @property
    def holds(self) -> bool:
        return self.difference <= max(CLOSE, MAGNIFIED * self.rounding)


def parity(model: Model, recurrent: Recurrent) -> Parity | None:
    """Measured on sequences drawn by each of the seeds; None where the framework is not installed."""
    if recurrent.kernel is None:
        return None
    exact = deepcopy(model.stack).double()
    found = []
    for seed in SEEDS:
        x = _sequence(model, seed)
        ours = _by_equations(model.stack, x)
        found.append((_apart(ours, recurrent.kernel.run(x)), _apart(ours, _by_equations(exact, x))))
    difference, rounding = np.max(found, axis=0).tolist()  # NaN if one is
    return Parity(recurrent.kernel.framework, difference, rounding, len(SEEDS), STEPS, SEEDS)


def _by_equations(stack: Stack, x: Array) -> Array:
    """The top layer's h [step, directions*unit]. Tapped, so that it is our own equations that are measured: torch's fused kernel would be
    held against itself."""
    weight: Tensor = stack.cell.weight_hh
    with torch.inference_mode():
        h, _ = run(
            stack, torch.from_numpy(x)[:, None].to(weight.device, weight.dtype), tap_at=lambda row, step: untapped
        )
    return as_numpy(h[:, 0].double())


def _apart(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def _sequence(model: Model, seed: int) -> Array:
    """Rows [step, input], float32, of the kind that this network reads."""
    random = np.random.default_rng(seed)
    if model.embedding is None:
        return random.standard_normal((STEPS, model.stack.input_size), dtype=np.float32)
    ids = torch.from_numpy(random.integers(model.embedding.num_embeddings, size=STEPS))
    return as_numpy(model.embedding.weight[ids.to(model.device)].float())
