"""The ledger: who wrote the memory, and how much of each write is left, exactly.

A belt is s_T = keep_T ⊙ s_{T-1} + write_T, so s_T = s_0 ⊙ Π keep + Σ_j write_j ⊙ Π_{k>j} keep_k: a row for the initial state and one
for each step, which add up to the belt. Down to the output, with s_j the sum of the rows up to j and h = f(s) at the last step, row j
gives the logit W_y[f(s_j) - f(s_{j-1})], and the initial row W_y f(s_0 ⊙ Π keep). Everything is added up in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from explorer.describing import equation, size
from explorer.formula import evaluate, names
from explorer.signals import Array, Belt, Trace

SELU, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
FUNCTIONS: dict[str, Callable[..., Array]] = {
    "sigmoid": lambda a: 0.5 + 0.5 * np.tanh(0.5 * a),  # without overflow where a is far below 0
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "clip": np.clip,
    "hardsigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "hardtanh": lambda a: np.clip(a, -1, 1),
    "relu6": lambda a: np.clip(a, 0, 6),
    "elu": lambda a, alpha=1.0: np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0))),
    "selu": lambda a: SELU * np.where(a > 0, a, SELU_ALPHA * np.expm1(np.minimum(a, 0))),
    "leaky_relu": lambda a, alpha=0.01: np.where(a > 0, a, alpha * a),
    "softplus": lambda a: np.logaddexp(a, 0),
    "softsign": lambda a: a / (1 + np.abs(a)),
}
By = Literal["writes", "states"]


@dataclass(frozen=True)
class Account:
    """Contributions to one number, in the order of reading [rows + 1]: the initial state first, then a step each; and
    the bias that is added to them."""

    contributions: Array
    bias: float

    @property
    def total(self) -> float:
        """The logit."""
        return float(self.contributions.sum() + self.bias)


@dataclass(frozen=True)
class Ledger:
    """The account of one belt of a reading."""

    trace: Trace
    belt: Belt

    def __repr__(self) -> str:
        """One-line summary."""
        return f"<Ledger of {equation(self.belt)}: {size(self.trace)}>"

    def contributions(self, at: int = -1, layer: int = -1) -> Array:
        """[T+2, unit] for step T = `at`: the initial state first, then the write of each step 0 … T as it counts now;
        float64.

        They add up to the belt at that step. A backward row has read from the last token to this one: its rows are in that order.
        """
        written, share = self.written(at, layer), self.share(at, layer)
        first = self.trace.initial[self.belt.state][layer].astype(np.float64)
        return np.concatenate([first[None], written]) * share

    def written(self, at: int = -1, layer: int = -1) -> Array:
        """[T+1, unit]: the write of each step up to `at`, at its original size; float64."""
        return self._read(self.belt.written, at, layer)

    def share(self, at: int = -1, layer: int = -1) -> Array:
        """[T+2, unit]: the share of the initial state, and of each step's write, that is still there at step `at`: Π
        keep of the steps since, float64. The last row is 1."""
        keep = self._read(self.belt.kept, at, layer)
        remaining = np.ones((len(keep) + 1, keep.shape[-1]))
        np.cumprod(keep[::-1], axis=0, out=remaining[-2::-1])
        return remaining

    def steps(self, at: int = -1, layer: int = -1) -> range:
        """The steps that the row had read when it came to `at`, in that order: those of the rows behind the initial one."""
        return self.trace.steps_read(at, layer)

    def every(self, layer: int = -1) -> Array:
        """[step, T+1, unit]: the contributions to the belt at every step, 0 behind it; the initial state first. In the order of reading."""
        last = self.steps(0 if self.trace.reads_backward(layer) else -1, layer)[-1]
        written, keep = self.written(last, layer), self._read(self.belt.kept, last, layer)
        accounts = np.zeros((len(written), len(written) + 1, written.shape[-1]))
        before = accounts[0].copy()
        before[0] = self.trace.initial[self.belt.state][layer]
        for t, (account, keep_t) in enumerate(zip(accounts, keep, strict=True)):
            np.multiply(before[: t + 1], keep_t, out=account[: t + 1])
            account[t + 1] = written[t]
            before = account
        return accounts

    def logit(self, label: str | int, at: int = -1, *, by: By = "writes") -> Account:
        """The same account for the score of a label (or its number) at step `at`: contributions [T+2], which with the bias add up to it.

        by  "writes"  a step counts by what is left of its write: W_y[f(s_j) - f(s_{j-1})] with s_j the contributions up to j
            "states"  a step counts by how the state moved when it was read: W_y[f(c_j) - f(c_{j-1})] with c_j the state as it was then
                      (the β of Murdoch & Szlam 2017). It also credits what was erased since

        Raises ValueError without a linear readout, for an unknown label, where the top layer reads both ways, and where its h was edited.
        """
        readout = self.trace.readout
        if readout is None:
            raise ValueError(
                "this network has no readout that is one linear layer on h, so no score can be split into contributions; the cell "
                "state can: see contributions()"
            )
        if self.trace.bidirectional:
            raise ValueError("the top layer reads both ways, so a step has two rows; ask for the contributions of each")
        _untouched(self.trace, "h")
        column, at = readout.column(label), range(self.trace.steps)[at]
        if by == "writes":
            states = np.cumsum(self.contributions(at), axis=0)
        else:
            first, state = self.trace.initial[self.belt.state][-1], self.trace[self.belt.state][-1, : at + 1]
            states = np.concatenate([first[None], state]).astype(np.float64)
        scores = self._outputs_of(states, at) @ readout.weight[column].astype(np.float64)
        return Account(np.diff(scores, prepend=0.0), float(readout.bias[column]))

    def _outputs_of(self, states: Array, at: int) -> Array:
        """h at step `at` for each of these states of the belt [row, unit] in place of its own."""
        h = self.trace.signals["h"].formula
        if self.belt.state == "h":
            return states
        if self.belt.state not in names(h):
            raise ValueError(
                f"{self.trace.cell} shows nothing of {self.belt.state!r} in h, so it has no part in a logit"
            )
        values: dict[str, Any] = {s.name: self.trace[s.name][-1, at].astype(np.float64) for s in self.trace.per_unit()}
        value: Array = evaluate(h, values | {self.belt.state: states}, FUNCTIONS)
        return value

    def _read(self, of: Callable[[dict[str, Any]], Any], at: int, layer: int) -> Array:
        """A formula of the belt's over the steps that the row had read when it came to `at`, in that order: [T+1, unit]."""
        steps = list(self.steps(at, layer))
        values = {s.name: self.trace[s.name][layer][steps].astype(np.float64) for s in self.trace.per_unit()}
        evaluated: Array = np.asarray(of(values))
        return evaluated


def ledger(trace: Trace, state: str | None = None) -> Ledger:
    """Account of the belt that carries `state`, or of the cell's first belt if `state` is None: who wrote the memory.

    Raises ValueError for a cell without a belt: each step makes its state anew from all of the state before, so no part of it is carried
    on; and for a belt that was edited, which holds values that no step wrote. Edited gates are allowed.
    """
    if not trace.belts:
        raise ValueError(
            f"{trace.cell or 'this cell'} has no belt: each step makes its state anew from all units of the state before, "
            "so no part of it was written by one step; gradients() gives the effect of each step on it"
        )
    for belt in trace.belts:
        if state in (None, belt.state):
            _untouched(trace, belt.state, f"{belt.state}_prev")
            return Ledger(trace, belt)
    raise ValueError(f"{trace.cell} has no belt {state!r}; it has {', '.join(belt.state for belt in trace.belts)}")


def _untouched(trace: Trace, *names: str) -> None:
    """Raise ValueError if one of these was edited in this reading."""
    for name in names:
        if name in trace.edited:
            raise ValueError(
                f"{name} was edited in this reading, so it holds values that no step wrote, and has no account"
            )
