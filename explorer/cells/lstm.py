"""The long short-term memory."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from explorer.cells.base import KERNEL_MODE, Cell, Signals, Tap, gate, register
from explorer.signals import Belt, Signal


class LSTMState(NamedTuple):
    h: Tensor  # [batch, unit]
    c: Tensor  # [batch, unit]


@register
class LSTM(Cell):
    """i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)    write
    f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)    keep
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)  candidate
    o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)    read
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

    Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000. Convention: torch.nn.LSTM, blocks in the
    order i, f, g, o. `forget_bias`: sets b_if + b_hf to this value (all of it in b_if), as Jozefowicz et al. 2015 advise.
    """

    name: ClassVar[str] = "lstm"
    title: ClassVar[str] = "LSTM"
    blocks: ClassVar[int] = 4
    State: ClassVar[type[Any]] = LSTMState
    belts: ClassVar[tuple[Belt, ...]] = (Belt("c", keep="f", write="i * g"),)

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__(input_size, hidden_size)
        self.signals = (
            gate("i", role="write", label="input gate"),
            gate("f", role="keep", label="forget gate"),
            Signal(name="g", symbol="g_t", kind="signed", role="candidate", label="candidate", formula="tanh(g_pre)"),
            gate("o", role="read", label="output gate"),
            Signal(
                name="c", symbol="c_t", kind="signed", role="belt", label="cell state", formula="f * c_prev + i * g"
            ),
            Signal(name="h", symbol="h_t", kind="signed", role="hidden", label="hidden state", formula="o * tanh(c)"),
        )
        if forget_bias is not None:
            block = slice(hidden_size, 2 * hidden_size)
            nn.init.constant_(self.bias_ih[block], forget_bias)
            nn.init.zeros_(self.bias_hh[block])

    def step(self, x: Tensor, state: LSTMState, tap: Tap, below: Any = None) -> LSTMState:
        i, f, g, o = (tap(f"{name}_pre", a) for name, a in zip("ifgo", self.preactivations(x, state.h), strict=True))
        i, f, g, o = tap("i", i.sigmoid()), tap("f", f.sigmoid()), tap("g", g.tanh()), tap("o", o.sigmoid())
        c = tap("c", f * state.c + i * g)
        h = tap("h", o * c.tanh())
        return LSTMState(h, c)

    def kernel(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        h, last_h, last_c = torch.lstm(x, (state.h[None], state.c[None]), self.flat_weights, *KERNEL_MODE)
        return h, LSTMState(last_h[0], last_c[0])

    def sweep(self, s: Signals, grad_h: Tensor, grad_state: Tensor | None = None) -> Signals:
        i, f, g, o, c_prev = s["i"], s["f"], s["g"], s["o"], s["c_prev"]
        tanh_c = s["c"].tanh()
        h_to_c = o * (1 - tanh_c * tanh_c)
        # From c to the pre-activations of i, f and g, and from h to that of o: what multiplies dc and dh at each step.
        c_to_pre = torch.stack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g * g)], -2)  # [step, 1, 3, unit]
        h_to_o = tanh_c * o * (1 - o)
        steps, batch, units = grad_h.shape
        dh, dc, da = torch.empty_like(grad_h), torch.empty_like(grad_h), grad_h.new_empty(steps, batch, 4, units)
        from_h, from_c = torch.zeros_like(grad_h[0]), torch.zeros_like(grad_h[0])
        for t in range(steps - 1, -1, -1):
            torch.add(grad_h[t], from_h, out=dh[t])
            torch.addcmul(from_c, dh[t], h_to_c[t], out=dc[t])
            if grad_state is not None:
                dc[t] += grad_state[t]
            torch.mul(dc[t][:, None], c_to_pre[t], out=da[t, :, :3])
            torch.mul(dh[t], h_to_o[t], out=da[t, :, 3])
            from_h = da[t].flatten(1) @ self.weight_hh
            from_c = dc[t] * f[t]
        grads = dict(zip(("i_pre", "f_pre", "g_pre", "o_pre"), da.unbind(2), strict=True))
        grads |= {"i": dc * g, "f": dc * c_prev, "g": dc * i, "o": dh * tanh_c, "c": dc, "h": dh}
        return grads | {"x": da.flatten(2) @ self.weight_ih}
