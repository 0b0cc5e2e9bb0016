"""The hand-written sweeps themselves: a batch of objectives is each of them, and what comes in adds up."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explorer.backend.forward import previous, read, zero_states
from explorer.cells import Cell, Signals
from tests.helpers import TEXT, VARIANTS, Variant, network

BATCH = 3
SWEPT = [v for v in VARIANTS if type(network(v.values[0]).cell).sweep is not Cell.sweep]


@torch.inference_mode()
def case(variant: Variant) -> tuple[Cell, Signals, Tensor, Tensor | None]:
    """A cell, what it recorded of a text, and a batch of random gradients that reach h and, where it has a belt of its own, c."""
    model = network(variant)
    signals = read(model.stack, model.prepare(TEXT).x)[0]
    for name, first in zero_states(model.stack, 1).items():
        signals[f"{name}_prev"] = previous(signals[name], first[0])
    random = torch.Generator().manual_seed(0)
    size = (len(TEXT), BATCH, model.stack.hidden_size)
    into_h, into_c = (torch.randn(size, generator=random, dtype=model.dtype) for _ in range(2))
    return model.cell, signals, into_h, into_c if "c" in model.cell.State._fields else None


@torch.inference_mode()
@pytest.mark.parametrize("variant", SWEPT)
def test_a_batch_is_its_members(variant: Variant) -> None:
    """As the gradient matrix needs it: every objective is carried back beside the others, untouched by them."""
    cell, signals, into_h, into_c = case(variant)
    together = cell.sweep(signals, into_h, into_c)
    assert together is not None
    for k in range(BATCH):
        alone = cell.sweep(signals, into_h[:, k : k + 1], None if into_c is None else into_c[:, k : k + 1])
        assert alone is not None
        assert set(alone) == set(together)
        for name, values in alone.items():
            torch.testing.assert_close(
                together[name][:, k : k + 1], values, rtol=0, atol=1e-12
            )  # float64, another BLAS call


@torch.inference_mode()
@pytest.mark.parametrize("variant", SWEPT)
def test_a_sweep_is_linear_and_leaves_its_input(variant: Variant) -> None:
    """By h and by c together is by h plus by c; nothing that was handed in is written to."""
    cell, signals, into_h, into_c = case(variant)
    before = {name: values.clone() for name, values in signals.items()} | {"into_h": into_h.clone()}
    both = cell.sweep(signals, into_h, into_c)
    by_h = cell.sweep(signals, into_h)
    assert both is not None
    assert by_h is not None
    if into_c is not None:
        by_c = cell.sweep(signals, torch.zeros_like(into_h), into_c)
        assert by_c is not None
        for name in both:
            torch.testing.assert_close(both[name], by_h[name] + by_c[name], rtol=0, atol=1e-12)
    for name, values in (signals | {"into_h": into_h}).items():
        assert torch.equal(values, before[name])
