"""The grid LSTM over time and depth: layers pass a memory up as steps pass one on."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from explorer.cells.base import Cell, Tap, gate, register, symbol_of
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt, Role, Signal


class GridState(NamedTuple):
    """States that go on in time, h and the belt c, and that go up in depth, h_depth and the belt c_depth."""

    h: Tensor  # [batch, unit]
    c: Tensor  # [batch, unit]
    h_depth: Tensor  # [batch, unit]
    c_depth: Tensor  # [batch, unit]


def signed(name: str, role: Role, label: str, formula: str) -> Signal:
    """Signed signal that is neither a gate nor an input."""
    return Signal(name=name, symbol=symbol_of(name), kind="signed", role=role, label=label, formula=formula)


@register
class Grid(Cell):
    """Along time, with i, f, o = σ(a) and g = tanh(a) of a_t = W_i· x_t + b_i· + W_h· h_{t-1} + b_h· each:
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

    Along depth, with i_depth, f_depth, g_depth, o_depth likewise, of the same x_t and h_{t-1} by weights of their own:
    l_t = c_depth of the layer below                             below the first layer: 0
    c_depth_t = f_depth_t ⊙ l_t + i_depth_t ⊙ g_depth_t
    h_depth_t = o_depth_t ⊙ tanh(c_depth_t)

    Kalchbrenner, Danihelka & Graves 2015, "Grid long short-term memory": the 2-D block over time and depth, each with an LSTM of its own;
    both are computed at once. The paper squashes after the output gate, h = tanh(o ⊙ m); here, as in every other LSTM of this family,
    h = o ⊙ tanh(c), so numbers from code that follows the paper differ. x_t is h_depth of the layer below, and the input itself in the
    first layer; a readout reads h. Otherwise
    torch.nn.LSTM's convention, with blocks in the order i, f, g, o, i_depth, f_depth, g_depth, o_depth.
    """

    name: ClassVar[str] = "grid"
    title: ClassVar[str] = "Grid LSTM"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = (
        "A second LSTM beside it, along depth: layers pass a belt of their own upwards, as steps pass one on in time."
    )
    source: ClassVar[str] = "Kalchbrenner, Danihelka & Graves 2015, “Grid long short-term memory”, arXiv:1507.01526"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o", "i_depth", "f_depth", "g_depth", "o_depth")
    State: ClassVar[type[Any]] = GridState
    upward: ClassVar[str] = "h_depth"
    reads_below: ClassVar[tuple[str, ...]] = ("c_depth",)
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        gate("i", role="write", label="input gate"),
        gate("f", role="keep", label="forget gate"),
        signed("g", "candidate", "candidate", "tanh(g_pre)"),
        gate("o", role="read", label="output gate"),
        signed("c", "belt", "cell state", "f * c_prev + i * g"),
        signed("h", "hidden", "hidden state", "o * tanh(c)"),
        signed("l", "belt", "depth's cell state of the layer below", "c_depth_below"),
        gate("i_depth", role="write", label="input gate along depth"),
        gate("f_depth", role="keep", label="forget gate along depth"),
        signed("g_depth", "candidate", "candidate along depth", "tanh(g_depth_pre)"),
        gate("o_depth", role="read", label="output gate along depth"),
        signed("c_depth", "belt", "cell state along depth", "f_depth * l + i_depth * g_depth"),
        signed("h_depth", "hidden", "hidden state along depth", "o_depth * tanh(c_depth)"),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={
            "f_depth": (3, 3.3),
            "i_depth": (4.9, 3.3),
            "g_depth": (6.5, 3.3),
            "o_depth": (8.4, 3.3),
            "f": (12, 3.3),
            "i": (13.9, 3.3),
            "g": (15.5, 3.3),
            "o": (17.4, 3.3),
        },
        operations={
            "forget below": Operation("×", (3, 0.8)),
            "add below": Operation("+", (5.7, 0.8)),
            "write above": Operation("×", (5.7, 1.85)),
            "squash above": Operation("tanh", (9.6, 1.55)),
            "show above": Operation("×", (9.6, 2.5)),
            "forget": Operation("×", (12, 0)),
            "add": Operation("+", (14.7, 0)),
            "write": Operation("×", (14.7, 1.45)),
            "squash": Operation("tanh", (18.4, 1)),
            "show": Operation("×", (18.4, 2)),
        },
        phases={
            "reads": (
                wire("x", (1.2, 6), (1.2, 5)),
                wire("h_prev", (0, 5), (17.4, 5), number=0.03),
                wire("l", (2.1, 6), (2.1, 0.8), "forget below", number=0.28),
            ),
            "opens its gates": tuple(
                wire("h_prev", (x, 5), name)
                for name, x in (
                    ("f_depth", 3),
                    ("i_depth", 4.9),
                    ("g_depth", 6.5),
                    ("o_depth", 8.4),
                    ("f", 12),
                    ("i", 13.9),
                    ("g", 15.5),
                    ("o", 17.4),
                )
            ),
            "keeps": (
                wire("f_depth", "f_depth", "forget below", number=0.45),
                wire("f_depth * l", "forget below", "add below", number=0.5),
                wire("f", "f", "forget", number=0.5),
                wire("c_prev", (0, 0), "forget", number=0.08),
                wire("f * c_prev", "forget", "add", number=0.5),
            ),
            "writes": (
                wire("i_depth", "i_depth", (4.9, 1.85), "write above", number=0.27),
                wire("g_depth", "g_depth", (6.5, 1.85), "write above", number=0.48),
                wire("i_depth * g_depth", "write above", "add below"),
                wire("c_depth", "add below", (10.2, 0.8), (10.2, -0.9), number=0.28),
                wire("i", "i", (13.9, 1.45), "write", number=0.26),
                wire("g", "g", (15.5, 1.45), "write", number=0.5),
                wire("i * g", "write", "add", number=0.5),
                wire("c", "add", (19.6, 0), number=0.5),
            ),
            "shows": (
                wire("c_depth", (9.6, 0.8), "squash above"),
                wire("tanh(c_depth)", "squash above", "show above"),
                wire("o_depth", "o_depth", (8.4, 2.5), "show above", number=0.28),
                wire("h_depth", "show above", (10.9, 2.5), (10.9, -0.9), number=0.55),
                wire("c", (18.4, 0), "squash"),
                wire("tanh(c)", "squash", "show"),
                wire("o", "o", (17.4, 2), "show", number=0.29),
                wire("h", "show", (18.4, 5), (19.6, 5), number=0.75),
                wire("h", (19, 5), (19, -0.9)),
            ),
        },
    )

    def step(self, x: Tensor, state: GridState, tap: Tap, below: GridState | None = None) -> GridState:
        a = {name: tap(f"{name}_pre", a) for name, a in zip(self.blocks, self.preactivations(x, state.h), strict=True)}
        i, f, g, o = (tap(name, a[name].tanh() if name == "g" else a[name].sigmoid()) for name in "ifgo")
        c = tap("c", f * state.c + i * g)
        h = tap("h", o * c.tanh())

        low = tap("l", torch.zeros_like(state.c) if below is None else below.c_depth)
        i, f, o = (tap(name, a[name].sigmoid()) for name in ("i_depth", "f_depth", "o_depth"))
        g = tap("g_depth", a["g_depth"].tanh())
        c_depth = tap("c_depth", f * low + i * g)
        h_depth = tap("h_depth", o * c_depth.tanh())
        return GridState(h, c, h_depth, c_depth)
