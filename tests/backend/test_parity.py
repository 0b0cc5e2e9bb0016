"""A trace of torch's own recurrent modules against torch: its outputs, a loop of its cells, and the gates from the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.signals import Array, Trace
from tests.helpers import DEVICES, SHAPES, Shape, steps_of

INPUT, UNITS, STEPS = 5, 6, 9
MODULES = {
    "rnn-tanh": (nn.RNN, nn.RNNCell, {"nonlinearity": "tanh"}),
    "rnn-relu": (nn.RNN, nn.RNNCell, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, nn.LSTMCell, {}),
    "gru": (nn.GRU, nn.GRUCell, {}),
}
# float32: a few hundred rounded sums of size 1, some 1e-7 each; float64 likewise at 1e-16, and the bar leaves room for other BLAS.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}

pytestmark = [
    pytest.mark.parametrize("device", DEVICES),
    pytest.mark.parametrize("start", ["zero", "given"]),
    pytest.mark.parametrize("dtype", TOLERANCE, ids=str),
    pytest.mark.parametrize("shape", SHAPES),
    pytest.mark.parametrize("kind", MODULES),
]


class Case:
    """A random module of torch, what it reads, from where it starts, and the project's trace of it."""

    def __init__(self, kind: str, shape: Shape, dtype: torch.dtype, start: str, device: str) -> None:
        torch.manual_seed(0)
        make, self.make_cell, options = MODULES[kind]
        self.layers, self.both = shape
        self.options: dict[str, Any] = options
        self.kind, self.dtype = kind, dtype
        self.module = make(INPUT, UNITS, self.layers, bidirectional=self.both, dtype=dtype, **options)
        self.weights = self.module.state_dict()
        self.x = torch.from_numpy(steps_of(INPUT, STEPS)).to(dtype)
        self.states = ("h", "c") if kind == "lstm" else ("h",)
        self.rows = self.layers * (1 + self.both)
        size = (self.rows, UNITS)
        self.initial = {
            name: torch.randn(size, dtype=dtype) if start == "given" else torch.zeros(size, dtype=dtype)
            for name in self.states
        }
        given = {name: values.numpy() for name, values in self.initial.items()} if start == "given" else None
        self.trace: Trace = explorer.trace(explorer.wrap(self.module), self.x.numpy(), state=given, device=device)
        self.close: dict[str, Any] = {"rtol": 0, "atol": TOLERANCE[dtype]}

    def suffix(self, row: int) -> str:
        return f"_l{row // (1 + self.both)}{'_reverse' if self.both and row % 2 else ''}"

    @torch.no_grad()
    def by_cells(self) -> list[dict[str, Array]]:
        """Each row's states, [step, unit], and what it read, from a loop of torch's single cells."""
        rows: list[dict[str, Array]] = []
        below = self.x
        for layer in range(self.layers):
            hs = []
            for backward in range(1 + self.both):
                row = len(rows)
                cell = self.make_cell(below.shape[1], UNITS, dtype=self.dtype, **self.options)
                names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                cell.load_state_dict({name: self.weights[name + self.suffix(row)] for name in names})
                state = tuple(self.initial[name][row] for name in self.states)
                seen: dict[int, tuple[Tensor, ...]] = {}
                for step in reversed(range(STEPS)) if backward else range(STEPS):
                    after = cell(below[step], state if len(state) == 2 else state[0])
                    state = seen[step] = after if isinstance(after, tuple) else (after,)
                rows.append(
                    {
                        name: torch.stack([seen[step][k] for step in range(STEPS)]).numpy()
                        for k, name in enumerate(self.states)
                    }
                    | {"read": below.numpy()}
                )
                hs.append(torch.from_numpy(rows[-1]["h"]))
            assert layer == len(rows) // (1 + self.both) - 1
            below = torch.cat(hs, -1)
        return rows


@pytest.fixture
def case(kind: str, shape: Shape, dtype: torch.dtype, start: str, device: str) -> Case:
    return Case(kind, shape, dtype, start, device)


def test_outputs_are_those_of_torch(case: Case) -> None:
    """The top layer's h, both directions side by side, is torch's output; the last states are torch's."""
    initial = tuple(values[:, None] for values in case.initial.values())
    with torch.no_grad():
        out, last = case.module(case.x[:, None], initial if len(initial) == 2 else initial[0])
    top = case.trace["h"][-1 - case.both :]
    np.testing.assert_allclose(np.concatenate(list(top), -1), out[:, 0].numpy(), **case.close)
    lasts = dict(zip(case.states, last if len(initial) == 2 else (last,), strict=True))
    for name, values in lasts.items():
        for row in range(case.rows):
            ended = 0 if case.both and row % 2 else STEPS - 1
            np.testing.assert_allclose(case.trace[name][row, ended], values[row, 0].numpy(), **case.close)


def test_every_state_is_that_of_torchs_cells(case: Case) -> None:
    """h and c of every layer, direction and step, in torch's order of rows."""
    for row, expected in enumerate(case.by_cells()):
        for name in case.states:
            np.testing.assert_allclose(case.trace[name][row], expected[name], **case.close)


def test_every_gate_is_what_the_weights_say(case: Case) -> None:
    """Each gate and pre-activation, recomputed with numpy from torch's weights and the states of torch's cells."""
    for row, seen in enumerate(case.by_cells()):
        W, U, b, c = (
            case.weights[name + case.suffix(row)].numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        before = previous(seen["h"], case.initial["h"][row].numpy(), backward=bool(case.both and row % 2))
        from_x, from_h = seen["read"] @ W.T + b, before @ U.T + c  # [step, blocks*unit]
        expected: dict[str, Array] = {}
        if case.kind == "lstm":
            for name, block in zip("ifgo", np.split(from_x + from_h, 4, -1), strict=True):
                expected |= {f"{name}_pre": block, name: np.tanh(block) if name == "g" else sigmoid(block)}
        elif case.kind == "gru":
            (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(from_x, 3, -1), np.split(from_h, 3, -1)
            n_pre = x_n + sigmoid(x_r + h_r) * h_n
            expected |= {"r_pre": x_r + h_r, "z_pre": x_z + h_z, "n_pre": n_pre}
            expected |= {"r": sigmoid(x_r + h_r), "z": sigmoid(x_z + h_z), "n": np.tanh(n_pre)}
        else:
            expected |= {"h_pre": from_x + from_h}
        assert set(case.trace.arrays) == {"x", *case.states, *expected}
        for name, values in expected.items():
            np.testing.assert_allclose(case.trace[name][row], values, err_msg=name, **case.close)


def test_the_trace_has_the_models_precision(case: Case) -> None:
    assert {array.dtype for array in case.trace.arrays.values()} == {np.dtype(str(case.dtype).removeprefix("torch."))}


def previous(values: Array, first: Array, backward: bool) -> Array:
    if backward:
        return np.concatenate([values[1:], first[None]])
    return np.concatenate([first[None], values[:-1]])


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))
