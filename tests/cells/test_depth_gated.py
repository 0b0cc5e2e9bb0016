"""The depth-gated LSTM: an LSTM but for the gated link between the belts of its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.cells import Cell, Stack
from explorer.signals import Array
from tests.helpers import steps_of

CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
"""The same sums in another order, float64."""
SIZES = [(1, 1), (3, 4), (5, 2)]
"""(input, units)"""
WIDE_SHUT = -1e4
"""A bias whose sigmoid is 0."""

of_sizes = pytest.mark.parametrize(("inputs", "units"), SIZES, ids=str)
seeds = pytest.mark.parametrize("seed", [0, 1])


def depth_gated(inputs: int, units: int, layers: int = 1, seed: int = 0, both: bool = False, **options: Any) -> Any:
    torch.manual_seed(seed)
    return cells.build("depth-gated", inputs, units, layers, both, **options).double()


def plain(network: Any, both: bool = False) -> Any:
    """An LSTM with the same weights, those of the depth gate left out."""
    inputs, units = network.input_size, network.hidden_size
    layers = network.num_layers if isinstance(network, Stack) else 1
    lstm = cells.build("lstm", inputs, units, layers, both).double()
    weights = network.state_dict()
    lstm.load_state_dict({name: weights[name][: 4 * units] for name in lstm.state_dict()})
    return lstm


def start(network: Any, seed: int = 5) -> dict[str, Array]:
    rows = len(network.rows) if isinstance(network, Stack) else 1
    random = np.random.default_rng(seed)
    return {name: random.normal(0, 0.5, (rows, network.hidden_size)) for name in ("h", "c")}


@of_sizes
@seeds
def test_the_first_layer_is_an_lstm(inputs: int, units: int, seed: int) -> None:
    """To the last digit: what its depth gate lets in is 0."""
    cell = depth_gated(inputs, units, seed=seed)
    x, state = steps_of(inputs), start(cell, seed)
    found, expected = (explorer.trace(network, x, state=state) for network in (cell, plain(cell)))
    for name in ("i_pre", "f_pre", "g_pre", "o_pre", "i", "f", "g", "o", "c", "h"):
        np.testing.assert_allclose(found[name], expected[name], **CLOSE)
    assert not found["l"].any()
    assert (found["d"] > 0).all()


@of_sizes
@seeds
@pytest.mark.parametrize("both", [False, True])
def test_layers_with_shut_depth_gates_are_a_stacked_lstm(inputs: int, units: int, seed: int, both: bool) -> None:
    network = depth_gated(inputs, units, 3, seed, both)
    for row in network.rows:
        with torch.no_grad():
            row.bias_ih[4 * units :] = WIDE_SHUT
    x, state = steps_of(inputs), start(network, seed)
    found, expected = (explorer.trace(one, x, state=state) for one in (network, plain(network, both)))
    assert not found["d"].any()
    for name in ("i", "f", "g", "o", "c", "h"):
        np.testing.assert_allclose(found[name], expected[name], **CLOSE)


def sigmoid(a: Array) -> Array:
    value: Array = 1 / (1 + np.exp(-a))
    return value


@of_sizes
@seeds
def test_the_second_layer_differs_by_the_gated_link_alone(inputs: int, units: int, seed: int) -> None:
    """Its equations written out: those of an LSTM, and d ⊙ c of the layer below, which reads no h."""
    network = depth_gated(inputs, units, 2, seed)
    x, state = steps_of(inputs), start(network, seed)
    trace = explorer.trace(network, x, state=state)
    W_x, W_h, b_x, b_h, w_cd, w_ld = (
        network.state_dict()[f"{name}_l1"].numpy()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_cd", "weight_ld")
    )
    h, c = state["h"][1], state["c"][1]
    for t in range(len(x)):
        h_below, c_below = trace["h"][0, t], trace["c"][0, t]
        from_x = np.split(W_x @ h_below + b_x, 5)
        i, f, g, o = (a + b for a, b in zip(from_x[:4], np.split(W_h @ h + b_h, 4), strict=True))
        d = sigmoid(from_x[4] + w_cd * c + w_ld * c_below)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g) + d * c_below
        h = sigmoid(o) * np.tanh(c)
        for name, value in (("d", d), ("c", c), ("h", h), ("l", c_below)):
            np.testing.assert_allclose(trace[name][1, t], value, **CLOSE)


def test_an_open_depth_gate_lifts_the_belt_unsquashed() -> None:
    """Where a layer keeps and writes nothing and its depth gate is open, its belt is the one below."""
    network = depth_gated(3, 4, 2)
    with torch.no_grad():
        i, f, _, _, d = network.rows[1].bias_ih.chunk(5)
        for block, bias in ((i, WIDE_SHUT), (f, WIDE_SHUT), (d, -WIDE_SHUT)):
            block.fill_(bias)
    trace = explorer.trace(network, 9 * steps_of(3))
    np.testing.assert_array_equal(trace["c"][1], trace["c"][0])
    assert np.abs(trace["c"]).max() > 1, "there is something that a squashing would change"


def test_forget_bias() -> None:
    cell = depth_gated(3, 4, forget_bias=2.5)
    assert isinstance(cell, Cell)
    assert ((cell.bias_ih[4:8] + cell.bias_hh[4:8]) == 2.5).all()


def test_the_layout() -> None:
    """Five blocks of x, four of h: the depth gate does not look at h. Its vectors have names of their own."""
    shapes = {name: tuple(weight.shape) for name, weight in depth_gated(3, 4, 2).state_dict().items()}
    for layer, width in enumerate((3, 4)):
        own = {name.removesuffix(f"_l{layer}"): shape for name, shape in shapes.items() if name.endswith(f"_l{layer}")}
        assert own == {
            "weight_ih": (20, width),
            "weight_hh": (16, 4),
            "bias_ih": (20,),
            "bias_hh": (16,),
            "weight_cd": (4,),
            "weight_ld": (4,),
        }
