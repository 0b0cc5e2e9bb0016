"""The LSTM of some textbooks, squashed by σ throughout."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import Tap, register
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_base import (
    FORGET_GATE,
    INPUT_GATE,
    OUTPUT_GATE,
    LSTMLike,
    LSTMState,
    candidate,
    cell_state,
    hidden_state,
)
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt


@register
class SigmoidLSTM(LSTMLike):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)  write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)  keep
    g_t = σ(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)  read
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ σ(c_t)

    As Goodfellow, Bengio & Courville 2016 write it, whose s_t is c_t: σ squashes the candidate there, and a sum that is never negative
    is carried on. They squash what is shown by tanh; here σ stands there too, so that h_t of an empty belt is o_t / 2. Convention:
    torch's, blocks in the order i, f, g, o.

    `forget_bias` sets b_if + b_hf to this value (all of it in b_if).
    """

    name: ClassVar[str] = "lstm-sigmoid"
    title: ClassVar[str] = "LSTM, σ throughout"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = (
        "σ in the place of both tanh: a write is never negative, so only the forget gate can reduce the belt."
    )
    source: ClassVar[str] = "Goodfellow, Bengio & Courville 2016, “Deep learning”, MIT Press, section 10.10.1"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        INPUT_GATE,
        FORGET_GATE,
        candidate("sigmoid(g_pre)"),
        OUTPUT_GATE,
        cell_state("f * c_prev + i * g"),
        hidden_state("o * sigmoid(c)"),
    )
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        operations={"squash": Operation("σ", (8.9, 1))},
        phases={
            "shows": (
                wire("c", (8.9, 0), "squash"),
                wire("sigmoid(c)", "squash", "show"),
                wire("o", "o", (7.5, 2), "show", number=0.3),
                wire("h", "show", (8.9, 5), (10, 5), number=0.8),
                wire("h", (9.5, 5), (9.5, -0.9)),
            ),
        },
    )

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__(input_size, hidden_size)
        self.set_forget_bias(forget_bias)

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = tap("i", tap("i_pre", sums["i"]).sigmoid())
        f = tap("f", tap("f_pre", sums["f"]).sigmoid())
        g = tap("g", tap("g_pre", sums["g"]).sigmoid())
        o = tap("o", tap("o_pre", sums["o"]).sigmoid())
        c = tap("c", f * state.c + i * g)
        h = tap("h", o * c.sigmoid())
        return LSTMState(h, c)
