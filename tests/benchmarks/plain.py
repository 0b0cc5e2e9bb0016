"""Recurrent networks once more, in plain float64 loops over a state dict, with autograd: what the app's numbers are held against.

Nothing of `explorer` is used here. Steps are in the order in which a row reads, unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

Named = dict[str, Tensor]
Override = Callable[[str, int, Tensor], Tensor]
"""(signal, step, value) -> the value that takes its place."""

STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",), "jordan": ("h", "y")}
CARRIED = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",), "jordan": ("y",)}
BELT = {"lstm": "c", "gru": "h"}


def as_it_is(name: str, step: int, value: Tensor) -> Tensor:
    return value


def step_of(cell: str, w: Named, x: Tensor, state: Named, t: int, put: Override = as_it_is) -> Named:
    """Every signal of one step; x [input], states [unit]."""
    back = state["y"] if cell == "jordan" else state["h"]
    a, b = w["weight_ih"] @ x + w["bias_ih"], w["weight_hh"] @ back + w["bias_hh"]
    if cell == "rnn":
        return {"h": put("h", t, torch.tanh(a + b))}
    if cell == "jordan":
        h = put("h", t, torch.tanh(a + b))
        return {"h": h, "y": put("y", t, torch.sigmoid(w["weight_ho"] @ h + w["bias_o"]))}
    if cell == "lstm":
        i, f, g, o = (a + b).chunk(4)
        i, f, o = (put(n, t, torch.sigmoid(v)) for n, v in (("i", i), ("f", f), ("o", o)))
        g = put("g", t, torch.tanh(g))
        c = put("c", t, f * state["c"] + i * g)
        return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": put("h", t, o * torch.tanh(c)), "keep": f, "write": i * g}
    (ar, az, an), (br, bz, bn) = a.chunk(3), b.chunk(3)
    r, z = put("r", t, torch.sigmoid(ar + br)), put("z", t, torch.sigmoid(az + bz))
    n = put("n", t, torch.tanh(an + r * bn))
    return {"r": r, "z": z, "n": n, "h": put("h", t, z * state["h"] + (1 - z) * n), "keep": z, "write": (1 - z) * n}


@dataclass
class Reading:
    """A row's signals [step, unit] a name, at the steps of the tokens, and the zeros that were added to each state [step][state]."""

    rows: list[Named]
    added: list[list[Named]] = field(default_factory=list)
    top: Tensor = field(default_factory=lambda: torch.zeros(0))


