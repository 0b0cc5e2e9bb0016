"""The clockwork RNN: who takes a turn, who hears whom, and that all others are copied to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer import cells
from explorer.backend.forward import run
from explorer.cells import Cell
from explorer.cells.clockwork import Clockwork
from explorer.models.model import Model
from explorer.signals import Array
from tests.helpers import network, steps_of

# float64: the same sums in another order.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
STEPS = 20


def clockwork(units: int = 8, inputs: int = 3, periods: Sequence[int] | None = None, seed: int = 0) -> Clockwork:
    torch.manual_seed(seed)
    return Clockwork(inputs, units, periods).double()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("start", [0.0, 0.5])
@pytest.mark.parametrize("periods", [(1,), (1, 2, 4, 8), (2, 3), (1, 1, 5)])
def test_the_equations(periods: tuple[int, ...], start: float, seed: int) -> None:
    """Module by module in numpy: one whose period divides the step hears itself and all slower ones; the others wait."""
    units, x = 9, steps_of(3, STEPS)
    cell = clockwork(units, periods=periods, seed=seed)
    trace = explorer.trace(cell, x, state={"h": np.full(units, start)})
    W, U, b, c = (cell.state_dict()[name].numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    modules = np.array_split(np.arange(units), len(periods))
    h = np.full(units, start)
    for t, x_t in enumerate(x):
        new = h.copy()
        for period, module in zip(periods, modules, strict=True):
            if (t + 1) % period:
                continue
            slower = np.concatenate([other for p, other in zip(periods, modules, strict=True) if p >= period])
            new[module] = np.tanh(W[module] @ x_t + b[module] + U[np.ix_(module, slower)] @ h[slower] + c[module])
        h = new
        np.testing.assert_allclose(trace["h"][0, t], h, **CLOSE)


def test_who_waits_is_copied_to_the_bit() -> None:
    """And only who waits; float32 as well."""
    for dtype in (torch.float32, torch.float64):
        trace = explorer.trace(clockwork().to(dtype), steps_of(3, STEPS))
        waits = trace["a"][0] == 0
        assert (trace["h"][0] == trace.previous("h")[0])[waits].all()
        assert (trace["h"][0] != trace.previous("h")[0])[~waits].all()
        for unit, period in enumerate((1, 1, 2, 2, 4, 4, 8, 8)):
            turns = [step for step in range(1, STEPS + 1) if step % period == 0]
            assert (np.flatnonzero(~waits[:, unit]) + 1).tolist() == turns, "as steps are counted on the screen"


def test_one_module_with_period_1_is_an_elman_network() -> None:
    cell, x = clockwork(4, periods=(1,)), steps_of(3)
    elman = cells.build("rnn", 3, 4).double()
    elman.load_state_dict(cell.state_dict())
    np.testing.assert_allclose(explorer.trace(cell, x)["h"], explorer.trace(elman, x)["h"], **CLOSE)


@pytest.mark.parametrize(
    ("units", "periods", "expected"),
    [
        (8, None, [1, 1, 2, 2, 4, 4, 8, 8]),
        (6, None, [1, 1, 2, 2, 4, 8]),
        (3, None, [1, 2, 4]),
        (5, (3, 1), [1, 1, 1, 3, 3]),
    ],
)
def test_units_are_shared_out_evenly(units: int, periods: Sequence[int] | None, expected: list[int]) -> None:
    """In the order of rising periods."""
    assert clockwork(units, periods=periods).period.tolist() == expected


def test_training_cannot_fill_what_is_hidden() -> None:
    """W_hh stays block upper triangular in effect: what is hidden has no gradient, and no influence where it is not 0."""
    cell, x = clockwork(), torch.from_numpy(steps_of(3, STEPS))[:, None]
    hidden = cell.mask == 0
    assert torch.equal(
        cell.mask, torch.ones(8, 8).triu().double().maximum(torch.eye(4).kron(torch.ones(2, 2)).double())
    )
    assert not cell.weight_hh[hidden].any()
    h, _ = run(cells.Stack.of(cell), x)
    (grad,) = torch.autograd.grad(h.square().sum(), [cell.weight_hh])
    assert not grad[hidden].any()
    assert grad[~hidden].abs().max() > 0
    cell.weight_hh.data[hidden] = 5.0
    assert torch.equal(run(cells.Stack.of(cell), x)[0], h)
    assert not cell.named_weights["W_hn"][hidden].any(), "nor is it shown"


@pytest.mark.parametrize("layer", range(4))
def test_each_row_has_a_clock_of_its_own(layer: int) -> None:
    """Which counts in the order in which the row reads."""
    model = network(("clockwork", {}), (2, True))
    text = "abc de"
    trace = explorer.trace(model, text)
    counted = np.arange(1, len(text) + 1)
    expected = counted[::-1] if layer % 2 else counted
    np.testing.assert_array_equal(trace["t"][layer], np.repeat(expected[:, None], trace.units, 1))


def test_the_clock_goes_on_from_a_state() -> None:
    """A text read in two pieces is read as one."""
    model, text = network(("clockwork", {}), (2, False)), "abcdeed cab"
    whole = explorer.trace(model, text)
    first = explorer.trace(model, text[:5])
    rest = explorer.trace(model, text[5:], state={name: first[name][:, -1] for name in ("h", "t")})
    for name in ("t", "a", "h"):
        np.testing.assert_array_equal(rest[name], whole[name][:, 5:])


def test_a_turn_has_a_gradient_and_the_clock_has_none() -> None:
    model = Model(clockwork())
    grads = explorer.gradients(model, steps_of(3), of="h", unit=0)
    trace = explorer.trace(model, steps_of(3))
    expected: Array = grads["grad_h"] * (trace["n"] - trace.previous("h"))
    np.testing.assert_allclose(grads["grad_a"], expected, **CLOSE)
    assert np.abs(grads["grad_a"]).max() > 0
    assert not grads["grad_t"].any()


def test_saved_and_loaded() -> None:
    """Periods are options, not weights."""
    cell = clockwork(periods=(1, 3))
    assert set(cell.state_dict()) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
    assert cell.options == {"periods": [1, 3]}
    again = cells.build("clockwork", 3, 8, periods=[3, 1])
    assert isinstance(again, Cell)
    assert again.options == cell.options


@pytest.mark.parametrize(
    ("units", "periods", "message"),
    [
        (3, (1, 2, 4, 8), "4 periods are too many for 3 units: each module needs one"),
        (4, (), r"periods is \(\); they must be whole numbers of steps, 1 or more"),
        (4, (0, 1), r"periods is \(0, 1\); they must be whole numbers of steps, 1 or more"),
        (4, (1, 2.5), r"periods is \(1, 2.5\); they must be whole numbers of steps, 1 or more"),
    ],
)
def test_refused(units: int, periods: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build("clockwork", 3, units, periods=periods)
