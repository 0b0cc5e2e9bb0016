"""Measure the difference between our layers and those of the framework that the weights come from."""

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
"""Tolerance for float32 rounding over STEPS steps."""
MAGNIFIED = 4
"""Allowed multiple of our own rounding error: the two round in different orders, and some weights amplify that at each step."""


@dataclass(frozen=True)
class Parity:
    """Largest difference in h between our layers and the framework's, and how it was measured.

    difference  absolute, or relative to the largest h if that is above 1 (relu); NaN if either is NaN or infinite
    rounding    the same difference between our layers in the file's precision and in float64, caused by rounding alone
    texts       number of sequences, each of `steps` steps: embedding rows, or numbers from a normal distribution
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
    """Measure on one random sequence for each seed; None if the framework is not installed."""
    if recurrent.kernel is None:
        return None
    exact = deepcopy(model.stack).double()
    differences = []
    for seed in SEEDS:
        x = _sequence(model, seed)
        ours = _by_equations(model.stack, x)
        differences.append((_difference(ours, recurrent.kernel.run(x)), _difference(ours, _by_equations(exact, x))))
    difference, rounding = np.max(differences, axis=0).tolist()  # NaN if any is
    return Parity(recurrent.kernel.framework, difference, rounding, len(SEEDS), STEPS, SEEDS)


def _by_equations(stack: Stack, x: Array) -> Array:
    """Return the top layer's h [step, directions*unit], tapped to force our own equations instead of torch's fused kernel."""
    weight: Tensor = stack.cell.weight_hh
    with torch.inference_mode():
        h, _ = run(
            stack, torch.from_numpy(x)[:, None].to(weight.device, weight.dtype), tap_at=lambda row, step: untapped
        )
    return as_numpy(h[:, 0].double())


def _difference(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def _sequence(model: Model, seed: int) -> Array:
    """Return a random input [step, input], float32: embedding rows, or normal numbers."""
    random = np.random.default_rng(seed)
    if model.embedding is None:
        return random.standard_normal((STEPS, model.stack.input_size), dtype=np.float32)
    ids = torch.from_numpy(random.integers(model.embedding.num_embeddings, size=STEPS))
    return as_numpy(model.embedding.weight[ids.to(model.device)].float())
