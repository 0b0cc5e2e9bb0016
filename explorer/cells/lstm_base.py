"""Base of the LSTM and its relatives: their state, the names of their signals, the forget bias, and torch's fused
kernel."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from explorer.cells.base import KERNEL_MODE, Cell, exactly, gate
from explorer.signals import Signal

OPEN = 1e4
"""A bias whose sigmoid is exactly 1, in float32 and float64 alike."""


class LSTMState(NamedTuple):
    """The state of an LSTM: the output h, and the belt c."""

    h: Tensor  # [batch, unit]
    c: Tensor  # [batch, unit]


INPUT_GATE = gate("i", role="write", label="input gate")
FORGET_GATE = gate("f", role="keep", label="forget gate")
OUTPUT_GATE = gate("o", role="read", label="output gate")


def candidate(formula: str = "tanh(g_pre)") -> Signal:
    """Signal of the candidate, the value to write."""
    return Signal(name="g", symbol="g_t", kind="signed", role="candidate", label="candidate", formula=formula)


def cell_state(formula: str) -> Signal:
    """The belt."""
    return Signal(name="c", symbol="c_t", kind="signed", role="belt", label="cell state", formula=formula)


def hidden_state(formula: str = "o * tanh(c)") -> Signal:
    """Signal of the hidden state, the cell's output from its belt."""
    return Signal(name="h", symbol="h_t", kind="signed", role="hidden", label="hidden state", formula=formula)


class LSTMLike(Cell):
    """A cell with gates around a belt c. A subclass states its own equations; none is inherited."""

    State: ClassVar[type[Any]] = LSTMState
    fused: ClassVar[bool] = False
    """True if torch's LSTM computes it: a gate that the cell lacks is held wide open, and the weights are joined from
    its own."""

    def sums_of(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """W x + b + U h + b of each block by its name, [batch, unit] each."""
        return dict(zip(self.blocks, self.preactivations(x, h), strict=True))

    def set_forget_bias(self, bias: float | None) -> None:
        """b_if + b_hf becomes `bias`, all of it in b_if; None leaves it as it was drawn."""
        if bias is not None:
            self.set_bias("f", torch.full((self.hidden_size,), float(bias)))

    def set_bias(self, block: str, bias: Tensor) -> None:
        """Set b_i<block> of the first units to `bias` [unit] and their b_h<block> to 0."""
        first = self.blocks.index(block) * self.hidden_size
        rows = slice(first, first + len(bias))
        with torch.no_grad():
            self.bias_ih[rows] = bias
            self.bias_hh[rows] = 0

    def kernel(self, x: Tensor, state: Any) -> tuple[Tensor, Any] | None:
        if not self.fused:
            return None
        with exactly(x):
            h, last_h, last_c = torch.lstm(x, (state.h[None], state.c[None]), self.lstm_weights(), *KERNEL_MODE)
        return h, LSTMState(last_h[0], last_c[0])

    def lstm_weights(self) -> list[Tensor]:
        """The weights of torch's LSTM that computes the same; gradients flow through them to the cell's own."""

        def whole(weight: Tensor, absent: float) -> Tensor:
            named = self.lstm_blocks(dict(zip(self.blocks, weight.split(self.hidden_size), strict=True)))
            nothing = torch.full_like(weight[: self.hidden_size], absent)
            return torch.cat([named.get(name, nothing) for name in "ifgo"])

        weights, biases = self.flat_weights[:2], self.flat_weights[2:]
        return [whole(weight, 0.0) for weight in weights] + [whole(bias, OPEN) for bias in biases]

    def lstm_blocks(self, own: dict[str, Tensor]) -> dict[str, Tensor]:
        """The blocks of one of torch's weights from the cell's own; one that is not there belongs to a gate that is always open."""
        return own
