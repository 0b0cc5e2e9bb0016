"""The three cells that a search by mutation found beside the GRU."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from explorer.cells.base import HiddenState, Tap, gate, register
from explorer.cells.gru import RESET_GATE, GRULike, candidate_signal, carried
from explorer.cells.gru_cho import TAKES
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt

SOURCE = (
    "Jozefowicz, Zaremba & Sutskever 2015, “An empirical exploration of recurrent network architectures”, "
    "Proceedings of the 32nd International Conference on Machine Learning"
)


class Mutant(GRULike):
    """Base of the three mutants: r resets, z updates. A subclass states its equations.

    The paper adds x itself; so does this cell if the input is as wide as the cell, and then it has no weights there. Any other x is
    projected to that width first, by W_i· x + b_i·.
    """

    parent: ClassVar[str] = "gru-cho"
    source: ClassVar[str] = SOURCE
    blocks: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    unweighted: ClassVar[str] = ""
    """The block to which x itself is added."""
    belts = (Belt("h", keep="1 - z", write="z * n"),)
    signals = (
        RESET_GATE,
        gate("z", role="write", label="update gate"),
        candidate_signal(),
        carried("(1 - z) * h_prev + z * n"),
    )

    @property
    def input_blocks(self) -> tuple[str, ...]:
        fits = self.input_size == self.hidden_size
        return tuple(name for name in self.blocks if not (fits and name == self.unweighted))

    def of_input(self, block: str) -> str:
        """Formula of a block's input from x."""
        return f"W_i{block} @ x + b_i{block}" if block in self.input_blocks else "x"

    def from_input(self, x: Tensor) -> dict[str, Tensor]:
        weighted = super().from_input(x)
        return weighted if self.unweighted in {"", *weighted} else weighted | {self.unweighted: x}

    @property
    def named_weights(self) -> dict[str, Tensor]:
        """In a row that adds x itself W_i· is 1 and b_i· 0: a row with weights below it has the formulas of both."""
        weights = super().named_weights
        if self.unweighted not in {"", *self.input_blocks}:
            weights[f"W_i{self.unweighted}"] = torch.eye(self.hidden_size).to(self.weight_hh)
            weights[f"b_i{self.unweighted}"] = self.weight_hh.new_zeros(self.hidden_size)
        return weights

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": f"{self.of_input('n')} + W_hn @ (r * h_prev) + b_hn"}


@register
class MUT1(Mutant):
    """r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)      reset
    z_t = σ(W_iz x_t + b_iz)                            write
    n_t = tanh(tanh(x_t) + W_hn (r_t ⊙ h_{t-1}) + b_hn)  candidate
    h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    Jozefowicz, Zaremba & Sutskever 2015. Blocks in the order r, z, n; z has no recurrent weights, n none of x. Where x is not as wide as
    the cell, W_in x_t + b_in stands in the place of x_t.
    """

    name: ClassVar[str] = "mut1"
    title: ClassVar[str] = "MUT1"
    change: ClassVar[str] = (
        "The update gate depends on the input alone, and the input enters the candidate through tanh, without weights."
    )
    unweighted: ClassVar[str] = "n"
    diagram: ClassVar[Diagram] = Diagram(
        layers=TAKES.layers,
        operations={**TAKES.operations, "bend": Operation("tanh", (9.25, 4.2))},
        phases={
            **TAKES.phases,
            "opens its gates": (wire("x", (2.7, 5), "z"), wire("h_prev", (4.6, 5), "r")),
            "makes a candidate": (
                wire("r", "r", (4.6, 2.3), (6.1, 2.3), "reset", number=0.45),
                wire("h_prev", (6.1, 5), "reset"),
                wire("r * h_prev", "reset", (7.5, 4.2), "n"),
                wire("x", (6.1, 5), (9.25, 5), "bend"),
                wire("", "bend", (9.25, 3.3), "n"),
            ),
        },
    )

    @property
    def recurrent_blocks(self) -> tuple[str, ...]:
        return ("r", "n")

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": f"tanh({self.of_input('n')}) + W_hn @ (r * h_prev) + b_hn"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        of_x = self.from_input(x)  # [batch, unit] each
        r = tap("r", tap("r_pre", of_x["r"] + self.from_recurrent("r", state.h)).sigmoid())
        z = tap("z", tap("z_pre", of_x["z"]).sigmoid())
        n = tap("n", tap("n_pre", of_x["n"].tanh() + self.from_recurrent("n", r * state.h)).tanh())
        return HiddenState(tap("h", (1 - z) * state.h + z * n))


