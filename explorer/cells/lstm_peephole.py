"""The LSTM whose gates see the belt."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import Tap, register
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_base import (
    FORGET_GATE,
    INPUT_GATE,
    OUTPUT_GATE,
    LSTMState,
    candidate,
    cell_state,
    hidden_state,
)
from explorer.cells.peepholes import GATES, Peeping, known_form
from explorer.diagram import Diagram
from explorer.signals import Belt


@register
class PeepholeLSTM(Peeping):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi + w_ci ⊙ c_{t-1})    write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf + w_cf ⊙ c_{t-1})    keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                  candidate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho + w_co ⊙ c_t)        read
    h_t = o_t ⊙ tanh(c_t)

    Gers & Schmidhuber 2000. Convention: torch's, blocks in the order i, f, g, o, and the peepholes beside them: weight_peephole_i,
    weight_peephole_f, weight_peephole_o. With `peephole="diagonal"`, as in the paper, each is a vector [unit], w_ci; ONNX has them in
    its input P, in the order i, o, f. With "full", [c ⊕ h ⊕ x] with matrices, each is W_ci [unit, unit], and a product W_ci c_{t-1}
    stands in the place of w_ci ⊙ c_{t-1}. `gates` are those that look, "ifo" or any of these letters; the others have no such weights.

    `forget_bias` sets b_if + b_hf to this value (all of it in b_if).
    """

    name: ClassVar[str] = "lstm-peephole"
    title: ClassVar[str] = "LSTM with peepholes"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = "The gates see the belt itself, and not only the output h."
    source: ClassVar[str] = "Gers & Schmidhuber 2000, “Recurrent nets that time and count”, IJCNN"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (INPUT_GATE, FORGET_GATE, candidate(), cell_state("f * c_prev + i * g"), OUTPUT_GATE, hidden_state())
    diagram: ClassVar[Diagram] = LSTM.diagram

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        peephole: str = "diagonal",
        gates: str = GATES,
        forget_bias: float | None = None,
    ) -> None:
        if not set(gates) <= set(GATES):
            raise ValueError(f"gates is {gates!r}; choose from the letters {', '.join(GATES)}")
        looking = [name for name in GATES if name in gates]
        super().__init__(input_size, hidden_size, known_form(peephole), looking)
        self.set_forget_bias(forget_bias)

    @property
    def options(self) -> dict[str, Any]:
        return {"peephole": self.peephole, "gates": "".join(self.peepholes)}

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = self.gate("i", sums["i"], state.c, tap)
        f = self.gate("f", sums["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", f * state.c + i * g)
        o = self.gate("o", sums["o"], c, tap)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)
