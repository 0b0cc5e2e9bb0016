"""Each kind of edit against the same intervention written out by hand, on torch's own cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer import edits
from explorer.backend.edits import Edit
from explorer.signals import Array, Trace

STEPS, INPUT, UNITS = 9, 3, 4
Change = Callable[[int, Tensor, Tensor], Tensor]
"""What becomes of a quantity: its step, its value, and what the state of the same name was before the step."""


@pytest.fixture
def x() -> Tensor:
    return torch.randn(STEPS, INPUT, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def cell_of(kind: type[Any]) -> tuple[nn.Module, nn.Module]:
    """torch's module and torch's cell with the same weights."""
    torch.manual_seed(0)
    modules = {nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell, nn.RNN: nn.RNNCell}
    module = kind(INPUT, UNITS).double()
    cell = modules[kind](INPUT, UNITS).double()
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in module.state_dict().items()})
    return module, cell


def stacked(steps: list[dict[str, Tensor]]) -> dict[str, Array]:
    return {name: torch.stack([step[name] for step in steps]).numpy() for name in steps[0]}


def assert_same(found: Trace, expected: dict[str, Array]) -> None:
    for name, values in expected.items():
        # float64, other orders of summation over 9 steps
        np.testing.assert_allclose(found[name][0], values, rtol=0, atol=1e-13, err_msg=name)


# Between the steps: torch's cells as they are, states changed by hand.


@torch.no_grad()
def lstm_steps(cell: nn.Module, x: Tensor, change: Callable[..., tuple[Tensor, Tensor]]) -> dict[str, Array]:
    """`change` is given the step, and h and c before and after it."""
    h = c = torch.zeros(UNITS, dtype=x.dtype)
    steps = []
    for t, x_t in enumerate(x):
        after = cell(x_t, (h, c))
        h, c = change(t, (h, c), after)
        steps.append({"h": h, "c": c})
    return stacked(steps)


def with_unit(values: Tensor, unit: int, value: Tensor | float) -> Tensor:
    values = values.clone()
    values[unit] = value
    return values


DONOR = torch.tensor([0.5, -0.25, 0.125, 0.75], dtype=torch.float64)

LSTM_STATES = [
    pytest.param(
        edits.erase(2),
        lambda t, before, after: (with_unit(after[0], 2, 0.0), with_unit(after[1], 2, 0.0)),
        id="erase",
    ),
    pytest.param(
        [edits.set_to("h", 0.5, units=1, steps=(2, 4))],
        lambda t, before, after: (with_unit(after[0], 1, 0.5) if 2 <= t <= 4 else after[0], after[1]),
        id="set",
    ),
    pytest.param(
        [edits.scale("h", -2.0, steps=3)],
        lambda t, before, after: (-2 * after[0] if t == 3 else after[0], after[1]),
        id="scale",
    ),
    pytest.param(
        [edits.freeze("c", steps=(3, 6)), edits.freeze("h", steps=(3, 6))],
        lambda t, before, after: before if 3 <= t <= 6 else after,
        id="freeze",
    ),
    pytest.param(
        [edits.patch("c", DONOR, at=4), edits.patch("h", -DONOR, at=4)],
        lambda t, before, after: (-DONOR, DONOR) if t == 4 else after,
        id="patch",
    ),
    pytest.param(
        [edits.patch("h", [0.5, 0.25], at=4, units=(3, 0))],
        lambda t, before, after: (
            with_unit(with_unit(after[0], 3, 0.5), 0, 0.25) if t == 4 else after[0],
            after[1],
        ),
        id="patch-some",
    ),
]


@pytest.mark.parametrize(("asked", "change"), LSTM_STATES)
def test_states_of_an_lstm(asked: list[Edit], change: Callable[..., Any], x: Tensor) -> None:
    """nn.LSTMCell, its states changed between the steps."""
    module, cell = cell_of(nn.LSTM)
    found = explorer.trace(explorer.wrap(module), x.numpy(), edits=asked)
    assert_same(found, lstm_steps(cell, x, change))
    untouched = lstm_steps(cell, x, lambda t, before, after: after)
    assert np.abs(found["h"][0] - untouched["h"]).max() > 1e-2, "it did something"


@torch.no_grad()
def test_the_loop_of_an_lstm_cut(x: Tensor) -> None:
    """nn.LSTMCell, given h = 0 at every step."""
    module, cell = cell_of(nn.LSTM)
    c, zero, steps = torch.zeros(UNITS, dtype=x.dtype), torch.zeros(UNITS, dtype=x.dtype), []
    for x_t in x:
        h, c = cell(x_t, (zero, c))
        steps.append({"h": h, "c": c})
    assert_same(explorer.trace(explorer.wrap(module), x.numpy(), edits=[edits.cut_loop()]), stacked(steps))


@pytest.mark.parametrize("kind", [nn.GRU, nn.RNN])
@torch.no_grad()
def test_states_of_a_gru_and_an_elman_network(kind: type[nn.Module], x: Tensor) -> None:
    """nn.GRUCell and nn.RNNCell: h set, scaled, frozen and patched, each at steps of its own; and halved as it enters a step."""
    module, cell = cell_of(kind)
    asked = [
        edits.set_to("h", 0.5, units=1, steps=1),
        edits.scale("h", -2.0, steps=2),
        edits.freeze("h", steps=(4, 5)),
        edits.patch("h", DONOR, at=6),
        edits.scale("h_prev", 0.5, steps=8),
    ]
    h, steps = torch.zeros(UNITS, dtype=x.dtype), []
    for t, x_t in enumerate(x):
        before = h
        h = cell(x_t, h / 2 if t == 8 else h)
        if t == 1:
            h = with_unit(h, 1, 0.5)
        elif t == 2:
            h = -2 * h
        elif t in (4, 5):
            h = before
        elif t == 6:
            h = DONOR
        steps.append({"h": h})
    assert_same(explorer.trace(explorer.wrap(module), x.numpy(), edits=asked), stacked(steps))


@torch.no_grad()
def test_noise_on_the_belt(x: Tensor) -> None:
    """The noise that was drawn is what c differs by from what nn.LSTMCell makes of the state before; and h shows the noisy c."""
    module, cell = cell_of(nn.LSTM)
    found = explorer.trace(explorer.wrap(module), x.numpy(), edits=[edits.noise("c", 0.5, seed=3, units=(0, 2))])
    h, c = (torch.from_numpy(found.previous(name)[0].copy()) for name in "hc")
    h_made, c_made = cell(x, (h, c))  # every step by itself
    drawn = found["c"][0] - c_made.numpy()
    np.testing.assert_allclose(drawn[:, [1, 3]], 0, atol=1e-14)
    assert (np.abs(drawn[:, [0, 2]]) > 1e-4).all()
    assert len(np.unique(drawn[:, [0, 2]].round(12))) == 2 * STEPS, "each step and unit has its own"
    gate_and_all = h_made.numpy() / np.tanh(c_made.numpy())
    np.testing.assert_allclose(found["h"][0], gate_and_all * np.tanh(found["c"][0]), rtol=0, atol=1e-13)


# Within a step: the equations, from torch's weights.


@torch.no_grad()
def lstm_written_out(cell: Any, x: Tensor, **change: Change) -> dict[str, Array]:
    """nn.LSTMCell's equations, each quantity passing through its change."""
    h = c = torch.zeros(UNITS, dtype=x.dtype)
    steps = []
    for t, x_t in enumerate(x):
        s: dict[str, Tensor] = {}

        def made(name: str, value: Tensor, before: Tensor, t: int = t, s: dict[str, Tensor] = s) -> Tensor:
            s[name] = change[name](t, value, before) if name in change else value
            return s[name]

        sums = cell.weight_ih @ x_t + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
        i, f, g, o = (made(f"{name}_pre", part, h) for name, part in zip("ifgo", sums.chunk(4), strict=True))
        i, f = made("i", torch.sigmoid(i), h), made("f", torch.sigmoid(f), h)
        g, o = made("g", torch.tanh(g), h), made("o", torch.sigmoid(o), h)
        c = made("c", f * c + i * g, c)
        h = made("h", o * torch.tanh(c), h)
        steps.append(s)
    return stacked(steps)


