"""The activations by name: against their definitions, their slopes against autograd in float64, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from explorer import cells, formula
from explorer.analysis import ledger
from explorer.backend import arithmetic
from explorer.cells.activations import GATES, PLAIN, activation, gate_activation
from tests.cells.test_declarations import FUNCTIONS

NAMES = [*PLAIN, "hard_sigmoid(0.2, 0.5)", "hard_sigmoid(0.3, -0.1)", "elu(0.5)", "leaky_relu(0.1)"]
AT = np.linspace(-7, 7, 141) + 0.013
"""Beside every kink."""


@pytest.mark.parametrize("name", NAMES)
def test_value_slope_formula_and_bounds(name: str) -> None:
    """The formula in numpy, as the ledger and as a snippet call it; the slope by autograd."""
    one, a = activation(name), torch.from_numpy(AT).requires_grad_()
    v = one.of(a)
    for functions, values in ((FUNCTIONS, AT), (ledger.FUNCTIONS, AT), (arithmetic.FUNCTIONS, a.detach())):
        found = formula.evaluate(one.formula("a_pre"), {"a_pre": values}, functions)
        np.testing.assert_allclose(np.asarray(found), v.detach().numpy(), rtol=0, atol=1e-14)
    (slope,) = torch.autograd.grad(v.sum(), a) if v.grad_fn else (torch.ones_like(a),)
    torch.testing.assert_close(one.slope(v.detach()), slope, rtol=0, atol=1e-14)
    assert slope.max() <= one.steepest * (1 + 1e-12)
    assert one.low <= v.min() and v.max() <= one.high
    assert one.of(torch.ones(2)).dtype == one.slope(torch.ones(2)).dtype == torch.float32


def test_both_hard_sigmoids() -> None:
    """Keras 3's and torch's has the slope 1/6, that of Keras 1 and 2 the slope 0.2."""
    at = torch.tensor([-3.0, -2.5, 0.0, 1.0, 2.5, 3.0])
    torch.testing.assert_close(activation("hard_sigmoid").of(at), torch.nn.functional.relu6(at + 3) / 6)
    torch.testing.assert_close(activation("hard_sigmoid(0.2, 0.5)").of(at), torch.tensor([0, 0, 0.5, 0.7, 1, 1]))


@pytest.mark.parametrize(
    ("cell", "options", "message"),
    [
        ("rnn", {"nonlinearity": "cube"}, "unknown nonlinearity 'cube'; choose from tanh, relu"),
        ("gru", {"candidate": "softmax"}, "unknown candidate 'softmax'; choose from tanh, relu"),
        ("gru-cho", {"gate": "relu"}, "gate 'relu' does not stay between 0 and 1; choose from sigmoid, hard_sigmoid"),
        ("gru", {"gate": "tanh"}, "gate 'tanh' does not stay between 0 and 1"),
        ("lstm", {"output": "elu(-1)"}, r"output 'elu\(-1\)' needs alpha as finite numbers, alpha above 0"),
        ("lstm", {"gate": "hard_sigmoid(0.2)"}, "needs alpha and beta"),
        ("lstm", {"candidate": "leaky_relu(nan)"}, "needs alpha"),
        ("lstm", {"candidate": "tanh(2)"}, "unknown candidate"),
    ],
)
def test_refused(cell: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build(cell, 3, 4, **options)


@pytest.mark.parametrize(("output", "shown"), [("relu", "relu"), ("sigmoid", "σ"), ("softsign", "φ"), ("linear", None)])
def test_the_picture_shows_what_the_state_is_squashed_by(output: str, shown: str | None) -> None:
    cell = cells.build("lstm", 3, 4, output=output)
    assert isinstance(cell, cells.Cell)
    squash = cell.diagram.operations.get("squash")
    assert (squash.does if squash else None) == shown
    formula_of_h = cell.signals[-1].formula
    assert {one.carries for one in cell.diagram.entering("show")} == {"o", formula_of_h.removeprefix("o * ")}


def test_gates_are_shares() -> None:
    assert all(gate_activation(name) for name in GATES[:-1])


def test_only_other_activations_are_options_of_an_lstm() -> None:
    """A plain LSTM is built as before, and has torch's fused kernel."""
    usual, other = cells.build("lstm", 3, 4), cells.build("lstm", 3, 4, gate="hard_sigmoid", output="relu")
    assert isinstance(usual, cells.Cell) and isinstance(other, cells.Cell)
    assert (usual.options, other.options) == ({}, {"gate": "hard_sigmoid", "output": "relu"})
    x = torch.zeros(1, 1, 3)
    assert usual.kernel(x, usual.initial_state(1)) is not None
    assert other.kernel(x, other.initial_state(1)) is None
    assert [signal.formula for signal in other.signals][-1] == "o * relu(c)"
