"""The variants of Greff et al. 2015: from the LSTM one thing is taken away; in `greff_fgr.py` one is added.

Two more of theirs are `lstm-coupled` (CIFG) and `lstm` itself (NP, no peepholes): their vanilla LSTM is `lstm-peephole`. So these have
peepholes, exactly as in the paper, with `peephole="diagonal"`; without it, which is the default, they differ from `lstm` by one thing.
Their z is g here, the block input, and their y is h. An activated gate that is missing is 1 throughout.
"""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.base import Tap, register
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_1997 import LSTM1997
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
from explorer.diagram import Diagram, wire
from explorer.signals import Belt

SOURCE = "Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2015, “LSTM: A search space odyssey”, arXiv:1503.04069"


class Greff(Peeping):
    """One of the variants; all of its gates have peepholes, or none."""

    parent: ClassVar[str] = "lstm"

    def __init__(self, input_size: int, hidden_size: int, peephole: str | None = None) -> None:
        gates = [name for name in GATES if name in self.blocks]
        super().__init__(input_size, hidden_size, known_form(peephole) if peephole else None, gates)

    @property
    def options(self) -> dict[str, Any]:
        return {"peephole": self.peephole}


class ForgettingGreff(Greff):
    """One of those that have a forget gate: `forget_bias` sets b_if + b_hf to this value (all of it in b_if)."""

    def __init__(
        self, input_size: int, hidden_size: int, peephole: str | None = None, forget_bias: float | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, peephole)
        self.set_forget_bias(forget_bias)


@register
class NoInputGate(ForgettingGreff):
    """f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf [+ w_cf ⊙ c_{t-1}])  keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                  candidate
    c_t = f_t ⊙ c_{t-1} + g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho [+ w_co ⊙ c_t])        read
    h_t = o_t ⊙ tanh(c_t)

    NIG of Greff et al. 2015: i ≡ 1. In brackets what `peephole="diagonal"` adds: weight_peephole_f, weight_peephole_o [unit]. Convention:
    torch's, blocks in the order f, g, o. `forget_bias` as for `lstm`.
    """

    name: ClassVar[str] = "lstm-nig"
    title: ClassVar[str] = "LSTM without input gate"
    change: ClassVar[str] = "No input gate: every candidate is written in full."
    source: ClassVar[str] = f"{SOURCE} (NIG)"
    blocks: ClassVar[tuple[str, ...]] = ("f", "g", "o")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="f", write="g"),)
    signals = (FORGET_GATE, candidate(), cell_state("f * c_prev + g"), OUTPUT_GATE, hidden_state())
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        without=("i", "write"),
        phases={
            "writes": (
                wire("g", "g", (5.7, 1.45), (4.8, 1.45), "add", number=0.2),
                wire("c", "add", (10, 0), number=0.85),
            )
        },
    )

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        f = self.gate("f", sums["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", f * state.c + g)
        o = self.gate("o", sums["o"], c, tap)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)


