"""The echo state network: a recurrent layer that is drawn, scaled and left alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from explorer.cells.base import Cell, HiddenState, Tap, register
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt, Signal


@register
class EchoState(Cell):
    """n_t = tanh(W_in x_t + b_in + W_hn h_{t-1} + b_hn)
    h_t = (1 - α) ⊙ h_{t-1} + α ⊙ n_t

    Jaeger 2001, "The echo state approach to analysing and training recurrent neural networks"; leaky units after Jaeger et al. 2007. α
    is `leak`, above 0 and at most 1 (no leak: h = n). Training leaves all of these weights as they were drawn, and changes the readout
    alone.

    W_hn is drawn from U(-1, 1) and scaled so that its largest eigenvalue has the size `spectral_radius`. With `density` below 1 each unit
    hears that share of the units (one at least), others by a weight of 0. W_in and b_in are drawn from U(-s, s) with s = `input_scale`;
    b_hn is 0. Otherwise torch's layout, with one block, n.
    """

    name: ClassVar[str] = "esn"
    title: ClassVar[str] = "Echo state network"
    parent: ClassVar[str] = "rnn"
    change: ClassVar[str] = (
        "Its weights keep their random values, scaled so that the past fades; a unit keeps a fixed share of its state. "
        "Only the readout is trained."
    )
    source: ClassVar[str] = (
        "Jaeger 2001, “The ‘echo state’ approach to analysing and training recurrent neural networks”, GMD report 148; "
        "Jaeger, Lukoševičius, Popovici & Siewert 2007, “Optimization and applications of echo state networks with leaky-integrator "
        "neurons”, Neural Networks 20(3)"
    )
    blocks: ClassVar[tuple[str, ...]] = ("n",)
    trained: ClassVar[bool] = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        spectral_radius: float = 0.9,
        leak: float = 0.5,
        density: float = 1.0,
        input_scale: float = 1.0,
    ) -> None:
        for option, share in (("leak", leak), ("density", density)):
            if not 0 < share <= 1:
                raise ValueError(f"{option} is {share}; it must be above 0 and at most 1")
        for option, size in (("spectral_radius", spectral_radius), ("input_scale", input_scale)):
            if not size > 0:
                raise ValueError(f"{option} is {size}; it must be above 0")
        self.spectral_radius, self.leak, self.density, self.input_scale = spectral_radius, leak, density, input_scale
        super().__init__(input_size, hidden_size)
        self.requires_grad_(False)
        new = format(Decimal(repr(float(leak))), "f")  # a formula knows no exponents
        self.belts = (Belt("h", keep=f"1 - {new}", write=f"{new} * n"),)
        self.signals = (
            Signal(name="n", symbol="n_t", kind="signed", role="candidate", label="candidate", formula="tanh(n_pre)"),
            Signal(
                name="h",
                symbol="h_t",
                kind="signed",
                role="belt",
                label="hidden state",
                formula=f"(1 - {new}) * h_prev + {new} * n",
            ),
        )
        self.diagram = _diagram(new)  # type: ignore[misc]  # it has the leak's numbers

    def reset_parameters(self) -> None:
        for weight in (self.weight_ih, self.bias_ih):
            nn.init.uniform_(weight, -self.input_scale, self.input_scale)
        nn.init.zeros_(self.bias_hh)
        nn.init.uniform_(self.weight_hh, -1, 1)
        with torch.no_grad():
            heard = max(
                1, round(self.density * self.hidden_size)
            )  # with one at least no such matrix is without an eigenvalue
            if heard < self.hidden_size:
                chosen = torch.rand_like(self.weight_hh).argsort(1)[:, :heard]
                self.weight_hh.mul_(torch.zeros_like(self.weight_hh).scatter_(1, chosen, 1.0))
            if not self.weight_hh.is_meta:  # which has sizes and no numbers
                self.weight_hh.copy_(self.weight_hh.double() * (self.spectral_radius / radius_of(self.weight_hh)))

    @property
    def options(self) -> dict[str, Any]:
        names = ("spectral_radius", "leak", "density", "input_scale")
        return {name: getattr(self, name) for name in names}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        (a,) = self.preactivations(x, state.h)  # [batch, unit]
        n = tap("n", tap("n_pre", a).tanh())
        h = tap("h", (1 - self.leak) * state.h + self.leak * n)
        return HiddenState(h)


def radius_of(W: Tensor) -> float:
    """The spectral radius ρ(W): the largest eigenvalue's size."""
    return float(torch.linalg.eigvals(W.detach().cpu().double()).abs().max())


def _diagram(new: str) -> Diagram:
    return Diagram(
        layers={"n": (7.5, 3.3)},
        operations={
            "keep": Operation("×", (2.7, 0)),
            "write": Operation("×", (7.5, 1.45)),
            "add": Operation("+", (7.5, 0)),
        },
        phases={
            "reads": (wire("x", (1.7, 6), (1.7, 5)), wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (7.5, 5), number=0.3)),
            "makes a candidate": (wire("h_prev", (7.5, 5), "n"),),
            "keeps a share": (
                wire(f"1 - {new}", (2.7, 1.45), "keep", number=0.35),
                wire("h_prev", (0, 0), "keep", number=0.52),
                wire(f"(1 - {new}) * h_prev", "keep", "add", number=0.45),
            ),
            "writes a share": (
                wire(new, (5.1, 1.45), "write", number=0.4),
                wire("n", "n", "write", number=0.5),
                wire(f"{new} * n", "write", "add", number=0.5),
                wire("h", "add", (10, 0), number=0.75),
                wire("h", (9.4, 0), (9.4, -0.9)),
            ),
        },
    )
