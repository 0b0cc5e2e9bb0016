"""The clockwork RNN: groups of units that tick at different rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.cells.base import Cell, Tap, register
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt, Signal

PERIODS = (1, 2, 4, 8)


class ClockworkState(NamedTuple):
    """The state of a clockwork: its units, and the number of steps it has read, the same for all."""

    h: Tensor  # [batch, unit]
    t: Tensor  # [batch, unit]


def divides(period: Tensor, t: Tensor) -> Tensor:
    """1 where t, rounded, is a multiple of the period, else 0."""
    return (t.round() % period == 0).to(period.dtype)


@register
class Clockwork(Cell):
    """τ_t = τ_{t-1} + 1                                            clock
    a_t = 1 where the unit's period divides τ_t, else 0            write
    n_t = tanh(W_in x_t + b_in + (M ⊙ W_hn) h_{t-1} + b_hn)        candidate
    h_t = a_t ⊙ n_t + (1 - a_t) ⊙ h_{t-1}

    Koutník et al. 2014. The units form modules, one for each of `periods`, as even in size as can be, the shortest period first; (1, 2,
    4, 8) if none are given, or as many of these as there are units. A module whose turn it is not copies its state exactly. A module
    hears itself and those with longer periods: M is 1 there and else 0, so that W_hh is block upper triangular. The weights that M
    hides are there, as torch lays them out, but never used nor trained.

    The clock τ is a field of the state, `t`, which counts the steps of this layer in the order in which it reads: the first is 1, so
    that a module with period p takes its turn at steps p, 2p, … as steps are counted on the screen.
    """

    name: ClassVar[str] = "clockwork"
    title: ClassVar[str] = "Clockwork RNN"
    parent: ClassVar[str] = "rnn"
    change: ClassVar[str] = (
        "Modules with their own clock: each is updated only when its period divides the step, and otherwise keeps its state."
    )
    source: ClassVar[str] = "Koutník, Greff, Gomez & Schmidhuber 2014, “A clockwork RNN”, arXiv:1402.3511"
    blocks: ClassVar[tuple[str, ...]] = ("n",)
    State: ClassVar[type[Any]] = ClockworkState
    belts = (Belt("h", keep="1 - a", write="a * n"),)
    signals = (
        Signal(name="t", symbol=r"\tau_t", kind="signed", role="input", label="clock", formula="t_prev + 1"),
        Signal(name="a", symbol="a_t", kind="gate", role="write", label="turn", formula="divides(period, t)"),
        Signal(name="n", symbol="n_t", kind="signed", role="candidate", label="candidate", formula="tanh(n_pre)"),
        Signal(
            name="h",
            symbol="h_t",
            kind="signed",
            role="belt",
            label="hidden state",
            formula="a * n + (1 - a) * h_prev",
        ),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={"n": (7.5, 3.3)},
        operations={
            "tick": Operation("+1", (1.75, 4.35)),
            "turn": Operation("p∣t", (2.7, 3.3)),
            "rest": Operation("1−", (2.7, 1.25)),
            "keep": Operation("×", (2.7, 0)),
            "write": Operation("×", (7.5, 1.45)),
            "add": Operation("+", (7.5, 0)),
        },
        phases={
            "reads": (
                wire("x", (1.7, 6), (1.7, 5)),
                wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (7.5, 5), number=0.2),
            ),
            "counts": (wire("t_prev", (0, 4.35), "tick"), wire("t", "tick", (10, 4.35), number=0.45)),
            "sees whose turn it is": (wire("t", (2.7, 4.35), "turn"),),
            "keeps": (
                wire("a", "turn", "rest", number=0.35),
                wire("1 - a", "rest", "keep"),
                wire("h_prev", (0, 0), "keep", number=0.55),
                wire("(1 - a) * h_prev", "keep", "add", number=0.45),
            ),
            "makes a candidate": (wire("h_prev", (7.5, 5), "n"),),
            "writes": (
                wire("a", (2.7, 2.1), (3.8, 2.1), (3.8, 1.45), "write"),
                wire("n", "n", "write", number=0.5),
                wire("a * n", "write", "add", number=0.5),
                wire("h", "add", (10, 0), number=0.75),
                wire("h", (9.4, 0), (9.4, -0.9)),
            ),
        },
    )
    period: Tensor  # [unit]
    mask: Tensor  # [unit, unit]

    def __init__(self, input_size: int, hidden_size: int, periods: Sequence[int] | None = None) -> None:
        super().__init__(input_size, hidden_size)
        periods = sorted(PERIODS[:hidden_size] if periods is None else periods)
        if not periods or any(period < 1 or period != int(period) for period in periods):
            raise ValueError(f"periods is {tuple(periods)}; they must be whole numbers of steps, 1 or more")
        if len(periods) > hidden_size:
            raise ValueError(f"{len(periods)} periods are too many for {hidden_size} units: each module needs one")
        self.periods = tuple(int(period) for period in periods)
        modules = torch.arange(hidden_size).tensor_split(len(periods))
        of_each = torch.cat([torch.full((len(units),), float(p)) for units, p in zip(modules, periods, strict=True)])
        self.register_buffer("period", of_each, persistent=False)
        self.register_buffer("mask", (of_each >= of_each[:, None]).to(of_each.dtype), persistent=False)
        with torch.no_grad():
            self.weight_hh.mul_(self.mask)

    @property
    def options(self) -> dict[str, Any]:
        return {"periods": list(self.periods)}  # as a card in JSON has it

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": "W_in @ x + b_in + (M * W_hn) @ h_prev + b_hn"}

    @property
    def named_weights(self) -> dict[str, Tensor]:
        return super().named_weights | {"W_hn": self.mask * self.weight_hh, "M": self.mask, "period": self.period}

    def step(self, x: Tensor, state: ClockworkState, tap: Tap, below: Any = None) -> ClockworkState:
        t = tap("t", state.t.detach() + 1)  # [batch, unit] each
        a = divides(self.period, t)
        if torch.is_grad_enabled():
            a.requires_grad_()  # no weight leads to it, but callers differentiate by it
        a = tap("a", a)
        of_x = F.linear(x, self.weight_ih, self.bias_ih)
        n = tap("n_pre", of_x + F.linear(state.h, self.mask * self.weight_hh, self.bias_hh))
        n = tap("n", n.tanh())
        h = tap("h", a * n + (1 - a) * state.h)
        return ClockworkState(h, t)