@dataclass
class Plain:
    """rows: the weights of each row; two a layer if `both`."""

    cell: str
    rows: list[Named]
    both: bool = False
    embedding: Tensor | None = None
    readout: tuple[Tensor, Tensor] | None = None

    @staticmethod
    def of(cell: str, state: Mapping[str, Any], both: bool = False) -> Plain:
        """From a state dict; the layers' weights end in _l0, _l0_reverse, …, and `stack.` may stand before them."""
        exact = {name.removeprefix("stack."): torch.as_tensor(v).double() for name, v in state.items()}
        rows: list[Named] = []
        while True:
            end = f"_l{len(rows) // 2}{'_reverse' * (len(rows) % 2)}" if both else f"_l{len(rows)}"
            row = {name.removesuffix(end): v for name, v in exact.items() if name.endswith(end)}
            if not row:
                break
            rows.append(row)
        if not rows:  # a single cell has no suffix
            rows = [{n: v for n, v in exact.items() if n.startswith(("weight_", "bias_"))}]
        readout = (exact["readout.weight"], exact["readout.bias"]) if "readout.weight" in exact else None
        return Plain(cell, rows, both, exact.get("embedding.weight"), readout)

    @property
    def units(self) -> int:
        return self.rows[0]["weight_hh"].shape[0] // {"lstm": 4, "gru": 3}.get(self.cell, 1)

    def x(self, ids: Sequence[int]) -> Tensor:
        assert self.embedding is not None
        return self.embedding[list(ids)]

    def zeros(self, w: Named) -> Named:
        y = w["weight_hh"].shape[1]
        return {name: torch.zeros(y if name == "y" else self.units).double() for name in STATES[self.cell]}

    def read(
        self,
        x: Tensor,
        put: Override = as_it_is,
        add: bool = False,
        cut: Sequence[str] = (),
        bump: tuple[int, int, str, int, float] | None = None,
    ) -> Reading:
        """`add`: after each step zeros are added to each of its states, to be differentiated by. `cut`: these states are 0 before each
        step. `bump`: (row, step, state, unit, how much) is added to one state after its step, as the zeros are."""
        found = Reading([])
        below = x
        for layer in range(0, len(self.rows), 2 if self.both else 1):
            outs = []
            for row in range(layer, layer + (2 if self.both else 1)):
                w, backward = self.rows[row], self.both and row % 2 == 1
                state = self.zeros(w)
                signals: list[Named] = [{}] * len(x)
                added: list[Named] = [{}] * len(x)
                for t in range(len(x))[:: -1 if backward else 1]:
                    state = {name: 0 * v if name in cut else v for name, v in state.items()}
                    now = step_of(self.cell, w, below[t], state, t, put)
                    state = {name: now[name] for name in STATES[self.cell]}
                    if add:
                        added[t] = {name: torch.zeros_like(v).requires_grad_() for name, v in state.items()}
                        state = {name: v + added[t][name] for name, v in state.items()}
                    if bump and bump[:2] == (row, t):
                        more = torch.zeros_like(state[bump[2]])
                        more[bump[3]] = bump[4]
                        state = state | {bump[2]: state[bump[2]] + more}
                    signals[t] = now | state
                found.rows.append({name: torch.stack([s[name] for s in signals]) for name in signals[0]})
                found.added.append(added)
                outs.append(found.rows[-1]["h"])
            below = torch.cat(outs, -1)
        found.top = below
        return found

    def scores(self, reading: Reading) -> Tensor:
        assert self.readout is not None
        return reading.top @ self.readout[0].T + self.readout[1]

    def order(self, row: int, steps: int, at: int) -> list[int]:
        """The steps that a row has read when it is at `at`, in its order of reading."""
        return list(range(steps - 1, at - 1, -1)) if self.both and row % 2 else list(range(at + 1))

    # What pages measure

    def reach(self, x: Tensor, of: Callable[[Plain, Reading], Tensor], row: int = -1) -> np.ndarray:
        """‖∂ objective / ∂(all states of a step)‖ of a row at every step, the states taken as variables of their own."""
        reading = self.read(x, add=True)
        added = reading.added[row]
        asked = [v for step in added for v in step.values()]
        grads = torch.autograd.grad(of(self, reading), asked, allow_unused=True)
        states = len(STATES[self.cell])
        sizes = [
            math.sqrt(sum(float(g.square().sum()) for g in grads[k : k + states] if g is not None))
            for k in range(0, len(grads), states)
        ]
        return np.array(sizes)

    def by_differences(
        self, x: Tensor, of: Callable[[Plain, Reading], Tensor], row: int, step: int, e: float = 1e-5
    ) -> float:
        """The same at one step by central differences, one unit of one state after the other."""
        total = 0.0
        for name, zeros in self.zeros(self.rows[row]).items():
            for unit in range(len(zeros)):
                up, down = (
                    float(of(self, self.read(x, bump=(row % len(self.rows), step, name, unit, s)))) for s in (e, -e)
                )
                total += ((up - down) / (2 * e)) ** 2
        return math.sqrt(total)

    def jacobians(self, x: Tensor, row: int, to: int) -> list[np.ndarray]:
        """∂s_to / ∂s_step of all that is carried on, by distance back in the row's order; each step's by autograd, then multiplied."""
        reading = self.read(x)
        layer = row // 2 if self.both else row
        below = x
        if layer:
            parts = reading.rows[2 * layer - 2 : 2 * layer] if self.both else reading.rows[layer - 1 : layer]
            below = torch.cat([part["h"] for part in parts], -1)
        w, names = self.rows[row], CARRIED[self.cell]
        sizes = [len(self.zeros(w)[name]) for name in names]
        steps = self.order(row, len(x), to)
        whole = torch.eye(sum(sizes), dtype=torch.float64)
        found = [whole.numpy()]
        for t, before in zip(steps[:0:-1], steps[-2::-1], strict=True):
            state = torch.cat([reading.rows[row][name][before] for name in names])

            unread = {name: reading.rows[row][name][before] for name in STATES[self.cell]}

            def after(flat: Tensor, t: int = t, rest: Named = unread) -> Tensor:
                now = step_of(self.cell, w, below[t], rest | dict(zip(names, flat.split(sizes), strict=True)), t)
                return torch.cat([now[name] for name in names])

            whole = whole @ torch.autograd.functional.jacobian(after, state, vectorize=True)
            found.append(whole.numpy())
        return found

    def belt_jacobians(self, x: Tensor, row: int, to: int) -> list[np.ndarray]:
        """The belt's total derivative by distance: of an LSTM's c also by the h that shows it."""
        found = self.jacobians(x, row, to)
        if self.cell == "gru":
            return found
        s, n = self.read(x).rows[row], self.units
        total = []
        for step, whole in zip(self.order(row, len(x), to)[::-1], found, strict=True):
            shown = (s["o"][step] * (1 - torch.tanh(s["c"][step]) ** 2)).numpy()
            own = whole[n:, n:] if total else np.eye(n)
            total.append(own + (whole[n:, :n] * shown if total else 0))
        return total

    # The loss

    def losses(self, x: Tensor, ids: Sequence[int]) -> Tensor:
        """-ln p of each next token, [step - 1]."""
        log_p = self.scores(self.read(x)).log_softmax(-1)
        return -log_p[torch.arange(len(ids) - 1), list(ids[1:])]

    def parameters(self) -> dict[str, Tensor]:
        assert self.embedding is not None and self.readout is not None
        found = {f"{name}_l{n}": w for n, row in enumerate(self.rows) for name, w in row.items()}
        return found | {
            "embedding.weight": self.embedding,
            "readout.weight": self.readout[0],
            "readout.bias": self.readout[1],
        }

    def gradient(self, ids: Sequence[int]) -> dict[str, Tensor]:
        """Of the mean loss, by every weight."""
        leaves = self.parameters()
        for leaf in leaves.values():
            leaf.requires_grad_()
        loss = self.losses(self.x(ids), ids).mean()
        grads = torch.autograd.grad(loss, list(leaves.values()))
        for leaf in leaves.values():
            leaf.requires_grad_(False)
        return dict(zip(leaves, grads, strict=True))

    def term(self, ids: Sequence[int], at: int, since: int) -> list[Tensor]:
        """By the layers' weights, for one row: the gradient of the loss at `at`, a share 1/n of the mean, by the weights' use at the steps
        from `since` on."""
        assert self.readout is not None
        x, w = self.x(ids), self.rows[0]
        state = self.zeros(w)
        with torch.no_grad():
            for t in range(since):
                now = step_of(self.cell, w, x[t], state, t)
                state = {name: now[name] for name in state}
        own = {name: v.clone().requires_grad_() for name, v in w.items()}
        for t in range(since, at + 1):
            now = step_of(self.cell, own, x[t], state, t)
            state = {name: now[name] for name in state}
        loss = -(self.readout[0] @ state["h"] + self.readout[1]).log_softmax(-1)[ids[at + 1]] / (len(ids) - 1)
        grads = torch.autograd.grad(loss, list(own.values()), allow_unused=True)
        return [torch.zeros_like(v) if g is None else g for v, g in zip(own.values(), grads, strict=True)]


def size(parts: Sequence[Tensor]) -> float:
    """The Euclidean norm of all entries together."""
    return math.sqrt(sum(float(part.square().sum()) for part in parts))


def below_half(curve: np.ndarray) -> int | None:
    """The first distance at which it is below half of its beginning."""
    return next((d for d, v in enumerate(curve) if v < curve[0] / 2), None)
