"""The gated recurrent unit in the form that torch computes, and what its relatives share with it."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.cells.activations import activation
from explorer.cells.base import KERNEL_MODE, Back, Backwards, Cell, HiddenState, Signals, Tap, exactly, register
from explorer.cells.base import gate as gate_signal
from explorer.cells.rnn import squashed
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt, Signal

RESET_GATE = gate_signal("r", role="reset", label="reset gate")


def candidate_signal(nonlinearity: str = "tanh") -> Signal:
    """n. Raises ValueError for a nonlinearity that it cannot have."""
    activation(nonlinearity, "candidate")
    return Signal(
        name="n",
        symbol="n_t",
        kind="signed",
        role="candidate",
        label="candidate",
        formula=squashed(nonlinearity, "n"),
    )


def carried(formula: str) -> Signal:
    """h, which is the belt itself."""
    return Signal(name="h", symbol="h_t", kind="signed", role="belt", label="hidden state", formula=formula)


class GRULike(Cell):
    """A cell that carries h itself on, in part as it was, in part as a candidate. A subclass states its own equations."""

    def from_input(self, x: Tensor) -> dict[str, Tensor]:
        """W x + b of each block that has one, [batch, unit]."""
        blocks = F.linear(x, self.weight_ih, self.bias_ih).split(self.hidden_size, -1)
        return dict(zip(self.input_blocks, blocks, strict=True))

    def from_recurrent(self, block: str, h: Tensor) -> Tensor:
        """W_h<block> h + b_h<block>, [batch, unit]."""
        first = self.recurrent_blocks.index(block) * self.hidden_size
        rows = slice(first, first + self.hidden_size)
        return F.linear(h, self.weight_hh[rows], self.bias_hh[rows])


@register
class GRU(GRULike):
    """r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)            reset
    z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)            keep
    n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t-1} + b_hn))  candidate
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    Cho et al. 2014. Convention: torch.nn.GRU, blocks in the order r, z, n. The reset gate is applied after the matrix product, where
    Cho et al. apply it before; z keeps the old state, where Chung et al. 2014 let it take the new one.

    `gate` stands in the place of σ, `candidate` in that of tanh; each is a name in `explorer.cells.activations`, as in Keras and ONNX.
    """

    name: ClassVar[str] = "gru"
    title: ClassVar[str] = "GRU"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = (
        "No belt beside h: h itself is carried on. One gate splits between old state and candidate; another resets."
    )
    source: ClassVar[str] = (
        "Cho et al. 2014, “Learning phrase representations using RNN encoder-decoder”, arXiv:1406.1078; in torch.nn.GRU's form"
    )
    blocks: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    belts = (Belt("h", keep="z", write="(1 - z) * n"),)
    diagram: ClassVar[Diagram] = Diagram(
        layers={"z": (2.7, 3.3), "r": (4.6, 3.3), "n": (7.5, 3.3)},
        operations={
            "keep": Operation("×", (2.7, 0)),
            "rest": Operation("1−", (4.6, 1.45)),
            "write": Operation("×", (7.5, 1.45)),
            "add": Operation("+", (7.5, 0)),
            "reset": Operation("×", (6.1, 4.2)),
        },
        phases={
            "reads": (wire("x", (1.7, 6), (1.7, 5)), wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (7.5, 5), number=0.3)),
            "opens its gates": (wire("h_prev", (2.7, 5), "z"), wire("h_prev", (4.6, 5), "r")),
            "keeps": (
                wire("z", "z", "keep", number=0.25),
                wire("h_prev", (0, 0), "keep", number=0.55),
                wire("z * h_prev", "keep", "add", number=0.45),
            ),
            "makes a candidate": (
                wire("r", "r", (4.6, 2.3), (6.1, 2.3), "reset", number=0.45),
                wire("", (6.1, 5), "reset"),
                wire("", "reset", (7.5, 4.2)),
                wire("x", (7.5, 5), "n"),
            ),
            "writes": (
                wire("z", (2.7, 1.45), "rest"),
                wire("1 - z", "rest", "write", number=0.5),
                wire("n", "n", "write", number=0.5),
                wire("(1 - z) * n", "write", "add", number=0.5),
                wire("h", "add", (10, 0), number=0.75),
                wire("h", (9.4, 0), (9.4, -0.9)),
            ),
        },
    )

    def __init__(self, input_size: int, hidden_size: int, candidate: str = "tanh", gate: str = "sigmoid") -> None:
        self.signals = (
            gate_signal("r", role="reset", label="reset gate", squash=gate),
            gate_signal("z", role="keep", label="update gate", squash=gate),
            candidate_signal(candidate),
            carried("z * h_prev + (1 - z) * n"),
        )
        super().__init__(input_size, hidden_size)
        self.candidate, self.gate = candidate, gate

    @property
    def options(self) -> dict[str, Any]:
        return {"candidate": self.candidate} | ({"gate": self.gate} if self.gate != "sigmoid" else {})

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": "W_in @ x + b_in + r * (W_hn @ h_prev + b_hn)"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        (x_r, x_z, x_n), (h_r, h_z, h_n) = self.parts(x, state.h)  # [batch, unit] each
        opened = activation(self.gate).of
        r = tap("r", opened(tap("r_pre", x_r + h_r)))
        z = tap("z", opened(tap("z_pre", x_z + h_z)))
        n = tap("n", activation(self.candidate).of(tap("n_pre", x_n + r * h_n)))
        h = tap("h", z * state.h + (1 - z) * n)
        return HiddenState(h)

    def kernel(self, x: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState] | None:
        if (self.candidate, self.gate) != ("tanh", "sigmoid"):
            return None
        with exactly(x):
            h, last = torch.gru(x, state.h[None], self.flat_weights, *KERNEL_MODE)
        return h, HiddenState(last[0])

    def sweep(self, s: Signals, grad_h: Tensor, grad_state: Tensor | None = None) -> Signals:
        z, n, h_prev = s["z"], s["n"], s["h_prev"]
        to_n, to_recurrent, h_n = self._slopes(s)
        dh = grad_h.clone()
        da = grad_h.new_empty(*grad_h.shape[:2], 3, self.hidden_size)  # by W_hh h + b_hh: [step, batch, gate, unit]
        hs, hs_gates, gates, recurrent = dh.unbind(), dh[:, :, None].unbind(), da.unbind(), da.flatten(2).unbind()
        for t, (to, keep) in reversed(list(enumerate(zip(to_recurrent.unbind(), z.unbind(), strict=True)))):
            torch.mul(hs_gates[t], to, out=gates[t])
            if t:
                hs[t - 1].addmm_(recurrent[t], self.weight_hh).addcmul_(hs[t], keep)
        da[:, :, 2] = dh * to_n  # by W_in x + b_in, in front of it
        grads = dict(zip(("r_pre", "z_pre", "n_pre"), da.unbind(2), strict=True))
        grads |= {"r": grads["n_pre"] * h_n, "z": dh * (h_prev - n), "n": dh * (1 - z), "h": dh}
        return grads | {"x": da.flatten(2) @ self.weight_ih}

    def backwards(self, s: Signals) -> Backwards:
        to_n, to_recurrent, _ = self._slopes(s)
        to_input = torch.cat([to_recurrent[:, :, :2], to_n[:, :, None]], 2)  # [step, 1, 3, unit]
        z = s["z"]

        U = self.weight_hh.view(3, self.hidden_size, -1)

        def back(t: int, d: Signals, sums: bool) -> Back:
            carried = d["h"] * z[t]
            if sums:
                dh = d["h"][:, None]
                inputs, recurrent = (dh * to_input[t]).flatten(1), (dh * to_recurrent[t]).flatten(1)
                return Back({"h": carried.addmm_(recurrent, self.weight_hh)}, d, inputs, recurrent)
            by_h = (to_recurrent[t, 0, :, :, None] * U).sum(0)  # [unit, unit]: three blocks at the price of one
            return Back({"h": carried.addmm_(d["h"], by_h)}, d)

        return back

    def _slopes(self, s: Signals) -> tuple[Tensor, Tensor, Tensor]:
        """Factors of dh on its way to n's pre-activation, [step, 1, unit], and to the W_hh h + b_hh of r, z and n,
        [step, 1, 3, unit]; and W_hn h + b_hn, the sum behind the reset gate."""
        r, z, n, h_prev = s["r"], s["z"], s["n"], s["h_prev"]
        _, (_, _, h_n) = self.parts(h_prev.new_zeros(1, self.input_size), h_prev)
        opens = activation(self.gate).slope
        to_n = (1 - z) * activation(self.candidate).slope(n)
        to_z = (h_prev - n) * opens(z)
        to_r = to_n * h_n * opens(r)
        return to_n, torch.stack([to_r, to_z, to_n * r], 2), h_n
