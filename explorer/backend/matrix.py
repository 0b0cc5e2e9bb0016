"""The gradient matrix: how much each step's state moves each step's target."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.backend.back import Progress, Row, Targets, walk, walking
from explorer.backend.gradients import CARRIED, HEADROOM, handed_on


def matrix(rows: list[Row], targets: Targets, row: int, name: str, progress: Progress | None = None) -> Tensor:
    """‖d target / d source‖₂ [target, source], float64, by state `name` of `row` (back.INPUT and "x": by x) at every step.

    CARRIED: by all states of the row together, each taken as a variable of its own.

    The squares are added up in float64: a vector of tiny numbers has a norm, where their squares are no float32 any more. As in
    `gradients`, the way back runs with headroom, and once more without it for the targets that it makes overflow.
    """
    gradients = _walked(rows, targets.times(HEADROOM), row, name, progress).div_(HEADROOM)
    lost = (~gradients.isfinite()).any(1).nonzero()[:, 0].tolist()
    if lost:
        gradients[lost] = _walked(rows, targets.only(lost), row, name, progress)
    return gradients


def _walked(rows: list[Row], targets: Targets, row: int, name: str, progress: Progress | None) -> Tensor:
    by_source = torch.zeros(len(rows[0]), len(targets), dtype=torch.float64)  # [source, target]: a step writes one row
    states, where = handed_on(rows[0].cell), rows[0].s["h"].device
    by_source = by_source.to("cpu" if where.type == "mps" else where)  # which has no float64
    with walking():
        for passed in walk(rows, targets, row, progress=progress):
            if passed.row == row:
                norm = norm_of(torch.cat([passed.by[n] for n in states], -1) if name == CARRIED else passed.here[name])
                by_source[passed.step, passed.first : passed.first + len(norm)] = norm
    return by_source.T.contiguous()


def norm_of(values: Tensor) -> Tensor:
    """The Euclidean norm of each row, summed up in float64."""
    values = values.cpu() if values.device.type == "mps" else values
    norm: Tensor = torch.linalg.vector_norm(values, dim=-1, dtype=torch.float64)
    return norm
