"""cells.build: torch's names and layout for the weights, and a clear answer to what it does not know."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from explorer import cells
from explorer.cells import Cell, Stack
from tests.helpers import SHAPES, VARIANTS, Shape, Variant

TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def test_the_names() -> None:
    """All that are registered, each behind the one that it changes."""
    names = cells.names()
    assert sorted(names) == sorted(cells.REGISTRY)
    assert set(TORCH) <= set(names)
    parents = {name: cells.REGISTRY[name].parent for name in names}
    assert all(not parent or names.index(parent) < names.index(name) for name, parent in parents.items())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TORCH)
def test_a_stack_and_torch_share_weights(name: str, shape: Shape) -> None:
    """A stack's state dict loads into torch's module and back, strictly, names and order and shapes alike."""
    layers, both = shape
    module = TORCH[name](3, 4, layers, bidirectional=both)
    built = cells.build(name, 3, 4, layers, both)
    stack = built if isinstance(built, Stack) else Stack.of(built)
    assert list(stack.state_dict()) == list(module.state_dict())
    stack.load_state_dict(module.state_dict())
    assert all(torch.equal(stack.state_dict()[key], weight) for key, weight in module.state_dict().items())
    other = TORCH[name](3, 4, layers, bidirectional=both)
    other.load_state_dict(stack.state_dict())
    assert all(torch.equal(other.state_dict()[key], weight) for key, weight in module.state_dict().items())


@pytest.mark.parametrize("name", TORCH)
def test_a_single_cell_is_torchs_cell(name: str) -> None:
    """Without suffix, as nn.LSTMCell names its weights, and loadable into it."""
    cell = cells.build(name, 3, 4)
    single = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}[name](3, 4)
    assert isinstance(cell, Cell)
    assert tuple(cell.state_dict()) == NAMES
    single.load_state_dict(cell.state_dict())
    cell.load_state_dict(single.state_dict())


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_layout(variant: Variant) -> None:
    """Every cell has a block of `unit` rows for each sum that W x, and W h, goes into, drawn within 1/√unit as torch draws them;
    a reservoir is scaled to its spectral radius instead."""
    torch.manual_seed(0)
    name, options = variant
    cell = cells.build(name, 3, 16, **options)
    assert isinstance(cell, Cell)
    inputs, recurrent = (16 * len(names) for names in (cell.input_blocks, cell.recurrent_blocks))
    shapes = {key: tuple(weight.shape) for key, weight in cell.state_dict().items()}
    expected = {
        "weight_ih": (inputs, 3),
        "weight_hh": (recurrent, cell.recurrent_size),
        "bias_ih": (inputs,),
        "bias_hh": (recurrent,),
    }
    assert expected.items() <= shapes.items()
    assert not cell.trained or 0.2 < cell.weight_hh.abs().max() <= 0.25


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_cell_can_be_made_again(variant: Variant) -> None:
    """`options` and the state dict are all that is needed."""
    name, options = variant
    cell = cells.build(name, 3, 4, **options)
    assert isinstance(cell, Cell)
    again = cells.build(name, 3, 4, **cell.options)
    again.load_state_dict(cell.state_dict())
    x, state = torch.randn(2, 3), cell.initial_state(2)
    assert isinstance(again, Cell)
    for one, other in zip(cell.step(x, state, cells.untapped), again.step(x, state, cells.untapped), strict=True):
        assert torch.equal(one, other)


def test_forget_bias() -> None:
    """b_if + b_hf is the value asked for, in every row, and nothing else is touched."""
    torch.manual_seed(0)
    plain = cells.build("lstm", 3, 4, 2, True)
    torch.manual_seed(0)
    biased = cells.build("lstm", 3, 4, 2, True, forget_bias=2.5)
    assert isinstance(plain, Stack)
    for suffix in plain.suffixes():
        ours, theirs = biased.state_dict(), plain.state_dict()
        assert ((ours[f"bias_ih{suffix}"] + ours[f"bias_hh{suffix}"])[4:8] == 2.5).all()
        for key in NAMES:
            kept = [k for k in range(16) if key.startswith("weight") or k not in range(4, 8)]
            assert torch.equal(ours[key + suffix][kept], theirs[key + suffix][kept])


def test_chrono() -> None:
    """b_f = ln of a lag between 1 and T-1, b_i = -b_f, nothing in b_h; and the gates then remember that long."""
    torch.manual_seed(0)
    cell = cells.build("lstm", 3, 200, chrono=100)
    assert isinstance(cell, Cell)
    i, f, _, _ = cell.bias_ih.chunk(4)
    assert torch.equal(i, -f)
    assert not cell.bias_hh[:400].any()
    lags = f.detach().exp()
    assert 1 <= lags.min() < 5
    assert 94 < lags.max() <= 99
    assert 40 < lags.mean() < 60  # uniform


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("lsmt", 3, 4), {}, ValueError, "unknown cell 'lsmt'; choose from .*rnn"),
        (("", 3, 4), {}, ValueError, "unknown cell ''"),
        (("rnn", 3, 4), {"nonlinearity": "softmax"}, ValueError, "unknown nonlinearity 'softmax'; choose from tanh, relu, sigmoid, linear"),
        (("rnn", 3, 4), {"forget_bias": 1.0}, TypeError, "forget_bias"),
        (("lstm", 3, 4), {"forget_bias": 1.0, "chrono": 9}, ValueError, "forget_bias=1.0 and chrono=9 both set"),
        (("lstm", 3, 4), {"chrono": 2}, ValueError, "chrono is 2; the longest lag must be more than 2 steps"),
        (("gru", 3, 4), {"nonlinearity": "tanh"}, TypeError, "nonlinearity"),
        (("lstm", 3, 4, 2), {"forget": 1.0}, TypeError, "forget"),
        (("lstm", 0, 4), {}, ValueError, "input_size is 0; it must be at least 1"),
        (("lstm", 3, -4), {}, ValueError, "hidden_size is -4; it must be at least 1"),
        (("lstm", 3, 4, 0), {}, ValueError, "num_layers is 0; it must be at least 1"),
        (("gru", 3, 4, -1, True), {}, ValueError, "num_layers is -1"),
    ],
)  # fmt: skip
def test_refused(arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cells.build(*arguments, **options)


def test_weights_of_another_network_are_refused() -> None:
    """A strict load names what is missing and what is too much."""
    stack = cells.build("lstm", 3, 4, 2)
    with pytest.raises(RuntimeError, match="size mismatch"):
        stack.load_state_dict(nn.GRU(3, 4, 2).state_dict())
    with pytest.raises(RuntimeError, match="Missing key"):
        stack.load_state_dict(nn.LSTM(3, 4, 1).state_dict())
    with pytest.raises(RuntimeError, match=r"Unexpected key.*weight_ih_l2"):
        stack.load_state_dict(nn.LSTM(3, 4, 3).state_dict())
