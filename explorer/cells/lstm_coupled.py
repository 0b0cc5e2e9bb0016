"""The LSTM whose forget gate decides both ways."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import Tap, register
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_base import (
    FORGET_GATE,
    OUTPUT_GATE,
    LSTMLike,
    LSTMState,
    candidate,
    cell_state,
    hidden_state,
)
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt, Signal


@register
class CoupledLSTM(LSTMLike):
    """f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)    keep
    i_t = 1 - f_t                                     write
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)    read
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

    The coupled input and forget gate (CIFG) of Greff et al. 2015, without its peepholes. Convention: torch's, blocks in the order
    f, g, o. Greff et al., and ONNX's LSTM with input_forget = 1, compute the input gate and take f = 1 - i: that is this cell with the
    sign of that gate's weights and biases turned, W_i = -W_f and so on, since σ(-a) = 1 - σ(a).

    `forget_bias` sets b_if + b_hf to this value (all of it in b_if).
    """

    name: ClassVar[str] = "lstm-coupled"
    title: ClassVar[str] = "LSTM, gates coupled"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = (
        "No input gate of its own: the write replaces exactly the share that is forgotten, i = 1 − f."
    )
    source: ClassVar[str] = "Greff et al. 2015, “LSTM: A search space odyssey”, arXiv:1503.04069 (CIFG)"
    blocks: ClassVar[tuple[str, ...]] = ("f", "g", "o")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        FORGET_GATE,
        Signal(name="i", symbol="i_t", kind="gate", role="write", label="input gate", formula="1 - f"),
        candidate(),
        OUTPUT_GATE,
        cell_state("f * c_prev + i * g"),
        hidden_state(),
    )
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        without=("i",),
        operations={"rest": Operation("1−", (2.6, 1.45))},
        phases={
            "keeps": (
                wire("f", "f", "forget", number=0.27),
                wire("c_prev", (0, 0), "forget", number=0.4),
                wire("f * c_prev", "forget", "add", number=0.5),
            ),
            "writes": (
                wire("f", (1.9, 1.45), "rest"),
                wire("i", "rest", "write", number=0.5),
                wire("g", "g", (5.7, 1.45), "write", number=0.4),
                wire("i * g", "write", "add", number=0.5),
                wire("c", "add", (10, 0), number=0.85),
            ),
        },
    )

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__(input_size, hidden_size)
        self.set_forget_bias(forget_bias)

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        f = tap("f", tap("f_pre", sums["f"]).sigmoid())
        i = tap("i", 1 - f)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        o = tap("o", tap("o_pre", sums["o"]).sigmoid())
        c = tap("c", f * state.c + i * g)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)

    def lstm_blocks(self, own: dict[str, Tensor]) -> dict[str, Tensor]:
        return own | {"i": -own["f"]}
