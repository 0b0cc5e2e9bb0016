"""The LSTM whose layers lend each other their belts."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from explorer.cells.base import Tap, gate, register
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
from explorer.signals import Belt, Signal


def from_below(label: str, state: str) -> Signal:
    """Signal for the layer below: its `state` at the same step."""
    return Signal(name="l", symbol="l_t", kind="signed", role="belt", label=label, formula=f"{state}_below")


@register
class DepthGated(LSTMLike):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)    write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)    keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)    read
    l_t = the cell state of the layer below              below the first layer: 0
    d_t = σ(W_id x_t + b_id + w_cd ⊙ c_{t-1} + w_ld ⊙ l_t)  write, from below: the depth gate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t + d_t ⊙ l_t
    h_t = o_t ⊙ tanh(c_t)

    Yao et al. 2015, "Depth-gated LSTM". As there, the depth gate does not look at h_{t-1}; unlike there, the other gates have no
    peepholes. Below the first layer l is zero, so that layer is an LSTM, whatever its depth gate says. Otherwise torch.nn.LSTM's
    convention, with blocks in the order i, f, g, o, d, of which weight_hh and bias_hh have the first four; the depth gate's vectors are
    `weight_cd` and `weight_ld` [unit].

    `forget_bias` sets b_if + b_hf to this value (all of it in b_if).
    """

    name: ClassVar[str] = "depth-gated"
    title: ClassVar[str] = "Depth-gated LSTM"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = (
        "A gated link from the belt of the layer below: a memory can move up a layer without a nonlinearity."
    )
    source: ClassVar[str] = "Yao, Cohn, Vylomova, Duh & Dyer 2015, “Depth-gated LSTM”, arXiv:1508.03790"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o", "d")
    reads_below: ClassVar[tuple[str, ...]] = ("c",)
    belts = (Belt("c", keep="f", write="i * g + d * l"),)
    signals = (
        INPUT_GATE,
        FORGET_GATE,
        candidate(),
        OUTPUT_GATE,
        from_below("cell state of the layer below", "c"),
        gate("d", role="write", label="depth gate"),
        cell_state("f * c_prev + i * g + d * l"),
        hidden_state(),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={"f": (1.9, 3.3), "d": (3.8, 3.3), "i": (5.6, 3.3), "g": (7.4, 3.3), "o": (9.2, 3.3)},
        operations={
            "forget": Operation("×", (1.9, 0)),
            "lift": Operation("×", (3.8, 1.45)),
            "add below": Operation("+", (3.8, 0)),
            "add": Operation("+", (6.5, 0)),
            "write": Operation("×", (6.5, 1.45)),
            "squash": Operation("tanh", (10.6, 1)),
            "show": Operation("×", (10.6, 2)),
        },
        phases={
            "reads": (
                wire("x", (1.3, 6), (1.3, 5)),
                wire("h_prev", (0, 5), (9.2, 5), number=0.07),
                wire("l", (2.8, 6), (2.8, 1.45), "lift", number=0.07),
            ),
            "opens its gates": (
                wire("h_prev", (1.9, 5), "f"),
                wire("c_prev", (0.7, 0), (0.7, 4.55), (3.8, 4.55)),
                wire("l", (2.8, 3.3), "d"),
                wire("x", (3.8, 5), "d"),
                wire("h_prev", (5.6, 5), "i"),
                wire("h_prev", (7.4, 5), "g"),
                wire("h_prev", (9.2, 5), "o"),
            ),
            "keeps": (
                wire("f", "f", "forget", number=0.5),
                wire("c_prev", (0, 0), "forget", number=0.4),
                wire("f * c_prev", "forget", "add below", number=0.5),
            ),
            "lifts the memory of the layer below": (
                wire("d", "d", "lift", number=0.4),
                wire("d * l", "lift", "add below", number=0.5),
                wire("f * c_prev + d * l", "add below", "add", number=0.5),
            ),
            "writes": (
                wire("i", "i", (5.6, 1.45), "write", number=0.4),
                wire("g", "g", (7.4, 1.45), "write", number=0.4),
                wire("i * g", "write", "add", number=0.5),
                wire("c", "add", (11.7, 0), number=0.6),
                wire("c", (10.6, 0), (10.6, -0.9)),
            ),
            "shows": (
                wire("c", (10.6, 0), "squash"),
                wire("tanh(c)", "squash", "show"),
                wire("o", "o", (9.2, 2), "show", number=0.3),
                wire("h", "show", (10.6, 5), (11.7, 5), number=0.8),
                wire("h", (11.2, 5), (11.2, -0.9)),
            ),
        },
    )

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_cd = nn.Parameter(torch.empty(hidden_size))
        self.weight_ld = nn.Parameter(torch.empty(hidden_size))
        self.reset_parameters()
        self.set_forget_bias(forget_bias)

    @property
    def recurrent_blocks(self) -> tuple[str, ...]:
        return self.blocks[:4]

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"d_pre": "W_id @ x + b_id + w_cd * c_prev + w_ld * l"}

    @property
    def named_weights(self) -> dict[str, Tensor]:
        return super().named_weights | {"w_cd": self.weight_cd, "w_ld": self.weight_ld}

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: LSTMState | None = None) -> LSTMState:
        (*from_input, x_d), from_recurrent = self.parts(x, state.h)  # [batch, unit] each
        i, f, g, o = (tap(f"{name}_pre", a + b) for name, a, b in zip("ifgo", from_input, from_recurrent, strict=True))
        i, f, g, o = tap("i", i.sigmoid()), tap("f", f.sigmoid()), tap("g", g.tanh()), tap("o", o.sigmoid())
        low = tap("l", torch.zeros_like(state.c) if below is None else below.c)
        d = tap("d_pre", x_d + self.weight_cd * state.c + self.weight_ld * low)
        d = tap("d", d.sigmoid())
        c = tap("c", f * state.c + i * g + d * low)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)
