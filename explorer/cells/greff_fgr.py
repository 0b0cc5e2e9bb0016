"""The variant of Greff et al. 2015 whose gates hear each other."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.cells.base import Tap, register
from explorer.cells.greff import SOURCE, ForgettingGreff
from explorer.cells.lstm import LSTM
from explorer.cells.lstm_base import FORGET_GATE, INPUT_GATE, OUTPUT_GATE, candidate, cell_state, hidden_state
from explorer.cells.peepholes import GATES
from explorer.diagram import Diagram, wire
from explorer.signals import Belt


class GatedState(NamedTuple):
    """The state of a cell whose gates come back, too; zeros before the first step."""

    h: Tensor  # [batch, unit]
    c: Tensor  # [batch, unit]
    i: Tensor  # [batch, unit]
    f: Tensor  # [batch, unit]
    o: Tensor  # [batch, unit]


ROOMY = LSTM.diagram.roomier(1, 0.6)
"""Three more states come in at the left, and run on below the words of the gates."""


@register
class FullGateRecurrence(ForgettingGreff):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi + W_Ii i_{t-1} + W_Fi f_{t-1} + W_Oi o_{t-1} [+ w_ci ⊙ c_{t-1}])  write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf + W_If i_{t-1} + W_Ff f_{t-1} + W_Of o_{t-1} [+ w_cf ⊙ c_{t-1}])  keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)                                                            candidate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho + W_Io i_{t-1} + W_Fo f_{t-1} + W_Oo o_{t-1} [+ w_co ⊙ c_t])        read
    h_t = o_t ⊙ tanh(c_t)

    FGR of Greff et al. 2015, as in Hochreiter & Schmidhuber 1997: each gate also reads all gates of the step before. In brackets what
    `peephole="diagonal"` adds: weight_peephole_i, weight_peephole_f, weight_peephole_o [unit]. Convention: torch's, blocks in the order
    i, f, g, o. Beside them `weight_gates` [3*unit, 3*unit]: the rows are those of i, f, o now, the columns those of i, f, o before. A
    capital says which gate a weight comes from, W_Fi from f to i (R_fi in the paper), since W_if is that of the input. `forget_bias` as
    for `lstm`.
    """

    name: ClassVar[str] = "lstm-fgr"
    title: ClassVar[str] = "LSTM, full gate recurrence"
    change: ClassVar[str] = "Every gate also sees all gates of the step before."
    source: ClassVar[str] = f"{SOURCE} (FGR)"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    State: ClassVar[type[Any]] = GatedState
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (INPUT_GATE, FORGET_GATE, candidate(), cell_state("f * c_prev + i * g"), OUTPUT_GATE, hidden_state())
    diagram: ClassVar[Diagram] = ROOMY.changed(
        phases={
            "reads": (
                wire("x", (2.2, 8.4), (2.2, 5.6)),
                wire("h_prev", (0, 5.6), (8.5, 5.6), number=0.07),
                wire("f_prev", (0, 6.3), (1.65, 6.3), number=0.4),
                wire("i_prev", (0, 7), (1.65, 7), number=0.4),
                wire("o_prev", (0, 7.7), (1.65, 7.7), number=0.4),
            ),
            "opens its gates": (
                wire("", (1.65, 7.7), (1.65, 5.1), (8.25, 5.1), (8.25, 3.3), "o"),  # the three, one behind the other
                wire("", (2.65, 5.1), (2.65, 3.3), "f"),
                wire("", (4.65, 5.1), (4.65, 3.3), "i"),
                *ROOMY.phases["opens its gates"],
            ),
            "remembers its gates": (
                wire("f", "f", (4.1, 3.3), (4.1, 6.3), (11, 6.3)),
                wire("i", "i", (5.9, 3.3), (5.9, 7), (11, 7)),
                wire("o", "o", (9.3, 3.3), (9.3, 7.7), (11, 7.7)),
            ),
        }
    )

    def __init__(
        self, input_size: int, hidden_size: int, peephole: str | None = None, forget_bias: float | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, peephole)
        self.weight_gates = nn.Parameter(torch.empty(3 * hidden_size, 3 * hidden_size))
        self.reset_parameters()
        self.set_forget_bias(forget_bias)

    @property
    def named_weights(self) -> dict[str, Tensor]:
        rows = dict(zip(GATES, self.weight_gates.split(self.hidden_size), strict=True))
        between = {
            f"W_{of.upper()}{to}": weight
            for to, row in rows.items()
            for of, weight in zip(GATES, row.split(self.hidden_size, -1), strict=True)
        }
        return super().named_weights | between

    @property
    def sums(self) -> dict[str, str]:
        recurrent = {f"{to}_pre": "".join(f" + W_{of.upper()}{to} @ {of}_prev" for of in GATES) for to in GATES}
        return {name: total + recurrent.get(name, "") for name, total in super().sums.items()}

    def step(self, x: Tensor, state: GatedState, tap: Tap, below: Any = None) -> GatedState:
        sums, recurrent = self.sums_of(x, state.h), self._from_gates(state)
        i = self.gate("i", sums["i"] + recurrent["i"], state.c, tap)
        f = self.gate("f", sums["f"] + recurrent["f"], state.c, tap)
        g = tap("g", tap("g_pre", sums["g"]).tanh())
        c = tap("c", f * state.c + i * g)
        o = self.gate("o", sums["o"] + recurrent["o"], c, tap)
        h = tap("h", o * c.tanh())
        return GatedState(h, c, i, f, o)

    def _from_gates(self, state: GatedState) -> dict[str, Tensor]:
        """Recurrent input of each gate from all gates of the step before, [batch, unit]."""
        before = torch.cat([state.i, state.f, state.o], -1)
        return dict(zip(GATES, F.linear(before, self.weight_gates).split(self.hidden_size, -1), strict=True))
