"""What a cell declares is what it computes: formulas, belts, kinds and roles, held against a trace of every registered cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer import cells, formula
from explorer.cells.activations import activation
from explorer.models.model import Model
from explorer.signals import Array, Role, Trace
from tests.helpers import FEW, SHAPES, TEXT, VARIANTS, Shape, Variant, network, state_of

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "clip": np.clip,
    "hardsigmoid": lambda a: np.clip((a + 3) / 6, 0, 1),
    "hardtanh": lambda a: np.clip(a, -1, 1),
    "relu6": lambda a: np.clip(a, 0, 6),
    "elu": lambda a, alpha=1.0: np.maximum(a, 0) + alpha * np.expm1(np.minimum(a, 0)),
    "selu": lambda a: 1.0507009873554805 * (np.maximum(a, 0) + 1.6732632423543772 * np.expm1(np.minimum(a, 0))),
    "leaky_relu": lambda a, slope: np.maximum(a, 0) + slope * np.minimum(a, 0),
    "softplus": lambda a: np.log1p(np.exp(a)),
    "softsign": lambda a: a / (1 + np.abs(a)),
    "divides": lambda period, t: (np.round(t) % period == 0).astype(float),
    "cat": lambda *arrays: np.concatenate(arrays, -1),
}
SQUASHES = ("nonlinearity", "candidate", "output")
"""Options that name an activation without gates."""
# numpy's exp and tanh against torch's, a few roundings of float64 apart.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-13}


def values_of(trace: Trace) -> dict[str, Array]:
    """All of a trace that a formula may name."""
    return dict(trace.arrays) | {f"{state}_prev": trace.previous(state) for state in trace.initial}


def values_of_row(model: Model, trace: Trace, row: int) -> dict[str, Array]:
    """All that a formula may name, of one row: its signals [step, unit], what it read, its weights."""
    found = {name: values[row] for name, values in values_of(trace).items() if name != "x"}
    under, cell = row // model.stack.directions * model.stack.directions, model.stack.rows[row]
    below = range(under - model.stack.directions, under)
    found["x"] = trace["x"] if under == 0 else np.concatenate([trace[cell.upward][k] for k in below], -1)
    for name in cell.reads_below:
        same = row - model.stack.directions
        found[f"{name}_below"] = np.zeros_like(found[name]) if same < 0 else trace[name][same]
    return found | {name: weight.detach().numpy() for name, weight in cell.named_weights.items()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_formulas_reproduce_the_trace(variant: Variant, shape: Shape) -> None:
    """Each formula, evaluated on the trace and the weights, is its signal; also where a row reads backwards and starts from a state."""
    model = network(variant, shape)
    trace = explorer.trace(model, TEXT, state=state_of(model))
    assert {name for name, signal in trace.signals.items() if not signal.formula} == {"x"}
    for row in range(trace.rows):
        values = values_of_row(model, trace, row)
        for signal in model.cell.recorded:
            found = formula.evaluate(signal.formula, values, FUNCTIONS)
            np.testing.assert_allclose(found, trace[signal.name][row], err_msg=signal.name, **CLOSE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_belts_reproduce_the_trace(variant: Variant, shape: Shape) -> None:
    """state = keep · state before + write, for every declared belt."""
    model = network(variant, shape)
    trace = explorer.trace(model, TEXT, state=state_of(model))
    for belt in trace.belts:
        moved = belt.kept(trace.arrays) * trace.previous(belt.state) + belt.written(trace.arrays)
        np.testing.assert_allclose(moved, trace[belt.state], **CLOSE)
    assert trace.belt == (trace.belts[0] if trace.belts else None)
    assert trace.memory == (trace.belts[0].state if trace.belts else "h")


def test_the_belts_there_are() -> None:
    """An LSTM carries c, a GRU h, an Elman network nothing."""
    found = {name: [belt.state for belt in cells.build(name, 1, 1).belts] for name in ("rnn", "lstm", "gru")}
    assert found == {"rnn": [], "lstm": ["c"], "gru": ["h"]}


@pytest.mark.parametrize("variant", VARIANTS)
def test_signals_are_declared_in_order(variant: Variant) -> None:
    """A formula names only what stands before it, a state before, or its own pre-activation; roles and symbols are there."""
    cell = network(variant).cell
    known = {f"{state}_prev" for state in cell.State._fields} | {"x", *cell.named_weights}
    known |= {f"{state}_below" for state in cell.reads_below}
    for signal in cell.recorded:
        assert not signal.formula or formula.names(signal.formula) <= known, signal.name
        known.add(signal.name)
        assert signal.role in get_args(Role)
        assert signal.symbol
        assert signal.label
    assert set(cell.State._fields) <= known
    assert len({signal.name for signal in cell.recorded}) == len(cell.recorded)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_says_where_it_comes_from(variant: Variant) -> None:
    """The docstring has the equations, with a year; the class a title."""
    cell = type(network(variant).cell)
    assert cell.__doc__ is not None
    assert "h_t = " in cell.__doc__
    assert any(f" {year}" in cell.__doc__ for year in range(1985, 2027))
    assert cell.title


@pytest.mark.cases(12)
@pytest.mark.parametrize("variant", VARIANTS)
@FEW
@given(scale=st.floats(0, 1e3), seed=st.integers(0, 99))
def test_gates_are_gates(variant: Variant, scale: float, seed: int) -> None:
    """Within [0, 1] for weights of any size; saturated, not NaN."""
    model = network(variant, dtype=torch.float32, seed=seed)
    squashes = {name: activation(one) for name, one in variant[1].items() if name in SQUASHES}
    if any(one.high == math.inf for one in squashes.values()):
        scale = min(scale, 1.0)  # these have no bound of their own
    for weight in model.stack.parameters():
        weight.data *= scale
    trace = explorer.trace(model, TEXT)
    assert not trace.nonfinite
    for signal in trace.of_kind("gate"):
        assert 0 <= trace[signal.name].min() <= trace[signal.name].max() <= 1
    for signal in trace.per_unit():
        if signal.role == "candidate" and signal.formula != f"{signal.name}_pre":  # which is squashed by nothing
            assert abs(trace[signal.name]).max() <= (squashes["candidate"].high if "candidate" in squashes else 1)
