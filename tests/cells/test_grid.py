"""The grid LSTM, against its equations written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.cells import Stack
from explorer.signals import Array
from tests.helpers import steps_of

CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
"""The same sums in another order, float64."""
UNITS = 4


def grid(layers: int, inputs: int = 3, seed: int = 0) -> Stack:
    torch.manual_seed(seed)
    network = cells.build("grid", inputs, UNITS, layers)
    return (network if isinstance(network, Stack) else Stack.of(network)).double()


def sigmoid(a: Array) -> Array:
    value: Array = 1 / (1 + np.exp(-a))
    return value


def lstm(W: Array, b: Array, H: Array, memory: Array) -> tuple[Array, Array]:
    """One of a block's LSTMs, as the paper has it: of all that comes in, H, and one memory, a new hidden vector and a new memory."""
    i, f, g, o = np.split(W @ H + b, 4)
    memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(memory), memory


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("inputs", [1, UNITS])
def test_two_steps_of_two_layers(seed: int, inputs: int) -> None:
    """Four blocks, each with two LSTMs that read the same: from the left in time, from below in depth."""
    network, x = grid(2, inputs, seed), steps_of(inputs, steps=2, seed=seed)
    random = np.random.default_rng(seed)
    start = {name: random.normal(0, 0.5, (2, UNITS)) for name in ("h", "c")}
    trace = explorer.trace(network, x, state=start)

    weights = {name: weight.numpy() for name, weight in network.state_dict().items()}

    def block(layer: int, h: Array, c: Array, h_below: Array, c_below: Array) -> tuple[Array, ...]:
        W = np.concatenate([weights[f"weight_hh_l{layer}"], weights[f"weight_ih_l{layer}"]], 1)
        b = weights[f"bias_hh_l{layer}"] + weights[f"bias_ih_l{layer}"]
        H = np.concatenate([h, h_below])
        in_time, in_depth = slice(None, 4 * UNITS), slice(4 * UNITS, None)
        return *lstm(W[in_time], b[in_time], H, c), *lstm(W[in_depth], b[in_depth], H, c_below)

    nothing = np.zeros(UNITS)
    first_first = block(0, start["h"][0], start["c"][0], x[0], nothing)
    second_first = block(1, start["h"][1], start["c"][1], *first_first[2:])
    first_second = block(0, *first_first[:2], x[1], nothing)
    second_second = block(1, *second_first[:2], *first_second[2:])
    for layer, step, expected in (
        (0, 0, first_first),
        (1, 0, second_first),
        (0, 1, first_second),
        (1, 1, second_second),
    ):
        for name, value in zip(("h", "c", "h_depth", "c_depth"), expected, strict=True):
            np.testing.assert_allclose(trace[name][layer, step], value, err_msg=f"{name} {layer} {step}", **CLOSE)


def test_in_time_one_layer_is_an_lstm() -> None:
    """What goes up is computed beside it and changes nothing of what goes on."""
    network, lstm = grid(1), cells.build("lstm", 3, UNITS).double()
    lstm.load_state_dict({name.removesuffix("_l0"): w[: 4 * UNITS] for name, w in network.state_dict().items()})
    found, expected = (explorer.trace(one, steps_of(3)) for one in (network, lstm))
    for name in ("i", "f", "g", "o", "c", "h"):
        np.testing.assert_allclose(found[name], expected[name], **CLOSE)


def test_the_layer_above_reads_what_goes_up() -> None:
    """Not h, which goes on in time: a layer below that shows nothing along depth is silent, whatever its h."""
    network = grid(2)
    with torch.no_grad():
        network.rows[0].bias_ih[-UNITS:] = -1e4  # o_depth
    first, second = (explorer.trace(network, steps_of(3, seed=seed)) for seed in (2, 3))
    assert not first["h_depth"][0].any()
    assert np.abs(first["h"][0] - second["h"][0]).max() > 0.1
    np.testing.assert_array_equal(first["h"][1], second["h"][1])
    assert np.abs(first["c_depth"][1] - second["c_depth"][1]).max() > 0.01, "depth's belt is not squashed away"


def test_a_readout_reads_h() -> None:
    network, x = grid(2), steps_of(3)
    h, _ = explorer.backend.forward.run(network, torch.from_numpy(x)[:, None])
    np.testing.assert_allclose(h[:, 0].detach().numpy(), explorer.trace(network, x)["h"][-1], **CLOSE)
