"""Base class of all cells: weights in torch's layout, the tap, the registry.

A cell states its equations once, in `step`. Each quantity passes through `tap(name, value)`, which may record it, replace it or mark
it for differentiation; so one statement serves the forward pass, the recording, the edits and the gradients.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import RLock
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer import formula
from explorer.cells.activations import gate_activation
from explorer.diagram import Diagram
from explorer.signals import Belt, Signal, carried

Tap = Callable[[str, Tensor], Tensor]
Signals = dict[str, Tensor]

KERNEL_MODE = (True, 1, 0.0, False, False, False)
"""Arguments of torch's fused kernels: with biases, one layer, no dropout, not training, one direction, [step, batch,
unit]."""


_cudnn = RLock()


@contextmanager
def exactly(x: Tensor) -> Iterator[None]:
    """Make a fused kernel called inside round as the cell's `step` does: on a GPU torch's own kernels run and not those
    of cuDNN, which round to TF32 and warn of weights that are not contiguous. The switch is the whole process's, hence
    the lock."""
    if not x.is_cuda:
        yield
        return
    with _cudnn, torch.backends.cudnn.flags(enabled=False):
        yield


def untapped(name: str, value: Tensor) -> Tensor:
    """The tap that does nothing."""
    return value


class Back(NamedTuple):
    """Batch of targets carried back over one step of a cell: the total derivatives, [target, …] each.

    before        by the states before the step, {state: [target, unit]}
    here          by the step's own states, all paths included: by an LSTM's c also the one through h
    to_input      by W_ih x + b_ih, [target, blocks*unit]; only on request
    to_recurrent  by W_hh h + b_hh, likewise; differs from to_input where a gate stands between the two sums
    """

    before: Signals
    here: Signals
    to_input: Tensor | None = None
    to_recurrent: Tensor | None = None


Backwards = Callable[[int, Signals, bool], Back]


class HiddenState(NamedTuple):
    """The state of a cell that carries nothing but h."""

    h: Tensor  # [batch, unit]


class Cell(nn.Module):
    """One layer in one direction. A subclass is one cell: its equations, source, signals, roles and belt.

    Weights follow torch: weight_ih [blocks*unit, input], weight_hh [blocks*unit, unit], bias_ih and bias_hh [blocks*unit], drawn
    from U(-1/√unit, 1/√unit) as torch does.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    parent: ClassVar[str] = ""
    """The name of the cell that it changes; empty where it begins a line of its own."""
    change: ClassVar[str] = ""
    """The change to its parent, in one sentence."""
    source: ClassVar[str]
    """The first publication: authors, year, title, and where to find it."""
    blocks: ClassVar[tuple[str, ...]]
    """The signals that are squashed sums of W x and W h, in the order of their blocks of `unit` rows in the weights."""
    State: ClassVar[type[Any]] = HiddenState
    trained: ClassVar[bool] = True
    """True if training changes its weights; a reservoir keeps its initial weights."""
    upward: ClassVar[str] = "h"
    """The state that the layer above reads."""
    reads_below: ClassVar[tuple[str, ...]] = ()
    """The states of the layer below, at the same step, that `step` looks at beside its input; zeros are below the first layer."""
    belts: tuple[Belt, ...] = ()
    diagram: ClassVar[Diagram]
    """How the cell is drawn; a test holds each operation in it against the formulas of the wires."""
    signals: tuple[Signal, ...]
    """Signals in the order of computation."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for size, value in (("input_size", input_size), ("hidden_size", hidden_size)):
            if value < 1:
                raise ValueError(f"{size} is {value}; it must be at least 1")
        self.input_size, self.hidden_size = input_size, hidden_size
        from_input, from_recurrent = (len(names) * hidden_size for names in (self.input_blocks, self.recurrent_blocks))
        self.weight_ih = nn.Parameter(torch.empty(from_input, input_size))
        self.weight_hh = nn.Parameter(torch.empty(from_recurrent, self.recurrent_size))
        self.bias_ih = nn.Parameter(torch.empty(from_input))
        self.bias_hh = nn.Parameter(torch.empty(from_recurrent))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    @classmethod
    def year(cls) -> int:
        """When it was first written down, as `source` says."""
        match = re.search(r"\b(19|20)\d\d\b", cls.source)
        return int(match.group()) if match else 0

    @property
    def input_blocks(self) -> tuple[str, ...]:
        """Blocks that have weights of x."""
        return self.blocks

    @property
    def recurrent_blocks(self) -> tuple[str, ...]:
        """Blocks that have weights of the recurrent output."""
        return self.blocks

    @property
    def recurrent_size(self) -> int:
        """Size of the recurrent output."""
        return self.hidden_size

    @property
    def sums(self) -> dict[str, str]:
        """The formula of each pre-activation, over `x`, states before and the names of `named_weights`."""
        return {
            f"{name}_pre": " + ".join(
                [
                    *([f"W_i{name} @ x", f"b_i{name}"] if name in self.input_blocks else []),
                    *([f"W_h{name} @ h_prev", f"b_h{name}"] if name in self.recurrent_blocks else []),
                ]
            )
            for name in self.blocks
        }

    @property
    def named_weights(self) -> dict[str, Tensor]:
        """Weights by their names in formulas: the blocks `W_ii` [unit, input], `b_ii` [unit], `W_hi`, `b_hi`, …; others as the cell adds.

        The first letter after the underscore names the source (i: the input), the rest the target.
        """
        weights: dict[str, Tensor] = {}
        for end, names in (("i", self.input_blocks), ("h", self.recurrent_blocks)):
            for kind, weight in (("W", f"weight_{end}h"), ("b", f"bias_{end}h")):
                rows = (
                    getattr(self, weight).split(self.hidden_size) if names else ()
                )  # split returns one part for 0 rows
                weights |= {f"{kind}_{end}{name}": block for name, block in zip(names, rows, strict=True)}
        return weights

    @property
    def options(self) -> dict[str, Any]:
        """The options that `build` would need to make such a cell again."""
        return {}

    def step(self, x: Tensor, state: Any, tap: Tap, below: Any = None) -> Any:
        """One time step: x [batch, input], state of [batch, unit] each -> the next state. `below` is the lower layer's state."""
        raise NotImplementedError

    def kernel(self, x: Tensor, state: Any) -> tuple[Tensor, Any] | None:
        """h of every step, [step, batch, unit], and the last state, by a fused kernel of torch; None if no kernel
        computes this cell."""
        return None

    def sweep(self, s: Signals, grad_h: Tensor, grad_state: Tensor | None = None) -> Signals | None:
        """Reverse sweep written by hand; None if the cell has none, and autograd computes it.

        s           the signals, `<state>_prev` among them, [step, 1, unit]
        grad_h      gradient that reaches h from outside the layer, [step, batch, unit]; a batch is one objective a row
        grad_state  gradient that reaches the belt's own state from outside, likewise
        Returns the total derivative by every signal and by `x`, [step, batch, unit or input].
        """
        return None

    def backwards(self, s: Signals) -> Backwards | None:
        """One step back written by hand; None if the cell has none, and autograd computes it over one `step`.

        s  the signals, `<state>_prev` among them, [step, 1, unit]
        Returns `back(t, d, sums)`, which may be called for any step t: d {state: [target, unit]} is the derivative by the states after
        step t, each taken as a variable of its own. `back` leaves d as it is, but may pass its tensors on. With `sums` it also gives the
        derivatives by W x + b and W h + b. Without, it may join the blocks of W_hh before it multiplies by them.
        """
        return None

    def initial_state(self, batch: int) -> Any:
        zeros = self.weight_hh.new_zeros(batch, self.hidden_size)
        return self.State(*(zeros for _ in self.State._fields))

    def parts(self, x: Tensor, h: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """W x + b of the input and W h + b of the recurrent side, each split into its blocks of [batch, unit]."""
        from_input = F.linear(x, self.weight_ih, self.bias_ih)
        from_recurrent = F.linear(h, self.weight_hh, self.bias_hh)
        return from_input.split(self.hidden_size, -1), from_recurrent.split(self.hidden_size, -1)

    def preactivations(self, x: Tensor, h: Tensor) -> list[Tensor]:
        """W x + b + U h + b for each block, [batch, unit] each."""
        return [a + b for a, b in zip(*self.parts(x, h), strict=True)]

    @cached_property
    def recorded(self) -> tuple[Signal, ...]:
        """The signals, each behind the pre-activation that its formula names."""
        signals: list[Signal] = []
        for signal in self.signals:
            pre = f"{signal.name}_pre"
            if pre in formula.names(signal.formula):
                signals.append(
                    Signal(
                        name=pre,
                        symbol=pre_symbol(signal.name),
                        kind="signed",
                        role=signal.role,
                        label=f"{signal.label}, before squashing",
                        formula=self.sums[pre],
                        dims=signal.dims,
                    )
                )
            signals.append(signal)
        return tuple(signals)

    @property
    def carried(self) -> tuple[str, ...]:
        """The states that a step hands to the next one, clocks left out."""
        return carried(self.State._fields, self.recorded)

    @property
    def flat_weights(self) -> list[Tensor]:
        return [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh]


def symbol_of(name: str) -> str:
    """LaTeX for a signal: i_t of "i"; what stands behind a line in its name stands above, as in "i_depth"."""
    letter, line, rest = name.partition("_")
    return rf"{letter}^{{\text{{{rest}}}}}_t" if line else f"{letter}_t"


def pre_symbol(name: str) -> str:
    """LaTeX for the pre-activation of a signal."""
    letter, line, rest = name.partition("_")
    return rf"a^{{{letter},\text{{{rest}}}}}_t" if line else rf"a^{{{letter}}}_t"


def gate(name: str, *, role: Any, label: str, squash: str = "sigmoid") -> Signal:
    """A gate: σ or another activation of its pre-activation, within [0, 1]. Raises ValueError for one that is not."""
    formula = gate_activation(squash).formula(f"{name}_pre")
    return Signal(name=name, symbol=symbol_of(name), kind="gate", role=role, label=label, formula=formula)


AnyCell = TypeVar("AnyCell", bound=Cell)
REGISTRY: dict[str, type[Cell]] = {}


def register(cell: type[AnyCell]) -> type[AnyCell]:
    """Register `cell`, so that `build` and everything else finds it."""
    REGISTRY[cell.name] = cell
    return cell