@register
class NoForgetGate(Greff):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi [+ w_ci ⊙ c_{t-1}])  write
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                  candidate
    c_t = c_{t-1} + i_t ⊙ g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho [+ w_co ⊙ c_t])        read
    h_t = o_t ⊙ tanh(c_t)

    NFG of Greff et al. 2015: f ≡ 1; without peepholes it is `lstm-1997`. In brackets what `peephole="diagonal"` adds: weight_peephole_i,
    weight_peephole_o [unit]. Convention: torch's, blocks in the order i, g, o.
    """

    name: ClassVar[str] = "lstm-nfg"
    title: ClassVar[str] = "LSTM without forget gate"
    change: ClassVar[str] = "No forget gate: nothing on the belt is ever forgotten."
    source: ClassVar[str] = f"{SOURCE} (NFG)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "g", "o")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="1", write="i * g"),)
    signals = (INPUT_GATE, candidate(), cell_state("c_prev + i * g"), OUTPUT_GATE, hidden_state())
    diagram: ClassVar[Diagram] = LSTM1997.diagram

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = self.gate("i", sums["i"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", state.c + i * g)
        o = self.gate("o", sums["o"], c, tap)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)


@register
class NoOutputGate(ForgettingGreff):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi [+ w_ci ⊙ c_{t-1}])  write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf [+ w_cf ⊙ c_{t-1}])  keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                  candidate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = tanh(c_t)

    NOG of Greff et al. 2015: o ≡ 1. In brackets what `peephole="diagonal"` adds: weight_peephole_i, weight_peephole_f [unit]. Convention:
    torch's, blocks in the order i, f, g. `forget_bias` as for `lstm`.
    """

    name: ClassVar[str] = "lstm-nog"
    title: ClassVar[str] = "LSTM without output gate"
    change: ClassVar[str] = "No output gate: the whole belt is visible at every step."
    source: ClassVar[str] = f"{SOURCE} (NOG)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (INPUT_GATE, FORGET_GATE, candidate(), cell_state("f * c_prev + i * g"), hidden_state("tanh(c)"))
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        without=("o", "show"),
        phases={
            "reads": (wire("x", (1, 6), (1, 5)), wire("h_prev", (0, 5), (5.7, 5), number=0.09)),
            "shows": (
                wire("c", (8.9, 0), "squash"),
                wire("h", "squash", (8.9, 5), (10, 5), number=0.84),
                wire("h", (9.5, 5), (9.5, -0.9)),
            ),
        },
    )

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = self.gate("i", sums["i"], state.c, tap)
        f = self.gate("f", sums["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", f * state.c + i * g)
        h = tap("h", c.tanh())
        return LSTMState(h, c)


@register
class NoInputActivation(ForgettingGreff):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi [+ w_ci ⊙ c_{t-1}])  write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf [+ w_cf ⊙ c_{t-1}])  keep
    g_t = W_ig x_t + b_ig + W_hg h_{t-1} + b_hg                        candidate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho [+ w_co ⊙ c_t])        read
    h_t = o_t ⊙ tanh(c_t)

    NIAF of Greff et al. 2015: the candidate is not squashed. In brackets what `peephole="diagonal"` adds: weight_peephole_i,
    weight_peephole_f, weight_peephole_o [unit]. Convention: torch's, blocks in the order i, f, g, o. `forget_bias` as for `lstm`.
    """

    name: ClassVar[str] = "lstm-niaf"
    title: ClassVar[str] = "LSTM, candidate not squashed"
    change: ClassVar[str] = "No nonlinearity on the candidate: a write has no bound."
    source: ClassVar[str] = f"{SOURCE} (NIAF)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        INPUT_GATE,
        FORGET_GATE,
        candidate("g_pre"),
        cell_state("f * c_prev + i * g"),
        OUTPUT_GATE,
        hidden_state(),
    )
    diagram: ClassVar[Diagram] = LSTM.diagram

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = self.gate("i", sums["i"], state.c, tap)
        f = self.gate("f", sums["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]))
        c = tap("c", f * state.c + i * g)
        o = self.gate("o", sums["o"], c, tap)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)


@register
class NoOutputActivation(ForgettingGreff):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi [+ w_ci ⊙ c_{t-1}])  write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf [+ w_cf ⊙ c_{t-1}])  keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                  candidate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho [+ w_co ⊙ c_t])        read
    h_t = o_t ⊙ c_t

    NOAF of Greff et al. 2015: the cell state is shown as it is. In brackets what `peephole="diagonal"` adds: weight_peephole_i,
    weight_peephole_f, weight_peephole_o [unit]. Convention: torch's, blocks in the order i, f, g, o. `forget_bias` as for `lstm`.
    """

    name: ClassVar[str] = "lstm-noaf"
    title: ClassVar[str] = "LSTM, belt not squashed"
    change: ClassVar[str] = "No nonlinearity on the output: h has no bound either."
    source: ClassVar[str] = f"{SOURCE} (NOAF)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        INPUT_GATE,
        FORGET_GATE,
        candidate(),
        cell_state("f * c_prev + i * g"),
        OUTPUT_GATE,
        hidden_state("o * c"),
    )
    diagram: ClassVar[Diagram] = LSTM.diagram.changed(
        without=("squash",),
        phases={
            "shows": (
                wire("c", (8.9, 0), "show"),
                wire("o", "o", (7.5, 2), "show", number=0.3),
                wire("h", "show", (8.9, 5), (10, 5), number=0.8),
                wire("h", (9.5, 5), (9.5, -0.9)),
            )
        },
    )

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums = self.sums_of(x, state.h)
        i = self.gate("i", sums["i"], state.c, tap)
        f = self.gate("f", sums["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", f * state.c + i * g)
        o = self.gate("o", sums["o"], c, tap)
        h = tap("h", o * c)
        return LSTMState(h, c)
