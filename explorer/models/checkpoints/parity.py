"""How far our layers are from those of the framework that the weights come from, measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.backend.forward import run
from explorer.cells import untapped
from explorer.models.checkpoints.contents import Recurrent
from explorer.models.model import Model, as_numpy
from explorer.signals import Array

SEEDS, STEPS = (0, 1, 2), 60
CLOSE = 1e-5
"""What float32 leaves after so many steps in which each rounds anew; |h| is at most 1 for all cells but a relu."""


@dataclass(frozen=True)
class Parity:
    """The largest difference in h between ours and the framework's own, and what it rests on.

    difference  NaN where one of the two is not finite
    texts       readings of the embedding's rows, or of numbers drawn from a normal distribution: how many, of how many `steps`
    """

    framework: str
    difference: float
    texts: int
    steps: int
    seeds: tuple[int, ...]

    @property
    def holds(self) -> bool:
        return self.difference <= CLOSE


def parity(model: Model, recurrent: Recurrent) -> Parity | None:
    """Measured on sequences drawn by each of the seeds; None where the framework is not installed."""
    if recurrent.kernel is None:
        return None
    differences = []
    for seed in SEEDS:
        x = _sequence(model, seed)
        with torch.inference_mode():
            # tapped, so that it is our own equations that are measured: else a fused kernel of torch would be held against itself
            h, _ = run(
                model.stack,
                torch.from_numpy(x)[:, None].to(model.device, model.dtype),
                tap_at=lambda row, step: untapped,
            )
        theirs = recurrent.kernel.run(x)
        differences.append(np.abs(h[:, 0].cpu().double().numpy() - theirs).max())
    worst = float(np.max(differences))  # NaN if one is
    return Parity(recurrent.kernel.framework, worst, len(SEEDS), STEPS, SEEDS)


def _sequence(model: Model, seed: int) -> Array:
    """Rows [step, input], float32, of the kind that this network reads."""
    random = np.random.default_rng(seed)
    if model.embedding is None:
        return random.standard_normal((STEPS, model.stack.input_size), dtype=np.float32)
    ids = torch.from_numpy(random.integers(model.embedding.num_embeddings, size=STEPS))
    return as_numpy(model.embedding.weight[ids.to(model.device)].float())
