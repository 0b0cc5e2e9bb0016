"""Decomposition of a pre-activation into the terms of the input, of the recurrent units and of the bias.

A cell says how each pre-activation is summed (`Cell.sums`). Once all other signals are held at their recorded values, a product `W @ v` in
that formula is a sum over the numbers of v, each of which adds its weight times itself. That holds for every cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

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
"""The functions that a cell's formulas call, as torch implements them."""


@dataclass(frozen=True)
class Shares:
    """Terms of one unit's pre-activation at every step: `inputs` [step, input], `units` [step, unit], `bias` [step],
    and by name the other terms of the sum [step]. They all add up to it. `of` names whose the units are: "h_prev", or
    the state in its place; empty without recurrent units."""

    inputs: Tensor
    units: Tensor
    bias: Tensor
    others: dict[str, Tensor]
    of: str


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
    """Terms of each pre-activation that has such a `unit`. `units` are those of h_{t-1}, or of the state in its place (a Jordan network's
    y_{t-1}, and h_t for its output). `others` are named by the signals that they come from: "c_prev" through a peephole, "l" the cell of
    the layer below, "x" an input that was squashed before it was added.

    x [step, input] is this cell's input, signals [step, unit] are its own, those of the row below likewise, all in the order of reading,
    and first [unit] its states before the first step. `entered` has, by the name of `<state>_prev`, the state that entered each step, if
    an edit changed it since the step before.
    """
    values = signals | {"x": x} | {f"{name}_prev": previous(signals[name], first[name]) for name in cell.State._fields}
    values |= entered or {}
    for name in cell.reads_below:
        values[f"{name}_below"] = torch.zeros_like(signals[name]) if under is None else under[name]
    values |= cell.named_weights
    sums = {signal.name: cell.sums[signal.name] for signal in cell.recorded if signal.name in cell.sums}
    return {
        name: _shares(total, signals[name], values, frozenset(cell.named_weights), unit)
        for name, total in sums.items()
        if unit < signals[name].shape[-1]
    }


def _shares(total: str, value: Tensor, values: Signals, weights: frozenset[str], unit: int) -> Shares:
    x, steps = values["x"], len(values["x"])
    terms = list(_terms(formula.parse(total), values, weights, unit))
    products = [term for term in terms if term.numbers and "x" not in term.names]
    back = next((term for term in products if "h_prev" in term.names), products[0] if products else None)
    whose = back.names if back else frozenset()
    inputs, units = (
        torch.zeros_like(x),
        torch.zeros_like(values["h_prev"]) if back is None else torch.zeros_like(back.push),
    )
    bias, others = value.new_zeros(steps), dict[str, Tensor]()
    for term in terms:
        if term.numbers and "x" in term.names:
            inputs = inputs + term.push
        elif term.numbers and ("h_prev" in term.names or term is back):
            units = units + term.push
        elif term.names:
            name = " ".join(sorted(term.names))
            others[name] = others.get(name, 0) + term.push.sum(-1)
        else:
            bias = bias + term.push.sum(-1)
    return Shares(inputs, units, bias, others, "h_prev" if "h_prev" in whose else " ".join(sorted(whose)))


class _Term(NamedTuple):
    """One term of a sum: its signals, the amount it adds to the unit [step, number], and True if each number is one
    entry of x or of a state."""

    names: frozenset[str]
    push: Tensor
    numbers: bool


def _terms(node: ast.expr, values: Signals, weights: frozenset[str], unit: int) -> Iterator[_Term]:
    """The terms of a sum. A product `W @ v` has a push for each of v's numbers; a vector of x that no matrix stands in front of adds
    one of them only, the unit's own; any other term is one push."""

    def value(of: ast.expr) -> Tensor:
        return formula.evaluate(ast.unparse(of), values, FUNCTIONS)  # type: ignore[no-any-return]

    def names(of: ast.expr) -> frozenset[str]:
        return formula.names(ast.unparse(of)) - weights

    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            yield _Term(names(right), value(left)[unit] * value(right), True)
        case ast.BinOp(left, ast.Add(), right):
            yield from _terms(left, values, weights, unit)
            yield from _terms(right, values, weights, unit)
        case ast.BinOp(left, ast.Mult(), right) if _has_product(node):
            factor, rest = (left, right) if _has_product(right) else (right, left)
            for term in _terms(rest, values, weights, unit):
                yield term._replace(push=value(factor)[..., unit, None] * term.push)
        case ast.Name() | ast.Call() if formula.names(ast.unparse(node)) == {"x"}:
            alone = torch.zeros_like(values["x"])
            alone[:, unit] = value(node)[:, unit]
            yield _Term(frozenset({"x"}), alone, True)
        case _:
            push = value(node)[..., unit, None]
            yield _Term(names(node), push.expand(len(values["x"]), 1), False)


def _has_product(node: ast.expr) -> bool:
    return any(isinstance(part, ast.MatMult) for part in ast.walk(node))
