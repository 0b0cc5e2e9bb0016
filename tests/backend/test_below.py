"""Cells that look at the layer below by more than their input: what is carried back through it, against autograd over a plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import explorer
from explorer import models
from explorer.cells import untapped
from explorer.models.model import Model
from tests.helpers import TEXT, Shape, Variant, network, state_of

CELLS: list[Variant] = [("depth-gated", {}), ("grid", {})]
SHAPES: list[Shape] = [(2, False), (3, False), (2, True), (3, True)]
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-9}
"""The same sums in another order, float64."""
T, TO, UNIT = len(TEXT), 7, 2

each_cell = pytest.mark.parametrize("variant", CELLS, ids=lambda variant: variant[0])
stacked = pytest.mark.parametrize("shape", SHAPES, ids=str)


class Loop:
    """Every state of every row and step, as nodes of one graph: the cell's step in the plainest order."""

    def __init__(self, model: Model) -> None:
        stack = model.stack
        first = state_of(model)
        with torch.enable_grad():
            self.x = [x.clone().requires_grad_() for x in model.prepare(TEXT).x.detach()]
            reads: list[Tensor] = self.x
            self.rows: list[dict[int, Any]] = []
            for layer, cells in enumerate(stack.layers()):
                for direction, cell in enumerate(cells):
                    row = layer * stack.directions + direction
                    under = self.rows[row - stack.directions] if layer else {}
                    state = cell.State(*(torch.from_numpy(first[name][row])[None] for name in cell.State._fields))
                    found: dict[int, Any] = {}
                    for t in reversed(range(T)) if direction else range(T):
                        state = found[t] = cell.step(reads[t], state, untapped, under.get(t))
                    self.rows.append(found)
                here = self.rows[layer * stack.directions :]
                reads = [torch.cat([getattr(row[t], stack.cell.upward) for row in here], -1) for t in range(T)]
            self.top = [torch.cat([row[t].h for row in here], -1) for t in range(T)]

    def by(self, target: Tensor, row: int, state: str, t: int) -> np.ndarray[Any, Any]:
        (found,) = torch.autograd.grad(
            target, getattr(self.rows[row][t], state), retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return found[0].numpy()


@each_cell
@stacked
def test_gradients(variant: Variant, shape: Shape) -> None:
    """Of a loss at the top, by every state of every row and step, and by x."""
    model = network(variant, shape)
    loop = Loop(model)
    loss = -model.readout(loop.top[TO]).log_softmax(-1)[0, model.prepare(TEXT).ids[TO + 1]]  # type: ignore[misc,index]
    found = explorer.gradients(model, TEXT, of="loss", at=TO, state=state_of(model))
    for state in model.cell.State._fields:
        expected = [[loop.by(loss, row, state, t) for t in range(T)] for row in range(len(model.stack.rows))]
        np.testing.assert_allclose(found[f"grad_{state}"], expected, **CLOSE)
    by_x = torch.autograd.grad(loss, loop.x, retain_graph=True, allow_unused=True, materialize_grads=True)
    np.testing.assert_allclose(found["grad_x"], torch.cat(by_x), **CLOSE)


@each_cell
@stacked
def test_the_matrix(variant: Variant, shape: Shape) -> None:
    """Of one unit's h at the top by the states of the bottom, through every layer between."""
    model = network(variant, shape)
    loop = Loop(model)
    found = explorer.gradient_matrix(model, TEXT, of="h", unit=UNIT, layer=0, state=state_of(model))
    expected = [[np.linalg.norm(loop.by(loop.rows[0][to].h[0, UNIT], 0, "h", t)) for t in range(T)] for to in range(T)]
    np.testing.assert_allclose(found, expected, **CLOSE)
    found = explorer.gradient_matrix(model, TEXT, of="loss", layer=0, state=state_of(model))
    ids = model.prepare(TEXT).ids
    for to in range(T - 1):
        loss = -model.readout(loop.top[to]).log_softmax(-1)[0, ids[to + 1]]  # type: ignore[misc,index]
        row = [np.linalg.norm(loop.by(loss, 0, "h", t)) for t in range(T)]
        np.testing.assert_allclose(found[to], row, **CLOSE)


@pytest.mark.cases(6)
@each_cell
@stacked
@pytest.mark.parametrize("of", ["h", "c"])
def test_jacobians(variant: Variant, shape: Shape, of: str) -> None:
    """Along every row, in its own order of reading."""
    model = network(variant, shape)
    loop, state = Loop(model), state_of(model)
    for row in range(len(model.stack.rows)):
        for since in (2, 5, 7, 9):
            found = explorer.jacobian(model, TEXT, to=TO, since=since, of=of, layer=row, state=state)
            expected = [loop.by(unit, row, of, since) for unit in getattr(loop.rows[row][TO], of)[0]]
            np.testing.assert_allclose(found, expected, **CLOSE)


@each_cell
@stacked
def test_the_gradient_by_the_weights(variant: Variant, shape: Shape) -> None:
    """Itemised and summed up again, it is that of the mean loss."""
    model = network(variant, shape)
    loop, ids = Loop(model), model.prepare(TEXT).ids
    loss = F.cross_entropy(model.readout(torch.cat(loop.top[:-1])), ids[1:])  # type: ignore[misc,index]
    found = models.itemised(model, TEXT, state=state_of(model)).gradient
    assert set(found) == set(model.stack.state_dict())
    suffixes = model.stack.suffixes()
    for row, cell in enumerate(model.stack.rows):
        named = dict(cell.named_parameters())
        expected = torch.autograd.grad(
            loss, list(named.values()), retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for name, gradient in zip(named, expected, strict=True):
            np.testing.assert_allclose(found[name + suffixes[row]], gradient, err_msg=name, **CLOSE)
