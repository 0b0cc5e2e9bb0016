"""A readout that is fitted at once, by ridge regression, where the layers below it stay as they were drawn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explorer.backend import forward
from explorer.backend.training import Progress
from explorer.models.model import Model

if TYPE_CHECKING:
    from explorer.models.recipes.base import Batch


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """Amount of data, and the penalty of a large weight.

    steps, batch  number of batches, and of sequences in each
    penalty       added to the squared errors' sum for each weight's square; the bias is free
    """

    steps: int
    batch: int
    penalty: float


def fit(model: Model, batches: Callable[[int], Batch], fitting: Fitting) -> Iterator[Progress]:
    """Set the readout's weights to minimise Σ (answer - target)² + penalty · Σ weight²; yields an event a batch, whose loss is the mean
    squared error without a penalty.

    Least squares of all rows [h, 1 | target] at once, in float64. Of the rows read so far only the triangle R of their QR decomposition
    is kept, which has the same least squares. Raises ValueError if the answers are not numbers.
    """
    readout = model.readout
    if not isinstance(readout, nn.Linear) or not model.answer.numbers:
        raise ValueError("ridge regression fits a readout to numbers; this network has no such answer")
    width = readout.in_features + 1
    started, rows = time.perf_counter(), 0
    triangle = torch.zeros(0, width + readout.out_features, dtype=torch.float64)
    for step in range(fitting.steps):
        read = _rows(model, batches(step))
        rows += len(read)
        triangle = torch.linalg.qr(torch.cat([triangle, read]), mode="r").R
        error = float(triangle[width:, width:].square().sum()) / rows
        done = step + 1
        if done == fitting.steps:
            _set(readout, triangle, fitting.penalty)
        yield Progress(done, fitting.steps, error, time.perf_counter() - started, ended=done == fitting.steps)


@torch.no_grad()
def _rows(model: Model, batch: Batch) -> Tensor:
    """[h, 1 | target] of each step that counts, float64."""
    h, _ = forward.run(model.stack, model.embedded(batch.inputs.to(model.device)))
    h = h.cpu()
    counts = torch.ones(h.shape[:2], dtype=torch.bool) if batch.weight is None else batch.weight > 0
    return torch.cat([h, torch.ones_like(h[..., :1]), batch.targets.to(h)], -1)[counts].double()


@torch.no_grad()
def _set(readout: nn.Linear, triangle: Tensor, penalty: float) -> None:
    """The least squares of the triangle's rows, and below them of what the penalty adds: for each weight, but for the bias, a row."""
    width = readout.in_features + 1
    of_h, of_target = triangle.split((width, readout.out_features), 1)
    cost = torch.eye(width, dtype=torch.float64)[:-1] * math.sqrt(penalty)
    nothing = torch.zeros(len(cost), readout.out_features, dtype=torch.float64)
    solution = torch.linalg.lstsq(torch.cat([of_h, cost]), torch.cat([of_target, nothing]), driver="gelsd").solution
    readout.weight.copy_(solution[:-1].T)
    readout.bias.copy_(solution[-1])