@torch.no_grad()
def gru_written_out(cell: Any, x: Tensor, **change: Change) -> dict[str, Array]:
    """nn.GRUCell's equations, likewise."""
    h, steps = torch.zeros(UNITS, dtype=x.dtype), []
    for t, x_t in enumerate(x):
        s: dict[str, Tensor] = {}

        def made(name: str, value: Tensor, before: Tensor, t: int = t, s: dict[str, Tensor] = s) -> Tensor:
            s[name] = change[name](t, value, before) if name in change else value
            return s[name]

        x_r, x_z, x_n = (cell.weight_ih @ x_t + cell.bias_ih).chunk(3)
        h_r, h_z, h_n = (cell.weight_hh @ h + cell.bias_hh).chunk(3)
        r = made("r", torch.sigmoid(made("r_pre", x_r + h_r, h)), h)
        z = made("z", torch.sigmoid(made("z_pre", x_z + h_z, h)), h)
        n = made("n", torch.tanh(made("n_pre", x_n + r * h_n, h)), h)
        h = made("h", (1 - z) * n + z * h, h)
        steps.append(s)
    return stacked(steps)


def test_what_is_written_out_is_torch(x: Tensor) -> None:
    """Without a change, the two loops above are nn.LSTM and nn.GRU."""
    for kind, written_out in ((nn.LSTM, lstm_written_out), (nn.GRU, gru_written_out)):
        module, cell = cell_of(kind)
        with torch.no_grad():
            np.testing.assert_allclose(written_out(cell, x)["h"], module(x)[0].numpy(), rtol=0, atol=1e-13)


