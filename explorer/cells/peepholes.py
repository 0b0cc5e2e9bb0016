"""Peepholes: gates that also look at the belt."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.cells.base import Tap
from explorer.cells.lstm_base import LSTMLike
from explorer.diagram import Diagram, wire

FORMS = ("diagonal", "full")
GATES = "ifo"


class Peeping(LSTMLike):
    """An LSTM-like cell whose gates may look at the belt: i and f at c_{t-1}, o at c_t, which is there by then.

    `peephole` is "diagonal", each unit's gates see its own c: weight_peephole_<gate> [unit]; "full", they see all: [unit, unit]; or
    None. `gates` are those that look. The weights are drawn as torch draws the others.
    """

    def __init__(self, input_size: int, hidden_size: int, peephole: str | None, gates: Collection[str]) -> None:
        super().__init__(input_size, hidden_size)
        self.peephole, self.peepholes = peephole, tuple(gates) if peephole else ()
        for name in self.peepholes:
            size = (hidden_size,) if peephole == "diagonal" else (hidden_size, hidden_size)
            setattr(self, f"weight_peephole_{name}", nn.Parameter(torch.empty(size)))
        self.reset_parameters()
        # The picture of the class is that without peepholes; an instance has the one that fits its options.
        self.diagram = peeping(type(self).diagram, self.peepholes)  # type: ignore[misc]

    @property
    def named_weights(self) -> dict[str, Tensor]:
        letter = "w" if self.peephole == "diagonal" else "W"
        return super().named_weights | {f"{letter}_c{name}": self._weight(name) for name in self.peepholes}

    @property
    def sums(self) -> dict[str, str]:
        formulas = super().sums
        for name in self.peepholes:
            seen = "c" if name == "o" else "c_prev"
            formulas[f"{name}_pre"] += (
                f" + w_c{name} * {seen}" if self.peephole == "diagonal" else f" + W_c{name} @ {seen}"
            )
        return formulas

    def gate(self, name: str, a: Tensor, c: Tensor, tap: Tap) -> Tensor:
        """σ(a + peephole term), [batch, unit]."""
        if name in self.peepholes:
            weight = self._weight(name)
            a = a + (weight * c if weight.dim() == 1 else F.linear(c, weight))
        return tap(name, tap(f"{name}_pre", a).sigmoid())

    def _weight(self, name: str) -> Tensor:
        weight: Tensor = getattr(self, f"weight_peephole_{name}")
        return weight

    def kernel(self, x: Tensor, state: Any) -> tuple[Tensor, Any] | None:
        return None if self.peepholes else super().kernel(x, state)  # torch's LSTM has no peepholes


def known_form(peephole: str) -> str:
    """`peephole`; raises ValueError where there is no such form."""
    if peephole not in FORMS:
        raise ValueError(f"unknown peephole {peephole!r}; choose from {', '.join(FORMS)}")
    return peephole


def peeping(diagram: Diagram, gates: Collection[str]) -> Diagram:
    """The picture with a wire to each of the gates: from the belt before to i and f, from the new one to o."""
    layers, phases = diagram.layers, dict(diagram.phases)
    opens, keeps, shows = "opens its gates", "keeps", "shows"
    before = [name for name in "fi" if name in gates]
    if before:
        phases[opens] += tuple(one for one in phases[keeps] if one.carries == "c_prev")  # it is needed earlier now
        phases[keeps] = tuple(one for one in phases[keeps] if one.carries != "c_prev")
        down = min(layers[name][0] for name in "fi" if name in layers) - 0.85
        for name in before:
            x, y = layers[name]
            over = ((down, 0.75), (x - 0.95, 0.75), (x - 0.95, y)) if x - down > 1 else ((down, y),)  # a layer between
            phases[opens] += (wire("c_prev", (down, 0), *over, name),)
    if "o" in gates:
        x, y = layers["o"]
        phases[shows] = (wire("c", (x - 0.9, 0), (x - 0.9, y), "o"), *phases[shows])
    return diagram.changed(phases=phases)
