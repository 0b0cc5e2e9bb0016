"""The long short-term memory."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from explorer.cells.activations import activation, gate_activation
from explorer.cells.base import Back, Backwards, Signals, Tap, register
from explorer.cells.base import gate as gate_signal
from explorer.cells.lstm_base import (
    FORGET_GATE,
    INPUT_GATE,
    OUTPUT_GATE,
    LSTMLike,
    LSTMState,
    cell_state,
    hidden_state,
)
from explorer.cells.lstm_base import candidate as candidate_signal
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt

USUAL = {"gate": "sigmoid", "candidate": "tanh", "output": "tanh"}
GLYPHS = {"sigmoid": "σ", "relu": "relu"}
"""Symbols of activations in the diagram; φ for any other."""


@register
class LSTM(LSTMLike):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)    write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)    keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)    read
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

    Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000. Convention: torch.nn.LSTM, blocks in the
    order i, f, g, o.

    `forget_bias` sets b_if + b_hf to this value (all of it in b_if), as Jozefowicz et al. 2015 advise. `chrono` is the longest lag T
    to be prepared for: b_if = ln U[1, T-1] and b_ii = -b_if, the other biases of these gates 0, after Tallec & Ollivier 2018; with
    `chrono_share` below 1 only that share of the units, the first ones, start so.

    `gate` stands in the place of σ, `candidate` in that of the tanh of g_t, `output` in that of the tanh of c_t; each is a name in
    `explorer.cells.activations`, as in Keras and ONNX.
    """

    name: ClassVar[str] = "lstm"
    title: ClassVar[str] = "LSTM"
    parent: ClassVar[str] = "lstm-1997"
    change: ClassVar[str] = "A forget gate: the belt can forget, unit by unit, and not only add."
    source: ClassVar[str] = (
        "Hochreiter & Schmidhuber 1997, “Long short-term memory”, Neural Computation 9(8); "
        "Gers, Schmidhuber & Cummins 2000, “Learning to forget”, Neural Computation 12(10)"
    )
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    fused: ClassVar[bool] = True
    belts = (Belt("c", keep="f", write="i * g"),)
    signals = (
        INPUT_GATE,
        FORGET_GATE,
        candidate_signal(),
        OUTPUT_GATE,
        cell_state("f * c_prev + i * g"),
        hidden_state(),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={"f": (1.9, 3.3), "i": (3.9, 3.3), "g": (5.7, 3.3), "o": (7.5, 3.3)},
        operations={
            "forget": Operation("×", (1.9, 0)),
            "add": Operation("+", (4.8, 0)),
            "write": Operation("×", (4.8, 1.45)),
            "squash": Operation("tanh", (8.9, 1)),
            "show": Operation("×", (8.9, 2)),
        },
        phases={
            "reads": (wire("x", (1, 6), (1, 5)), wire("h_prev", (0, 5), (7.5, 5), number=0.07)),
            "opens its gates": (
                wire("h_prev", (1.9, 5), "f"),
                wire("h_prev", (3.9, 5), "i"),
                wire("h_prev", (5.7, 5), "g"),
                wire("h_prev", (7.5, 5), "o"),
            ),
            "keeps": (
                wire("f", "f", "forget", number=0.5),
                wire("c_prev", (0, 0), "forget", number=0.4),
                wire("f * c_prev", "forget", "add", number=0.5),
            ),
            "writes": (
                wire("i", "i", (3.9, 1.45), "write", number=0.4),
                wire("g", "g", (5.7, 1.45), "write", number=0.4),
                wire("i * g", "write", "add", number=0.5),
                wire("c", "add", (10, 0), number=0.85),
            ),
            "shows": (
                wire("c", (8.9, 0), "squash"),
                wire("tanh(c)", "squash", "show"),
                wire("o", "o", (7.5, 2), "show", number=0.3),
                wire("h", "show", (8.9, 5), (10, 5), number=0.8),
                wire("h", (9.5, 5), (9.5, -0.9)),
            ),
        },
    )

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        forget_bias: float | None = None,
        chrono: float | None = None,
        chrono_share: float = 1.0,
        gate: str = "sigmoid",
        candidate: str = "tanh",
        output: str = "tanh",
    ) -> None:
        of_candidate, of_output = activation(candidate, "candidate"), activation(output, "output")
        gate_activation(gate)
        super().__init__(input_size, hidden_size)
        self.gate, self.candidate, self.output = gate, candidate, output
        if self.options:
            squashed = of_output.formula("c")
            self.signals = (
                gate_signal("i", role="write", label="input gate", squash=gate),
                gate_signal("f", role="keep", label="forget gate", squash=gate),
                candidate_signal(of_candidate.formula("g_pre")),
                gate_signal("o", role="read", label="output gate", squash=gate),
                cell_state("f * c_prev + i * g"),
                hidden_state(f"o * {squashed}"),
            )
            self.diagram = _diagram(output, squashed)  # type: ignore[misc]
        if forget_bias is not None and chrono is not None:
            raise ValueError(
                f"forget_bias={forget_bias} and chrono={chrono} both set the forget bias; give one of them"
            )
        self.set_forget_bias(forget_bias)
        if chrono is not None:
            if chrono <= 2:
                raise ValueError(f"chrono is {chrono}; the longest lag must be more than 2 steps")
            if not 0 < chrono_share <= 1:
                raise ValueError(f"chrono_share is {chrono_share}; it must be above 0 and at most 1")
            lags = torch.empty(round(chrono_share * hidden_size)).uniform_(1, chrono - 1)
            self.set_bias("f", lags.log())
            self.set_bias("i", -lags.log())

    @property
    def options(self) -> dict[str, Any]:
        """The activations that are not the usual ones; what the others set is in the weights."""
        return {name: getattr(self, name) for name, usual in USUAL.items() if getattr(self, name) != usual}

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        sums, opened = self.sums_of(x, state.h), activation(self.gate).of
        i = tap("i", opened(tap("i_pre", sums["i"])))
        f = tap("f", opened(tap("f_pre", sums["f"])))
        g = tap("g", activation(self.candidate).of(tap("g_pre", sums["g"])))
        o = tap("o", opened(tap("o_pre", sums["o"])))
        c = tap("c", f * state.c + i * g)
        h = tap("h", o * activation(self.output).of(c))
        return LSTMState(h, c)

    def kernel(self, x: Tensor, state: Any) -> tuple[Tensor, Any] | None:
        return None if self.options else super().kernel(x, state)

    def lstm_weights(self) -> list[Tensor]:
        return self.flat_weights

    def sweep(self, s: Signals, grad_h: Tensor, grad_state: Tensor | None = None) -> Signals:
        i, f, g, c_prev, U = s["i"], s["f"], s["g"], s["c_prev"], self.weight_hh
        h_to_oc, c_to_ifg, shown = self._slopes(s)
        dh = grad_h.clone()
        da = grad_h.new_zeros(*grad_h.shape[:2], 5, self.hidden_size)  # by i, f, g, o before squashing, and by c
        ifg, oc, dc = da[:, :, :3], da[:, :, 3:], da[:, :, 4:]
        if grad_state is not None:
            dc += grad_state[:, :, None]
        hs, hs_oc, cs = dh.unbind(), dh[:, :, None].unbind(), dc.unbind()
        ocs, ifgs, gates = oc.unbind(), ifg.unbind(), da[:, :, :4].flatten(2).unbind()
        factors = zip(h_to_oc.unbind(), c_to_ifg.unbind(), f.unbind(), strict=True)
        for t, (to_oc, to_ifg, keep) in reversed(list(enumerate(factors))):
            ocs[t].addcmul_(hs_oc[t], to_oc)
            torch.mul(cs[t], to_ifg, out=ifgs[t])
            if t:
                hs[t - 1].addmm_(gates[t], U)
                cs[t - 1].addcmul_(cs[t], keep)
        grads = dict(zip(("i_pre", "f_pre", "g_pre", "o_pre", "c"), da.unbind(2), strict=True))
        by_c = grads["c"]
        grads |= {"i": by_c * g, "f": by_c * c_prev, "g": by_c * i, "o": dh * shown, "h": dh}
        return grads | {"x": da[:, :, :4].flatten(2) @ self.weight_ih}

    def backwards(self, s: Signals) -> Backwards:
        h_to_oc, c_to_ifg, _ = self._slopes(s)
        h_to_o, h_to_c = h_to_oc.unbind(2)
        f = s["f"]

        U_ifg, U_o = self.weight_hh.view(4, self.hidden_size, -1).split((3, 1))

        def back(t: int, d: Signals, sums: bool) -> Back:
            dc = torch.addcmul(d["c"], d["h"], h_to_c[t])
            here, c_before = {"h": d["h"], "c": dc}, dc * f[t]
            if sums:
                ifg = dc[:, None] * c_to_ifg[t]
                gates = torch.cat([ifg.flatten(1), d["h"] * h_to_o[t]], 1)  # by i, f, g, o before squashing
                return Back({"h": gates @ self.weight_hh, "c": c_before}, here, gates, gates)
            by_c = (c_to_ifg[t, 0, :, :, None] * U_ifg).sum(0)  # [unit, unit]: three blocks at the price of one
            h_before = torch.addmm(dc @ by_c, d["h"] * h_to_o[t], U_o[0])
            return Back({"h": h_before, "c": c_before}, here)

        return back

    def _slopes(self, s: Signals) -> tuple[Tensor, Tensor, Tensor]:
        """Factors of dh on its way to o's pre-activation and to c, [step, 1, 2, unit]; factors of dc on its way to the
        pre-activations of i, f and g, [step, 1, 3, unit]; and tanh c, or the activation in its place."""
        output, opens = activation(self.output), activation(self.gate).slope
        i, f, g, o, shown = s["i"], s["f"], s["g"], s["o"], output.of(s["c"])
        h_to_oc = torch.stack([shown * opens(o), o * output.slope(shown)], 2)
        c_to_ifg = torch.stack([g * opens(i), s["c_prev"] * opens(f), i * activation(self.candidate).slope(g)], 2)
        return h_to_oc, c_to_ifg, shown


def _diagram(output: str, shown: str) -> Diagram:
    """The picture with another activation where the cell state is shown; `shown` is its formula."""
    if output == "tanh":
        return LSTM.diagram
    linear = output == "linear"
    squash = {} if linear else {"squash": Operation(GLYPHS.get(output, "φ"), (8.9, 1))}
    way = (wire("c", (8.9, 0), "show"),) if linear else (wire("c", (8.9, 0), "squash"), wire(shown, "squash", "show"))
    return LSTM.diagram.changed(
        without=("squash",) if linear else (),
        operations=squash,
        phases={
            "shows": (
                *way,
                wire("o", "o", (7.5, 2), "show", number=0.3),
                wire("h", "show", (8.9, 5), (10, 5), number=0.8),
                wire("h", (9.5, 5), (9.5, -0.9)),
            )
        },
    )
