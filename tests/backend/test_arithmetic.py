"""Why this number: the shares of a pre-activation add up to it, and are the products that the weights say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.models.model import Model
from explorer.signals import Array, Trace
from tests.helpers import TEXT, VARIANTS, Shape, Variant, network, state_of

SHAPES = [(1, False), (2, False), (2, True)]
BLOCKS = {"rnn": ["h"], "lstm": list("ifgo"), "gru": list("rzn")}
UNIT = 2
# The bias is what is left of a sum of ten terms: float64 rounds it at 1e-16.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}


def rows_of(shape: Shape) -> range:
    return range(shape[0] * (1 + shape[1]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_shares_add_up(variant: Variant, shape: Shape) -> None:
    """inputs + units + others + bias is the traced pre-activation, at each step, for each of them, in every row."""
    model = network(variant, shape)
    state = state_of(model)
    trace = explorer.trace(model, TEXT, state=state)
    for row in rows_of(shape):
        pushes = explorer.arithmetic(model, TEXT, unit=UNIT, layer=row, state=state)
        assert set(pushes) == {name for name in trace.arrays if name.endswith("_pre") and trace[name].shape[-1] > UNIT}
        for name, push in pushes.items():
            total = push.inputs.sum(-1) + push.units.sum(-1) + sum(push.others.values()) + push.bias
            np.testing.assert_allclose(total, trace[name][row, :, UNIT], **CLOSE)
            back = (
                model.cell.recurrent_size if name.removesuffix("_pre") in model.cell.blocks else model.stack.hidden_size
            )
            assert push.units.shape == (len(TEXT), back)
            if (variant[0], name) != ("gru", "n_pre"):  # whose recurrent bias is multiplied by r
                np.testing.assert_allclose(push.bias, push.bias[0], **CLOSE, err_msg="a bias is the same at every step")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant.values[0][0] in BLOCKS])
def test_shares_are_weight_times_number(variant: Variant, shape: Shape) -> None:
    """Each input's share is W_ih x, each unit's W_hh h, the bias b; for the GRU's candidate, those of h and b_hn times r."""
    model = network(variant, shape)
    state = state_of(model)
    trace = explorer.trace(model, TEXT, state=state)
    weights = {name: weight.numpy() for name, weight in model.stack.state_dict().items()}
    for row, suffix in enumerate(model.stack.suffixes()):
        pushes = explorer.arithmetic(model, TEXT, unit=UNIT, layer=row, state=state)
        read, before = what_it_read(model, trace, row), trace.previous("h")[row]
        for block, name in enumerate(BLOCKS[variant[0]]):
            index = block * model.stack.hidden_size + UNIT
            r = trace["r"][row, :, UNIT] if (variant[0], name) == ("gru", "n") else np.ones(len(TEXT))
            push = pushes[f"{name}_pre"]
            np.testing.assert_allclose(push.inputs, weights[f"weight_ih{suffix}"][index] * read, **CLOSE)
            np.testing.assert_allclose(push.units, r[:, None] * weights[f"weight_hh{suffix}"][index] * before, **CLOSE)
            bias = weights[f"bias_ih{suffix}"][index] + r * weights[f"bias_hh{suffix}"][index]
            np.testing.assert_allclose(push.bias, bias, **CLOSE)


def what_it_read(model: Model, trace: Trace, row: int) -> Array:
    """The input of a row: x, or the h of the layer below, both directions side by side."""
    directions = model.stack.directions
    first = (row // directions - 1) * directions
    return trace["x"] if first < 0 else np.concatenate(list(trace["h"][first : first + directions]), -1)


def test_float32_adds_up_too() -> None:
    model = network(("lstm", {}), dtype=torch.float32)
    trace = explorer.trace(model, TEXT)
    for name, push in explorer.arithmetic(model, TEXT, unit=0).items():
        total = push.inputs.sum(-1) + push.units.sum(-1) + push.bias
        np.testing.assert_allclose(total, trace[name][0, :, 0], rtol=0, atol=1e-6)  # ten float32 terms of size 1


def test_out_of_range() -> None:
    model = network(("lstm", {}))
    with pytest.raises(ValueError, match="unit is 4, but there are 4: choose from 0 to 3, or -4 to -1"):
        explorer.arithmetic(model, TEXT, unit=4)
    with pytest.raises(ValueError, match="layer is -2, but there are 1"):
        explorer.arithmetic(model, TEXT, unit=0, layer=-2)
    last, same = explorer.arithmetic(model, TEXT, unit=-1), explorer.arithmetic(model, TEXT, unit=3)
    np.testing.assert_array_equal(last["f_pre"].bias, same["f_pre"].bias)


def test_what_comes_back_in_a_jordan_network_is_its_output() -> None:
    """h is pushed by the outputs before, the output by h; of a unit that no output has, nothing is said."""
    model = network(("jordan", {"output_size": 3}))
    trace, cell = explorer.trace(model, TEXT), model.cell
    pushes = explorer.arithmetic(model, TEXT, unit=UNIT)
    weights = {name: weight.detach().numpy() for name, weight in cell.named_weights.items()}
    np.testing.assert_allclose(pushes["h_pre"].units, weights["W_yh"][UNIT] * trace.previous("y")[0], **CLOSE)
    np.testing.assert_allclose(pushes["y_pre"].units, weights["W_hy"][UNIT] * trace["h"][0], **CLOSE)
    np.testing.assert_allclose(pushes["y_pre"].bias, weights["b_hy"][UNIT], **CLOSE)
    assert not pushes["y_pre"].inputs.any()
    assert set(explorer.arithmetic(model, TEXT, unit=3)) == {"h_pre"}


def test_what_else_enters_a_sum_is_named() -> None:
    """Peepholes, the layer below, gates that are heard again, an input that was squashed: none of them is called bias."""
    named: dict[str, set[str]] = {}
    for name in explorer.cells.names():
        for layer in (0, -1):
            for push in explorer.arithmetic(network((name, {}), (2, False)), TEXT, unit=0, layer=layer).values():
                named.setdefault(name, set()).update(push.others)
    assert {name: others for name, others in named.items() if others} == {
        "lstm-peephole": {"c_prev", "c"},
        "lstm-fgr": {"i_prev", "f_prev", "o_prev"},
        "depth-gated": {"c_prev", "l"},
        "mut1": {"x"},
    }
