"""Reach of a gradient in an untrained cell, and the one initialisation that cells have no option for."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from explorer.backend.back import Row
from explorer.backend.jacobian import direct, jacobians
from explorer.backend.matrix import norm_of
from explorer.cells import Cell


@torch.no_grad()
def set_keep_bias(cell: Cell, bias: float) -> None:
    """Both of torch's biases of the gate that keeps add up to `bias`, the same for all units."""
    first = cell.blocks.index(cell.belts[0].keep) * cell.hidden_size
    block = slice(first, first + cell.hidden_size)
    cell.bias_ih[block] = bias
    cell.bias_hh[block] = 0


def largest_stretch(cell: Cell) -> float:
    """σ_max of the recurrent matrices, one a gate: the most by which one of them stretches a vector."""
    blocks = cell.weight_hh.detach().split(cell.hidden_size)
    return max(float(torch.linalg.matrix_norm(W, 2)) for W in blocks)


def typical_reach(row: Row, state: str) -> Tensor:
    """‖d state_T / d state_(T-k)‖_F / √unit for k = 0, 1, … from the last step back [distance], float64.

    The root mean square of the singular values: what is left, on average, of a gradient that comes in with length 1 from any direction.
    """
    return typical(torch.stack([matrix for _, matrix in jacobians(row, len(row) - 1, state, state)]))


def typical(matrices: Tensor) -> Tensor:
    """‖matrix‖_F / √unit of each [distance, unit, unit], float64."""
    return norm_of(matrices.flatten(1)) / math.sqrt(matrices.shape[-1])


def direct_reach(row: Row) -> Tensor:
    """The same of the belt by itself, Π keep [distance]."""
    along = direct(row, len(row) - 1).flip(0)  # [distance, unit]
    return along.square().mean(-1).sqrt()
