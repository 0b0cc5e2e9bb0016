"""MUT1 to MUT3, MGU and UGRNN against another package of recurrent cells; where the paper adds x itself, x itself is added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torchrecurrent
from torch import nn

import explorer
from explorer import cells, formula
from explorer.cells import Cell
from explorer.models.model import Model
from explorer.signals import Array
from tests.cells.test_declarations import FUNCTIONS, values_of_row
from tests.cells.test_gru_family import each_seed, each_size, each_start, first_state, made, sigmoid
from tests.helpers import steps_of

THEIRS: dict[str, tuple[type[nn.Module], str, str]] = {
    "mgu": (torchrecurrent.MGUCell, "fn", "fn"),
    "ugrnn": (torchrecurrent.UGRNNCell, "nz", "nz"),
    "mut1": (torchrecurrent.MUT1Cell, "zrn", "rn"),
    "mut2": (torchrecurrent.MUT2Cell, "zrn", "zrn"),
    "mut3": (torchrecurrent.MUT3Cell, "zrn", "zrn"),
}
"""The other package's cell, with the order of its blocks of W x and of W h.

It always gives x weights, where the paper of MUT1 and MUT2 adds x itself: there they are set to 1 and their biases to 0.
"""
# float64: the same sums in another order.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}


def loaded(cell: Cell) -> nn.Module:
    """The other package's cell, with the same weights."""
    make, of_x, of_h = THEIRS[cell.name]
    theirs = make(cell.input_size, cell.hidden_size).double()
    with torch.no_grad():
        for weight, kind, order in (
            ("weight_ih", "W_i", of_x),
            ("weight_hh", "W_h", of_h),
            ("bias_ih", "b_i", of_x),
            ("bias_hh", "b_h", of_h),
        ):
            getattr(theirs, weight).copy_(torch.cat([cell.named_weights[f"{kind}{name}"] for name in order]))
    return theirs


@each_seed
@each_start
@each_size
@pytest.mark.parametrize("name", THEIRS)
def test_the_same_numbers_as_another_package(name: str, sizes: tuple[int, int], start: str, seed: int) -> None:
    cell, x = made(name, *sizes, seed=seed), steps_of(sizes[0])
    h = first_state(start, sizes[1])
    trace, theirs = explorer.trace(cell, x, state={"h": h}), loaded(cell)
    state = torch.from_numpy(h)[None]
    with torch.no_grad():
        for t, x_t in enumerate(x):
            state = theirs(torch.from_numpy(x_t)[None], state)
            np.testing.assert_allclose(trace["h"][0, t], state[0].numpy(), **CLOSE)


@pytest.mark.parametrize("units", [1, 4, 7])
@pytest.mark.parametrize("name", ["mut1", "mut2"])
def test_x_itself_is_added_where_it_fits(name: str, units: int) -> None:
    """As the paper writes it, in numpy, with no weight for it."""
    cell, x = made(name, units, units), steps_of(units)
    W = {key: weight.numpy() for key, weight in cell.state_dict().items()}
    assert W["weight_ih"].shape == (2 * units, units)
    trace, h = explorer.trace(cell, x), np.zeros(units)
    for t, x_t in enumerate(x):
        h = {"mut1": mut1, "mut2": mut2}[name](W, x_t, h)
        np.testing.assert_allclose(trace["h"][0, t], h, **CLOSE)


def mut1(W: dict[str, Array], x: Array, h: Array) -> Array:
    x_r, x_z = np.split(W["weight_ih"] @ x + W["bias_ih"], 2)
    (U_r, U_n), (b_r, b_n) = np.split(W["weight_hh"], 2), np.split(W["bias_hh"], 2)
    z, r = sigmoid(x_z), sigmoid(x_r + U_r @ h + b_r)
    return np.asarray(np.tanh(U_n @ (r * h) + np.tanh(x) + b_n) * z + h * (1 - z))


def mut2(W: dict[str, Array], x: Array, h: Array) -> Array:
    x_z, x_n = np.split(W["weight_ih"] @ x + W["bias_ih"], 2)
    (U_r, U_z, U_n), (b_r, b_z, b_n) = np.split(W["weight_hh"], 3), np.split(W["bias_hh"], 3)
    z, r = sigmoid(x_z + U_z @ h + b_z), sigmoid(x + U_r @ h + b_r)
    return np.asarray(np.tanh(U_n @ (r * h) + x_n + b_n) * z + h * (1 - z))


@pytest.mark.parametrize(
    ("sizes", "layers", "both", "weighted"),
    [
        ((4, 4), 1, False, [False]),
        ((4, 4), 3, False, [False, False, False]),
        ((3, 4), 2, False, [True, False]),
        ((4, 4), 2, True, [False, False, True, True]),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["mut1", "mut2"])
def test_formulas_hold_in_layers_that_have_weights_for_x_and_in_those_that_have_none(
    name: str, sizes: tuple[int, int], layers: int, both: bool, weighted: list[bool]
) -> None:
    """One formula a signal for all of them: where some have weights, theirs."""
    torch.manual_seed(0)
    model = Model(cells.build(name, *sizes, layers, both).double())
    trace = explorer.trace(model, steps_of(sizes[0]))
    bare = {"mut1": "n", "mut2": "r"}[name]
    assert [bare in row.input_blocks for row in model.stack.rows] == weighted
    assert ("W_i" in model.cell.sums[f"{bare}_pre"]) == any(weighted)
    for row in range(trace.rows):
        values = values_of_row(model, trace, row)
        for signal in model.cell.recorded:
            found = formula.evaluate(signal.formula, values, FUNCTIONS)
            np.testing.assert_allclose(found, trace[signal.name][row], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["mut1", "mut2", "mut3"])
def test_who_pushed_a_sum(name: str) -> None:
    """Of x itself only the unit's own number enters; what W_hz tanh(h) multiplies is tanh(h)."""
    cell, x, unit = made(name, 4, 4), steps_of(4), 2
    trace = explorer.trace(cell, x)
    pushes = explorer.arithmetic(cell, x, unit=unit)
    for pre, push in pushes.items():
        total = push.inputs.sum(-1) + push.units.sum(-1) + push.bias
        np.testing.assert_allclose(total, trace[pre][0, :, unit], **CLOSE)
    weights = {key: weight.detach().numpy() for key, weight in cell.named_weights.items()}
    r, h = trace["r"][0], trace.previous("h")[0]
    np.testing.assert_allclose(pushes["n_pre"].units, weights["W_hn"][unit] * (r * h), **CLOSE)
    if name == "mut3":
        np.testing.assert_allclose(pushes["z_pre"].units, weights["W_hz"][unit] * np.tanh(h), **CLOSE)
        np.testing.assert_allclose(pushes["z_pre"].bias, (weights["b_iz"] + weights["b_hz"])[unit], **CLOSE)
    else:
        pre, added = {"mut1": ("n_pre", np.tanh(x)), "mut2": ("r_pre", x)}[name]
        expected = np.zeros_like(x)
        expected[:, unit] = added[:, unit]
        np.testing.assert_allclose(pushes[pre].inputs, expected, **CLOSE)
