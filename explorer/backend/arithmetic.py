"""Why this number: what the input, the recurrent side and the bias each add to a pre-activation, and which units pushed it.

A cell says how each pre-activation is summed (`Cell.sums`). Once all other signals are held at their recorded values, a product `W @ v` in
that formula is a sum over the numbers of v, each of which adds its weight times itself. That holds for every cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer import formula
from explorer.backend.forward import previous
from explorer.cells import Cell, Signals

FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in ("sigmoid", "tanh", "relu", "clip", "selu")},
    **{
        name: getattr(F, name)
        for name in ("hardsigmoid", "hardtanh", "relu6", "elu", "leaky_relu", "softplus", "softsign")
    },
}
"""What a cell's formulas call, as torch has it."""


@dataclass(frozen=True)
class Shares:
    """Of one unit's pre-activation at every step: `inputs` [step, input], `units` [step, unit], `bias` [step]; all add up to it."""

    inputs: Tensor
    units: Tensor
    bias: Tensor


@torch.no_grad()
def shares(
    cell: Cell,
    x: Tensor,
    signals: Signals,
    first: Signals,
    unit: int,
    under: Signals | None = None,
    entered: Signals | None = None,
) -> dict[str, Shares]:
    """For each pre-activation that has such a `unit`: who pushed it. `units` are those of h_{t-1}; where the sum has none of these, of
    what comes in its place (a Jordan network's y_{t-1}, and h_t for its output). The bias includes what else enters the sum: peepholes,
    what stands below, an input that was squashed before it was added.

    x [step, input] is what this cell read, signals [step, unit] what it made of it, those of the row below likewise, all in the order
    in which it read, and first [unit] its states before that. `entered` has, by the name of `<state>_prev`, what entered each step where
    that is not what had left the one before.
    """
    values = signals | {"x": x} | {f"{name}_prev": previous(signals[name], first[name]) for name in cell.State._fields}
    values |= entered or {}
    for name in cell.reads_below:
        values[f"{name}_below"] = torch.zeros_like(signals[name]) if under is None else under[name]
    values |= cell.named_weights
    sums = {signal.name: cell.sums[signal.name] for signal in cell.recorded if signal.name in cell.sums}
    return {
        name: _shares(total, signals[name][:, unit], values, unit)
        for name, total in sums.items()
        if unit < signals[name].shape[-1]
    }


def _shares(total: str, value: Tensor, values: Signals, unit: int) -> Shares:
    x, pushes = values["x"], list(_pushes(formula.parse(total), values, unit))
    inputs = sum((push for names, push in pushes if "x" in names), torch.zeros_like(x))
    others = [(names, push) for names, push in pushes if "x" not in names]
    back = [push for names, push in others if "h_prev" in names] or [push for _, push in others[:1]]
    units = sum(back[1:], back[0]) if back else torch.zeros_like(values["h_prev"])
    return Shares(inputs, units, value - inputs.sum(-1) - units.sum(-1))


def _pushes(node: ast.expr, values: Signals, unit: int) -> Iterator[tuple[frozenset[str], Tensor]]:
    """Of each product `W @ v` in a sum: the names in v, and what each of v's numbers adds to `unit`, [step, number].

    A vector of x that no matrix stands in front of adds one number only: the unit's own.
    """

    def value(of: ast.expr) -> Tensor:
        return formula.evaluate(ast.unparse(of), values, FUNCTIONS)  # type: ignore[no-any-return]

    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            yield formula.names(ast.unparse(right)), value(left)[unit] * value(right)
        case ast.BinOp(left, ast.Add(), right):
            yield from _pushes(left, values, unit)
            yield from _pushes(right, values, unit)
        case ast.BinOp(left, ast.Mult(), right):
            factor, rest = (
                (left, right) if any(isinstance(part, ast.MatMult) for part in ast.walk(right)) else (right, left)
            )
            for names, push in _pushes(rest, values, unit):
                yield names, value(factor)[..., unit, None] * push
        case ast.Name() | ast.Call() if formula.names(ast.unparse(node)) == {"x"}:
            alone = torch.zeros_like(values["x"])
            alone[:, unit] = value(node)[:, unit]
            yield frozenset({"x"}), alone
