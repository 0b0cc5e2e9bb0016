"""The forward pass: the replay of a fused kernel gives what the cell's step gives, and a tap sees and replaces what it is told."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explorer.backend import forward
from explorer.cells import Tap, untapped
from explorer.models.model import Model
from tests.helpers import SHAPES, VARIANTS, Shape, Variant, network

STEPS, BATCH = 40, 3
# Two orders of summation of the same numbers; the error of a state is passed on for 40 steps.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-13}


def reading(model: Model, seed: int = 0) -> tuple[Tensor, forward.States]:
    """A batch of random x [step, batch, input] and of initial states."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(STEPS, BATCH, model.stack.input_size, generator=random, dtype=model.dtype)
    zeros = forward.zero_states(model.stack, BATCH)
    return x, {name: torch.randn(zero.shape, generator=random, dtype=model.dtype) for name, zero in zeros.items()}


@torch.inference_mode()
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_replay_is_unroll(variant: Variant, shape: Shape, dtype: torch.dtype) -> None:
    """The fast path and the cell's step, token by token, agree on every signal; a batch reads as its members would."""
    model = network(variant, shape, dtype=dtype)
    x, initial = reading(model)
    fast = forward.read(model.stack, x, initial)
    slow = forward.read(model.stack, x, initial, tap_at=lambda row, step: untapped)
    assert len(fast) == len(model.stack.rows)
    for one, other in zip(fast, slow, strict=True):
        assert set(one) == set(other) == {signal.name for signal in model.cell.recorded}
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=0, atol=TOLERANCE[dtype])


@torch.inference_mode()
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_run_is_read_without_the_record(variant: Variant, shape: Shape) -> None:
    """`run` gives the top layer's h and the state after the last token of each row; going on from there is reading in one go."""
    model = network(variant, shape)
    x, initial = reading(model)
    h, last = forward.run(model.stack, x, initial)
    rows = forward.read(model.stack, x, initial)
    torch.testing.assert_close(h, torch.cat([row["h"] for row in rows[-model.stack.directions :]], -1))
    for name, values in last.items():
        for row, signals in enumerate(rows):
            ended = 0 if row % model.stack.directions else -1
            torch.testing.assert_close(values[row], signals[name][ended])
    if not model.stack.bidirectional:
        _, half = forward.run(model.stack, x[:15], initial)
        torch.testing.assert_close(forward.run(model.stack, x[15:], half)[0], h[15:])


@pytest.mark.parametrize("variant", VARIANTS)
def test_run_can_be_trained(variant: Variant) -> None:
    """Every weight gets a gradient through `run`, the same one as through the cell's step; one that is not 0 in a layer at least, since
    nothing below the first layer could be let in there."""
    model = network(variant, (2, False))
    x, initial = reading(model)
    model.stack.requires_grad_()  # those too that training leaves alone
    weights = list(model.stack.parameters())
    fused = torch.autograd.grad(forward.run(model.stack, x, initial)[0].square().sum(), weights)
    rows = forward.read(model.stack, x, initial, tap_at=lambda row, step: untapped)
    stepped = torch.autograd.grad(rows[-1]["h"].square().sum(), weights)
    for one, other in zip(fused, stepped, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)  # float64, summed over 40 steps
    moved: dict[str, float] = {}
    for (name, _), one in zip(model.stack.named_parameters(), fused, strict=True):
        weight = name.rpartition(".")[2]
        moved[weight] = max(moved.get(weight, 0.0), float(one.abs().max()))
    assert min(moved.values()) > 0, moved


@torch.inference_mode()
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_tap_replaces_a_number_for_all_that_follows(variant: Variant) -> None:
    """h of one unit held at 0.5 at one step: it is 0.5 there, nothing before it changes, the next step does."""
    model = network(variant)
    x, initial = reading(model)
    at, unit = 7, 2

    def holding(row: int, step: int) -> Tap:
        def tap(name: str, value: Tensor) -> Tensor:
            if (name, step) == ("h", at):
                value = value.clone()
                value[:, unit] = 0.5
            return value

        return tap

    (plain,), (held,) = forward.read(model.stack, x, initial), forward.read(model.stack, x, initial, tap_at=holding)
    assert (held["h"][at, :, unit] == 0.5).all()
    torch.testing.assert_close(held["h"][:at], plain["h"][:at])
    assert (held["h"][at + 1] != plain["h"][at + 1]).any()


@torch.inference_mode()
def test_scan_is_the_belts_recurrence() -> None:
    """state = keep · state + write, by hand on three steps."""
    keep, write = (torch.tensor(values).view(3, 1, 1) for values in ([0.5, 1.0, 0.0], [0.25, -0.5, 0.75]))
    found = forward.scan(keep, write, torch.tensor([[2.0]]))
    assert found.flatten().tolist() == [1.25, 0.75, 0.75]  # every product is exact in binary
