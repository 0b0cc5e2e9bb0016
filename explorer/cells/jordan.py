"""The Jordan network: the output comes back, not the hidden state."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.cells.base import Cell, Tap, register
from explorer.cells.rnn import NONLINEARITIES, squashed
from explorer.diagram import Diagram, wire
from explorer.signals import PER_UNIT, Signal


class JordanState(NamedTuple):
    """The state of a Jordan network: h, the input of the next layer, and the output y, which comes back."""

    h: Tensor  # [batch, unit]
    y: Tensor  # [batch, output]


@register
class Jordan(Cell):
    """h_t = φ(W_ih x_t + b_ih + W_yh y_{t-1} + b_yh)
    y_t = ψ(W_hy h_t + b_hy)

    Jordan 1986, "Attractor dynamics and parallelism in a connectionist sequential machine". φ (`nonlinearity`) is tanh, ψ
    (`output_nonlinearity`) σ unless asked otherwise. Jordan's context units also keep a share of their own state; as most texts do, this
    form leaves that out: y_{t-1} is all that comes back. The layer above and a readout read h. y has `output_size` numbers, as many as
    units if none is given. A layer of neurons each of which hears all others, "recurrent neurons", is the case y = h.

    Weights: W_yh is `weight_hh` [unit, output] and b_yh `bias_hh`; W_hy is `weight_ho` [output, unit] and b_hy `bias_o` [output].
    """

    name: ClassVar[str] = "jordan"
    title: ClassVar[str] = "Jordan network"
    parent: ClassVar[str] = "rnn"
    change: ClassVar[str] = "The output of the step before comes back, not the hidden state."
    source: ClassVar[str] = (
        "Jordan 1986, “Attractor dynamics and parallelism in a connectionist sequential machine”, "
        "Proceedings of the 8th Annual Conference of the Cognitive Science Society"
    )
    blocks: ClassVar[tuple[str, ...]] = ("h",)
    State: ClassVar[type[Any]] = JordanState
    diagram: ClassVar[Diagram] = Diagram(
        layers={"h": (3.6, 3), "y": (6.6, 3)},
        operations={},
        phases={
            "reads": (wire("x", (2, 6), (2, 5)), wire("y_prev", (0, 5), (3.6, 5), "h", number=0.15)),
            "makes its state anew": (
                wire("h", "h", (3.6, 1.6), (5.1, 1.6), (5.1, 5), (6.6, 5), "y", number=0.22),
                wire("h", (5.1, 1.6), (5.1, 0.5)),
            ),
            "makes its output, which comes back": (
                wire("y", "y", (6.6, 1.6), (8.4, 1.6), (8.4, 5), (10, 5), number=0.28),
            ),
        },
    )

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int | None = None,
        nonlinearity: str = "tanh",
        output_nonlinearity: str = "sigmoid",
    ) -> None:
        for option, value in (("nonlinearity", nonlinearity), ("output_nonlinearity", output_nonlinearity)):
            if value not in NONLINEARITIES:
                raise ValueError(f"unknown {option} {value!r}; choose from {', '.join(NONLINEARITIES)}")
        if output_size is not None and output_size < 1:
            raise ValueError(f"output_size is {output_size}; it must be at least 1")
        self.output_size = hidden_size if output_size is None else output_size
        super().__init__(input_size, hidden_size)
        self.weight_ho = nn.Parameter(torch.empty(self.output_size, hidden_size))
        self.bias_o = nn.Parameter(torch.empty(self.output_size))
        self.reset_parameters()
        self.nonlinearity, self.output_nonlinearity = nonlinearity, output_nonlinearity
        self.signals = (
            Signal(
                name="h",
                symbol="h_t",
                kind="signed",
                role="hidden",
                label="hidden state",
                formula=squashed(nonlinearity, "h"),
            ),
            Signal(
                name="y",
                symbol="y_t",
                kind="signed",
                role="hidden",
                label="output",
                formula=squashed(output_nonlinearity, "y"),
                dims=PER_UNIT if self.output_size == hidden_size else ("layer", "step", "output"),
            ),
        )

    @property
    def recurrent_size(self) -> int:
        return self.output_size

    @property
    def options(self) -> dict[str, Any]:
        return {
            "output_size": self.output_size,
            "nonlinearity": self.nonlinearity,
            "output_nonlinearity": self.output_nonlinearity,
        }

    @property
    def sums(self) -> dict[str, str]:
        return {"h_pre": "W_ih @ x + b_ih + W_yh @ y_prev + b_yh", "y_pre": "W_hy @ h + b_hy"}

    @property
    def named_weights(self) -> dict[str, Tensor]:
        return {
            "W_ih": self.weight_ih,
            "b_ih": self.bias_ih,
            "W_yh": self.weight_hh,
            "b_yh": self.bias_hh,
            "W_hy": self.weight_ho,
            "b_hy": self.bias_o,
        }

    def step(self, x: Tensor, state: JordanState, tap: Tap, below: Any = None) -> JordanState:
        (a,) = self.preactivations(x, state.y)  # [batch, unit]
        h = tap("h", NONLINEARITIES[self.nonlinearity].of(tap("h_pre", a)))
        a = F.linear(h, self.weight_ho, self.bias_o)  # [batch, output]
        y = tap("y", NONLINEARITIES[self.output_nonlinearity].of(tap("y_pre", a)))
        return JordanState(h, y)

    def initial_state(self, batch: int) -> JordanState:
        new = self.weight_hh.new_zeros
        return JordanState(new(batch, self.hidden_size), new(batch, self.output_size))
