"""Why this number: what the input, the recurrent side and the bias each add to a pre-activation, and which units pushed it.

Once the gates are held at their recorded values, a pre-activation is affine in x and in h_{t-1}. So its derivative times the value is
exactly the share of each input and of each unit, and what is left is the bias. That holds for every cell, from its own `step`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.backend.forward import previous
from explorer.cells import Cell, Signals


@dataclass(frozen=True)
class Shares:
    """Of one unit's pre-activation at every step: `inputs` [step, input], `units` [step, unit], `bias` [step]; all add up to it."""

    inputs: Tensor
    units: Tensor
    bias: Tensor


def shares(
    cell: Cell, x: Tensor, signals: Signals, first: Signals, unit: int, under: Signals | None = None
) -> dict[str, Shares]:
    """For each pre-activation of `unit`: who pushed it. The bias includes what else enters the sum: peepholes, and what stands below.

    x [step, input] is what this cell read, signals [step, unit] what it made of it, those of the row below likewise, all in the order
    in which it read, and first [unit] its states before that.
    """
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        h = previous(signals["h"], first["h"]).detach().clone().requires_grad_()
        held: Signals = {}

        def hold(name: str, value: Tensor) -> Tensor:
            if name.endswith("_pre"):
                held[name] = value
                return value
            return signals[name]

        others = {name: previous(signals[name], first[name]) for name in cell.State._fields if name != "h"}
        read = {name: torch.zeros_like(signals[name]) if under is None else under[name] for name in cell.reads_below}
        below = cell.initial_state(1)._replace(**read) if read else None
        cell.step(x, cell.State(**{"h": h} | others), hold, below)
        result = {}
        for name, value in held.items():
            from_x, from_h = torch.autograd.grad(
                value[:, unit].sum(), [x, h], retain_graph=True, materialize_grads=True
            )
            inputs, units = (from_x * x).detach(), (from_h * h).detach()
            result[name] = Shares(inputs, units, value[:, unit].detach() - inputs.sum(-1) - units.sum(-1))
    return result
