"""The Elman network: one state, no gate, no belt."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from explorer.cells.activations import activation
from explorer.cells.base import KERNEL_MODE, Back, Backwards, Cell, HiddenState, Signals, Tap, exactly, register
from explorer.diagram import Diagram, wire
from explorer.signals import Signal

NONLINEARITIES = {name: activation(name) for name in ("tanh", "relu", "sigmoid", "linear")}
"""Those that an untrained network is offered with."""


def squashed(nonlinearity: str, name: str) -> str:
    """The formula of a signal that is φ of its pre-activation."""
    return activation(nonlinearity).formula(f"{name}_pre")


@register
class RNN(Cell):
    """h_t = φ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)

    Elman 1990, "Finding structure in time". φ is tanh, relu, sigmoid, linear or any other of `explorer.cells.activations`; tanh
    and relu are torch.nn.RNN.
    """

    name: ClassVar[str] = "rnn"
    title: ClassVar[str] = "RNN"
    source: ClassVar[str] = "Elman 1990, “Finding structure in time”, Cognitive Science 14(2)"
    blocks: ClassVar[tuple[str, ...]] = ("h",)
    diagram: ClassVar[Diagram] = Diagram(
        layers={"h": (5, 3)},
        operations={},
        phases={
            "reads": (wire("x", (2.6, 6), (2.6, 5)), wire("h_prev", (0, 5), (5, 5), "h", number=0.12)),
            "makes its state anew": (
                wire("h", "h", (5, 1.6), (8.4, 1.6), (8.4, 5), (10, 5), number=0.36),
                wire("h", (8.4, 1.6), (8.4, 0.5)),
            ),
        },
    )

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh") -> None:
        activation(nonlinearity, "nonlinearity")
        super().__init__(input_size, hidden_size)
        self.nonlinearity = nonlinearity
        formula = squashed(nonlinearity, "h")
        self.signals = (
            Signal(name="h", symbol="h_t", kind="signed", role="hidden", label="hidden state", formula=formula),
        )

    @property
    def options(self) -> dict[str, Any]:
        return {"nonlinearity": self.nonlinearity}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        (a,) = self.preactivations(x, state.h)  # [batch, unit]
        h = tap("h", activation(self.nonlinearity).of(tap("h_pre", a)))
        return HiddenState(h)

    def kernel(self, x: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState] | None:
        fused = activation(self.nonlinearity).kernel
        if fused is None:
            return None
        with exactly(x):
            h, last = fused(x, state.h[None], self.flat_weights, *KERNEL_MODE)
        return h, HiddenState(last[0])

    def sweep(self, s: Signals, grad_h: Tensor, grad_state: Tensor | None = None) -> Signals:
        slope = activation(self.nonlinearity).slope(s["h"])
        dh, da = grad_h.clone(), torch.empty_like(grad_h)
        hs, pre = dh.unbind(), da.unbind()
        for t, slope_t in reversed(list(enumerate(slope.unbind()))):
            torch.mul(hs[t], slope_t, out=pre[t])
            if t:
                hs[t - 1].addmm_(pre[t], self.weight_hh)
        return {"h": dh, "h_pre": da, "x": da @ self.weight_ih}

    def backwards(self, s: Signals) -> Backwards:
        slope = activation(self.nonlinearity).slope(s["h"])  # [step, 1, unit]

        def back(t: int, d: Signals, sums: bool) -> Back:
            pre = d["h"] * slope[t]
            return Back({"h": pre @ self.weight_hh}, d, pre, pre)

        return back
