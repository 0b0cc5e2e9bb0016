"""What asking for a gradient must leave alone, where its numbers end, and which way they are found."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.backend import gradients as reverse
from explorer.backend.device import flushed_denormals
from explorer.cells import REGISTRY, Cell
from tests import reference
from tests.helpers import TEXT, VARIANTS, Variant, flushes_denormals, flushing, network, without_sweeps


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("sweeps", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_shared_model_is_left_alone(
    variant: Variant, trainable: bool, sweeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No `.grad` appears, `.requires_grad` and every weight are as before: other sessions share the model."""
    if not sweeps:
        without_sweeps(monkeypatch)
    model = network(variant).requires_grad_(trainable)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    for of in ("loss", "mean", "logit", "log_prob"):
        explorer.gradients(model, TEXT, of=of)
    explorer.gradients(model, TEXT, of="h", unit=0)
    assert all(weight.grad is None for weight in model.parameters())
    assert all(weight.requires_grad is trainable for weight in model.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


@pytest.mark.parametrize("sweeps", [True, False])
@pytest.mark.parametrize("mode", [nullcontext, torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_the_callers_mode_does_not_matter(mode: Any, sweeps: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within no_grad or inference_mode the numbers are the same."""
    if not sweeps:
        without_sweeps(monkeypatch)
    model = network(("lstm", {}), (2, True))
    expected = explorer.gradients(model, TEXT)
    with mode():
        found = explorer.gradients(model, TEXT)
        explorer.trace(model, TEXT)
        pushes = explorer.arithmetic(model, TEXT, unit=0)
    for name in expected.arrays:
        np.testing.assert_array_equal(found[name], expected[name])
    assert set(pushes) == {"i_pre", "f_pre", "g_pre", "o_pre"}


@pytest.mark.parametrize("on", [True, False])
def test_the_flush_denormal_flag_is_put_back(on: bool) -> None:
    """Whichever way it stood, also after an error inside."""
    model = network(("lstm", {}), dtype=torch.float32)
    with flushing(on):
        explorer.gradients(model, TEXT)
        assert flushes_denormals() is on
        with suppress(ZeroDivisionError), flushed_denormals():
            assert flushes_denormals()
            _ = 1 / 0
        assert flushes_denormals() is on


@pytest.mark.parametrize("sweeps", [True, False])
@pytest.mark.parametrize(("weight", "steps"), [(2.0, 120), (0.5, 160)])
def test_a_scalar_linear_network_is_exact(
    weight: float, steps: int, sweeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dh_T/dh_t = W^(T-t): 2^119 on the one side, which leaves no headroom; on the other down through the floor to 0."""
    if not sweeps:
        without_sweeps(monkeypatch)
    cell = explorer.cells.build("rnn", 1, 1, nonlinearity="linear")
    with torch.no_grad():
        cell.weight_hh.fill_(weight)
    found = explorer.gradients(cell, np.zeros((steps, 1)), of="h", unit=0)["grad_h"][0, :, 0]
    exact = weight ** np.arange(steps - 1, -1, -1.0)
    np.testing.assert_array_equal(found, exact.astype(np.float32))  # powers of two: nothing is rounded


def test_too_large_a_gradient_is_counted_not_hidden() -> None:
    """2^199 is no float32: it is infinite, and the trace says where."""
    cell = explorer.cells.build("rnn", 1, 1, nonlinearity="linear")
    with torch.no_grad():
        cell.weight_hh.fill_(2.0)
    found = explorer.gradients(cell, np.zeros((200, 1)), of="h", unit=0)
    assert found["grad_h"][0, 0, 0] == np.inf
    assert found.nonfinite["grad_h"] == 200 - 128


@pytest.mark.parametrize("name", reference.STEPS)
def test_the_fast_path_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three cells of torch have a sweep and a kernel; gradients() then never unrolls, so the suite above tests both paths."""

    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("the general path was taken")

    assert REGISTRY[name].sweep is not Cell.sweep
    assert REGISTRY[name].kernel is not Cell.kernel
    monkeypatch.setattr(reverse, "_by_autograd", refuse)
    explorer.gradients(network((name, {})), TEXT)


def test_a_gradient_is_a_trace() -> None:
    """Named grad_<signal>, of kind gradient, with the role and dims of what it is by."""
    model = network(("lstm", {}))
    found, trace = explorer.gradients(model, TEXT), explorer.trace(model, TEXT)
    assert [f"grad_{name}" for name in trace.signals] == list(found.signals)
    for name, signal in trace.signals.items():
        gradient = found.signals[f"grad_{name}"]
        assert (gradient.kind, gradient.role, gradient.dims) == ("gradient", signal.role, signal.dims)
        assert found[f"grad_{name}"].shape == trace[name].shape
    assert found.tokens == trace.tokens


def test_nothing_after_the_target_moves_it() -> None:
    """The loss at step 3 does not depend on what comes later; the first steps it does depend on."""
    found = explorer.gradients(network(("gru", {})), TEXT, of="loss", at=3)
    assert not found["grad_h"][:, 4:].any()
    assert found["grad_h"][:, :4].all()


def test_a_network_without_a_readout() -> None:
    """A wrapped module has of="h" and of="c"; a readout without a vocabulary has its labels by number."""
    wrapped = explorer.wrap(nn.LSTM(2, 3))
    x = np.ones((4, 2))
    with pytest.raises(ValueError, match="no readout"):
        explorer.gradients(wrapped, x, of="logit")
    with pytest.raises(ValueError, match="no readout"):
        explorer.gradients(wrapped, x, of="logit", token=1)
    with pytest.raises(ValueError, match="needs a readout"):
        explorer.gradients(wrapped, x, of="loss")
    model = explorer.models.Model(wrapped.stack, readout=nn.Linear(3, 5))
    found = explorer.gradients(model, x, of="logit", token=-1)
    assert model.readout is not None
    expected = model.readout.weight[4].detach().numpy()  # the last h reaches the logit by the readout alone
    np.testing.assert_allclose(found["grad_h"][0, -1], expected, rtol=1e-6)  # float32