WITHIN = [
    pytest.param(
        nn.LSTM,
        [edits.set_to("f", 1.0, units=2)],
        {"f": lambda t, f, _: with_unit(f, 2, 1.0)},
        id="lstm-held-open",
    ),
    pytest.param(
        nn.LSTM,
        [edits.set_to("i", 0.0, steps=(3, 8))],
        {"i": lambda t, i, _: 0 * i if t >= 3 else i},
        id="lstm-held-shut",
    ),
    pytest.param(
        nn.LSTM,
        [edits.set_to("f_pre", -1.0, units=(0, 1), steps=4)],
        {"f_pre": lambda t, f, _: with_unit(with_unit(f, 0, -1.0), 1, -1.0) if t == 4 else f},
        id="lstm-before-the-squashing",
    ),
    pytest.param(
        nn.LSTM,
        [edits.scale("o_pre", 3.0), edits.scale("g", 0.5, steps=(1, 2))],
        {"o_pre": lambda t, o, _: 3 * o, "g": lambda t, g, _: g / 2 if 1 <= t <= 2 else g},
        id="lstm-scaled",
    ),
    pytest.param(
        nn.LSTM,
        [edits.freeze("c", units=1, steps=(2, 5))],
        {"c": lambda t, c, before: with_unit(c, 1, before[1]) if 2 <= t <= 5 else c},
        id="lstm-belt-frozen",
    ),
    pytest.param(
        nn.LSTM,
        [edits.patch("c", DONOR, at=5)],
        {"c": lambda t, c, _: DONOR if t == 5 else c},
        id="lstm-belt-patched",
    ),
    pytest.param(
        nn.GRU,
        [edits.set_to("z", 1.0, units=0, steps=(2, 8))],
        {"z": lambda t, z, _: with_unit(z, 0, 1.0) if t >= 2 else z},
        id="gru-held-open",
    ),
    pytest.param(
        nn.GRU,
        [edits.set_to("r", 0.0), edits.scale("n_pre", 2.0)],
        {"r": lambda t, r, _: 0 * r, "n_pre": lambda t, n, _: 2 * n},
        id="gru-reset-shut",
    ),
    pytest.param(
        nn.GRU,
        [edits.patch("n", DONOR, at=(2, 3)), edits.freeze("h", units=3, steps=6)],
        {
            "n": lambda t, n, _: DONOR if t in (2, 3) else n,
            "h": lambda t, h, before: with_unit(h, 3, before[3]) if t == 6 else h,
        },
        id="gru-candidate-patched",
    ),
]


@pytest.mark.parametrize(("kind", "asked", "change"), WITHIN)
def test_gates_and_belts_within_a_step(kind: type[Any], asked: list[Edit], change: dict[str, Any], x: Tensor) -> None:
    """Everything that a trace records, with the change made by hand in the middle of the step."""
    module, cell = cell_of(kind)
    written_out = {nn.LSTM: lstm_written_out, nn.GRU: gru_written_out}[kind]
    found = explorer.trace(explorer.wrap(module), x.numpy(), edits=asked)
    expected = written_out(cell, x, **change)
    assert set(expected) == set(found.arrays) - {"x"}
    assert_same(found, expected)
    assert np.abs(expected["h"] - written_out(cell, x)["h"]).max() > 1e-3, "it did something"


@torch.no_grad()
def test_two_layers_and_two_directions(x: Tensor) -> None:
    """nn.LSTMCells side by side and on top of one another: the backward row of the first layer is patched, in the order in which it
    reads, the forward one of the second scaled."""
    torch.manual_seed(0)
    module = nn.LSTM(INPUT, UNITS, 2, bidirectional=True).double()
    asked = [
        edits.patch("c", DONOR, at=5, layer=1),
        edits.patch("h", -DONOR, at=5, layer=1),
        edits.scale("h", 0.5, layer=2, steps=(3, 4)),
    ]
    found = explorer.trace(explorer.wrap(module), x.numpy(), edits=asked)

    def row(end: str, given: Tensor, order: range, change: Callable[[int, Tensor, Tensor], Any]) -> dict[str, Tensor]:
        cell = nn.LSTMCell(given.shape[1], UNITS).double()
        weights = module.state_dict()
        cell.load_state_dict({name: weights[f"{name}{end}"] for name in cell.state_dict()})
        h = c = torch.zeros(UNITS, dtype=x.dtype)
        hs, cs = torch.zeros(STEPS, UNITS, dtype=x.dtype), torch.zeros(STEPS, UNITS, dtype=x.dtype)
        for t in order:
            h, c = change(t, *cell(given[t], (h, c)))
            hs[t], cs[t] = h, c
        return {"h": hs, "c": cs}

    onwards, back = range(STEPS), range(STEPS - 1, -1, -1)
    rows = [
        row("_l0", x, onwards, lambda t, h, c: (h, c)),
        row("_l0_reverse", x, back, lambda t, h, c: (-DONOR, DONOR) if t == 5 else (h, c)),
    ]
    middle = torch.cat([rows[0]["h"], rows[1]["h"]], 1)
    rows.append(row("_l1", middle, onwards, lambda t, h, c: (h / 2, c) if t in (3, 4) else (h, c)))
    rows.append(row("_l1_reverse", middle, back, lambda t, h, c: (h, c)))
    for number, expected in enumerate(rows):
        for name, values in expected.items():
            np.testing.assert_allclose(found[name][number], values.numpy(), rtol=0, atol=1e-13, err_msg=name)