@register
class MUT2(Mutant):
    """r_t = σ(x_t + W_hr h_{t-1} + b_hr)                        reset
    z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)            write
    n_t = tanh(W_in x_t + b_in + W_hn (r_t ⊙ h_{t-1}) + b_hn)  candidate
    h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    Jozefowicz, Zaremba & Sutskever 2015. Blocks in the order r, z, n; r has no weights of x. Where x is not as wide as the cell,
    W_ir x_t + b_ir stands in the place of x_t.
    """

    name: ClassVar[str] = "mut2"
    title: ClassVar[str] = "MUT2"
    change: ClassVar[str] = "The input enters the reset gate unchanged, without weights."
    unweighted: ClassVar[str] = "r"
    diagram: ClassVar[Diagram] = TAKES

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"r_pre": f"{self.of_input('r')} + W_hr @ h_prev + b_hr"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        of_x = self.from_input(x)  # [batch, unit] each
        r = tap("r", tap("r_pre", of_x["r"] + self.from_recurrent("r", state.h)).sigmoid())
        z = tap("z", tap("z_pre", of_x["z"] + self.from_recurrent("z", state.h)).sigmoid())
        n = tap("n", tap("n_pre", of_x["n"] + self.from_recurrent("n", r * state.h)).tanh())
        return HiddenState(tap("h", (1 - z) * state.h + z * n))


@register
class MUT3(Mutant):
    """r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)            reset
    z_t = σ(W_iz x_t + b_iz + W_hz tanh(h_{t-1}) + b_hz)      write
    n_t = tanh(W_in x_t + b_in + W_hn (r_t ⊙ h_{t-1}) + b_hn)  candidate
    h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    Jozefowicz, Zaremba & Sutskever 2015. Blocks in the order r, z, n.
    """

    name: ClassVar[str] = "mut3"
    title: ClassVar[str] = "MUT3"
    change: ClassVar[str] = "The update gate sees the old state through another tanh."
    diagram: ClassVar[Diagram] = Diagram(
        layers=TAKES.layers,
        operations={**TAKES.operations, "bend": Operation("tanh", (1.75, 4.15))},
        phases={
            **TAKES.phases,
            "reads": (
                wire("x", (1.25, 6), (1.25, 5)),
                wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (6.1, 5), number=0.3),
            ),
            "opens its gates": (
                wire("h_prev", (1.75, 5), "bend"),
                wire("tanh(h_prev)", "bend", (2.7, 4.15)),
                wire("x", (2.7, 5), "z"),
                wire("h_prev", (4.6, 5), "r"),
            ),
        },
    )

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"z_pre": "W_iz @ x + b_iz + W_hz @ tanh(h_prev) + b_hz"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        of_x = self.from_input(x)  # [batch, unit] each
        r = tap("r", tap("r_pre", of_x["r"] + self.from_recurrent("r", state.h)).sigmoid())
        z = tap("z", tap("z_pre", of_x["z"] + self.from_recurrent("z", state.h.tanh())).sigmoid())
        n = tap("n", tap("n_pre", of_x["n"] + self.from_recurrent("n", r * state.h)).tanh())
        return HiddenState(tap("h", (1 - z) * state.h + z * n))
