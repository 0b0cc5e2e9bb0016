"""The Jordan network: its two equations, written out a second time, and the network of Elman's that it becomes where y is h."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.cells import Cell
from explorer.cells.jordan import Jordan
from explorer.signals import Array
from tests.helpers import steps_of

SQUASHES: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.maximum(a, 0),
    "linear": lambda a: a,
}
# float64: the same sums in another order.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}


def jordan(*sizes: int, seed: int = 0, **options: Any) -> Jordan:
    torch.manual_seed(seed)
    return Jordan(*sizes, **options).double()


@pytest.mark.parametrize("start", ["zeros", "a state"])
@pytest.mark.parametrize("psi", SQUASHES)
@pytest.mark.parametrize("phi", SQUASHES)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 4, 4), (3, 5, 2), (2, 3, 7)], ids=str)
def test_the_equations(sizes: tuple[int, int, int], phi: str, psi: str, start: str) -> None:
    """h = φ(W_x x + W_y y + b), y = ψ(W_o h + b_o), step by step in numpy."""
    inputs, units, outputs = sizes
    cell = jordan(inputs, units, output_size=outputs, nonlinearity=phi, output_nonlinearity=psi, seed=sum(sizes))
    x = steps_of(inputs)
    y = np.zeros(outputs) if start == "zeros" else np.linspace(-1, 1, outputs)
    trace = explorer.trace(cell, x, state={"y": y})
    W = {name: weight.numpy() for name, weight in cell.state_dict().items()}
    for t, x_t in enumerate(x):
        h = SQUASHES[phi](W["weight_ih"] @ x_t + W["bias_ih"] + W["weight_hh"] @ y + W["bias_hh"])
        y = SQUASHES[psi](W["weight_ho"] @ h + W["bias_o"])
        np.testing.assert_allclose(trace["h"][0, t], h, **CLOSE)
        np.testing.assert_allclose(trace["y"][0, t], y, **CLOSE)


@pytest.mark.parametrize("nonlinearity", SQUASHES)
def test_where_the_output_is_h_it_is_an_elman_network(nonlinearity: str) -> None:
    """W_o = 1, b_o = 0 and no squashing: a layer of recurrent neurons, each of which hears all."""
    x = steps_of(3)
    cell = jordan(3, 4, nonlinearity=nonlinearity, output_nonlinearity="linear")
    elman = cells.build("rnn", 3, 4, nonlinearity=nonlinearity).double()
    assert isinstance(elman, Cell)
    elman.load_state_dict({name: cell.state_dict()[name] for name in elman.state_dict()})
    with torch.no_grad():
        cell.weight_ho.copy_(torch.eye(4))
        cell.bias_o.zero_()
    first = np.array([0.5, -0.5, 0.25, 0.0])
    ours, theirs = (explorer.trace(one, x, state=state) for one, state in ((cell, {"y": first}), (elman, {"h": first})))
    np.testing.assert_allclose(ours["h"], theirs["h"], **CLOSE)
    np.testing.assert_array_equal(ours["y"], ours["h"])


def test_the_state_before_has_no_other_way_in_than_y() -> None:
    cell, x = jordan(3, 4), steps_of(3)
    plain, other = (explorer.trace(cell, x, state={"h": h}) for h in (np.zeros(4), np.ones(4)))
    np.testing.assert_array_equal(plain["h"], other["h"])


def test_the_default_is_as_many_outputs_as_units() -> None:
    cell = jordan(3, 4)
    assert cell.options == {"output_size": 4, "nonlinearity": "tanh", "output_nonlinearity": "sigmoid"}
    trace = explorer.trace(cell, steps_of(3))
    assert [signal.name for signal in trace.per_unit()] == ["h", "y"]
    assert 0 <= trace["y"].min() <= trace["y"].max() <= 1


def test_another_number_of_outputs_is_no_number_of_a_unit() -> None:
    """y has dims of its own then, and stays in the trace."""
    trace = explorer.trace(jordan(3, 4, output_size=2), steps_of(3))
    assert [signal.name for signal in trace.per_unit()] == ["h"]
    assert trace.signals["y"].dims == trace.signals["y_pre"].dims == ("layer", "step", "output")
    assert trace["y"].shape == (1, 7, 2)
    assert trace.units == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonlinearity": "softmax"}, "unknown nonlinearity 'softmax'; choose from tanh, relu, sigmoid, linear"),
        (
            {"output_nonlinearity": "softmax"},
            "unknown output_nonlinearity 'softmax'; choose from tanh, relu, sigmoid, linear",
        ),
        ({"output_size": 0}, "output_size is 0; it must be at least 1"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build("jordan", 3, 4, **options)
