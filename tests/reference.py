"""The three cells of torch.nn once more, from the papers, in plain torch: what the project's own statement is held against.

Nothing of `explorer` is used here. Every intermediate is kept and stays in the graph, so that autograd can be asked for its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Named = dict[str, Tensor]
PHI: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "linear": lambda a: a * 1,  # a tensor of its own, as any other nonlinearity gives
    "hard_sigmoid": lambda a: (a / 6 + 0.5).clamp(0, 1),
    "hard_sigmoid(0.2, 0.5)": lambda a: (0.2 * a + 0.5).clamp(0, 1),
    "leaky_relu(0.1)": lambda a: torch.where(a > 0, a, 0.1 * a),
    "softplus": lambda a: (1 + a.exp()).log(),
    "softsign": lambda a: a / (1 + a.abs()),
    "hard_tanh": lambda a: a.clamp(-1, 1),
    "elu": lambda a: torch.where(a > 0, a, a.exp() - 1),
    "elu(0.5)": lambda a: torch.where(a > 0, a, 0.5 * (a.exp() - 1)),
    "selu": lambda a: 1.0507009873554805 * torch.where(a > 0, a, 1.6732632423543772 * (a.exp() - 1)),
}


def rnn(W: Tensor, U: Tensor, b: Tensor, c: Tensor, x: Tensor, state: Named, nonlinearity: str) -> Named:
    h_pre = W @ x + b + U @ state["h"] + c
    return {"h_pre": h_pre, "h": PHI[nonlinearity](h_pre)}


def lstm(
    W: Tensor,
    U: Tensor,
    b: Tensor,
    c: Tensor,
    x: Tensor,
    state: Named,
    gate: str = "sigmoid",
    candidate: str = "tanh",
    output: str = "tanh",
) -> Named:
    i_pre, f_pre, g_pre, o_pre = (W @ x + b + U @ state["h"] + c).chunk(4)
    i, f, g, o = PHI[gate](i_pre), PHI[gate](f_pre), PHI[candidate](g_pre), PHI[gate](o_pre)
    cell = f * state["c"] + i * g
    gates = {"i": i, "f": f, "g": g, "o": o}
    return {
        "i_pre": i_pre,
        "f_pre": f_pre,
        "g_pre": g_pre,
        "o_pre": o_pre,
        **gates,
        "c": cell,
        "h": o * PHI[output](cell),
    }


def gru(
    W: Tensor,
    U: Tensor,
    b: Tensor,
    c: Tensor,
    x: Tensor,
    state: Named,
    candidate: str = "tanh",
    gate: str = "sigmoid",
) -> Named:
    x_r, x_z, x_n = (W @ x + b).chunk(3)
    h_r, h_z, h_n = (U @ state["h"] + c).chunk(3)
    r_pre, z_pre = x_r + h_r, x_z + h_z
    r, z = PHI[gate](r_pre), PHI[gate](z_pre)
    n_pre = x_n + r * h_n
    n = PHI[candidate](n_pre)
    h = (1 - z) * n + z * state["h"]
    return {"r_pre": r_pre, "z_pre": z_pre, "n_pre": n_pre, "r": r, "z": z, "n": n, "h": h}


STEPS: dict[str, Callable[..., Named]] = {"rnn": rnn, "lstm": lstm, "gru": gru}


def read(
    cell: str,
    weights: Mapping[str, Tensor],
    xs: Tensor,
    initial: Mapping[str, Tensor],
    layers: int,
    bidirectional: bool,
    options: Mapping[str, Any],
) -> list[dict[str, list[Tensor]]]:
    """For each row, name -> one tensor [unit] a step, at the step of the token. `weights` are named as torch.nn names them."""
    rows: list[dict[str, list[Tensor]]] = []
    below: list[Tensor] = list(xs)
    for layer in range(layers):
        for suffix in ("", "_reverse")[: 1 + bidirectional]:
            W, U, b, c = (weights[f"{n}_l{layer}{suffix}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            state = {name: values[len(rows)] for name, values in initial.items()}
            order = range(len(below))
            seen: dict[int, Named] = {}
            for step in reversed(order) if suffix else order:
                state = seen[step] = STEPS[cell](W, U, b, c, below[step], state, **options)
            rows.append({name: [seen[step][name] for step in order] for name in seen[0]})
        below = [torch.cat([row["h"][step] for row in rows[-1 - bidirectional :]]) for step in range(len(below))]
    return rows
