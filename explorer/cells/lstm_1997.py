"""The LSTM of 1997, before it could forget."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import Tap, register
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_base import INPUT_GATE, OUTPUT_GATE, LSTMLike, LSTMState, candidate, cell_state, hidden_state
from explorer.diagram import Diagram, wire
from explorer.signals import Belt


@register
class LSTM1997(LSTMLike):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)    write
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)    read
    c_t = c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

    Hochreiter & Schmidhuber 1997: the constant error carousel. What is on the belt stays there for good (f ≡ 1), so ∂c_t/∂c_{t-1} is 1
    along it. Convention: torch's, blocks in the order i, g, o. Where the paper squashes the candidate to (-2, 2) and the cell state to
    (-1, 1), each by a logistic function of its own, tanh stands here; and gradients are exact, where the paper cuts them off at the gates.
    """

    name: ClassVar[str] = "lstm-1997"
    title: ClassVar[str] = "LSTM of 1997"
    parent: ClassVar[str] = "rnn"
    change: ClassVar[str] = (
        "A belt beside h, to which each step adds and which never forgets; one gate controls the write, another the output."
    )
    source: ClassVar[str] = "Hochreiter & Schmidhuber 1997, “Long short-term memory”, Neural Computation 9(8)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="1", write="i * g"),)
    signals = (INPUT_GATE, candidate(), OUTPUT_GATE, cell_state("c_prev + i * g"), hidden_state())
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        without=("f", "forget"),
        phases={"keeps": (wire("c_prev", (0, 0), "add", number=0.4),)},
    )

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = tap("i", tap("i_pre", sums["i"]).sigmoid())
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        o = tap("o", tap("o_pre", sums["o"]).sigmoid())
        c = tap("c", state.c + i * g)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)
