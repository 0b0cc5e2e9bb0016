"""Reading with a model: `trace`, `predict`, `gradients`, `arithmetic`. A text or an array in, numpy out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.backend import arithmetic as shares_of
from explorer.backend import gradients as reverse
from explorer.backend.device import placed, with_fallback
from explorer.backend.forward import States, in_order, read, run, zero_states
from explorer.cells import Cell, Signals, Stack
from explorer.models.model import Input, Model, as_numpy, numbers
from explorer.signals import Array, Signal, Trace

Reader = Model | Cell | Stack
State = Mapping[str, Any]
Result = TypeVar("Result")

OBJECTIVES = ("loss", "mean", "logit", "log_prob", "h", "c")
X = Signal(name="x", symbol="x_t", kind="signed", role="input", label="input", dims=("step", "input"))


def trace(reader: Reader, given: Any, *, device: str = "auto", state: State | None = None) -> Trace:
    """Every signal of one reading.

    given   a text, or an array [step, input] for a network without a vocabulary
    device  "auto", "cpu", "cuda" or "mps"
    state   the state before the first step, {"h": [unit] or [layer, unit], …}; zeros where none is given

    Raises ValueError for an empty text, a wrong shape, or a device that is not there.
    """

    def compute(reading: _Reading) -> Trace:
        with torch.inference_mode():
            rows = read(reading.model.stack, reading.input.x, reading.initial)
        signals = reading.model.cell.recorded
        arrays = {s.name: _over_rows([row[s.name][:, 0] for row in rows]) for s in signals}
        return reading.as_trace({"x": as_numpy(reading.input.x[:, 0])} | arrays, (X, *signals))

    return _on_device(compute, reader, given, device, state)


def predict(reader: Reader, given: Any, *, device: str = "auto", state: State | None = None) -> Array:
    """Log-probabilities of what comes next, [step, label]; `model.labels` names the columns. Raises ValueError without a readout."""

    def compute(reading: _Reading) -> Array:
        with torch.inference_mode():
            h, _ = run(reading.model.stack, reading.input.x, reading.initial)
            return as_numpy(reading.scores(h[:, 0]).log_softmax(-1))

    return _on_device(compute, reader, given, device, state)


def gradients(
    reader: Reader,
    given: Any,
    of: str = "loss",
    at: int = -1,
    *,
    token: str | int | None = None,
    unit: int | None = None,
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
) -> Trace:
    """The total derivative of one number by every signal at every step: a Trace of `grad_h`, `grad_c`, …, and `grad_x`.

    of      "loss"      L_t = -ln p(token t+1) at step t = `at`; it exists for t ≤ T-2, and a negative `at` counts from there
            "mean"      the mean of all of them
            "logit" | "log_prob"   of `token` (a character or a label's number; the real next one, or the likeliest, if None) at `at`
            "h" | "c"   `unit`'s own h or c in row `layer` at step `at`

    The loss is in nats. Raises ValueError for an objective that this network or text does not have.
    """

    def compute(reading: _Reading) -> Trace:
        objective = reading.objective(of, at, token, unit, layer)
        rows = reverse.gradients(reading.model.stack, reading.input.x, objective, reading.initial)
        signals = tuple(_gradient_by(s) for s in (X, *reading.model.cell.recorded))
        arrays = {f"grad_{name}": _over_rows([row[name] for row in rows]) for name in rows[-1] if name != "x"}
        return reading.as_trace({"grad_x": as_numpy(rows[0]["x"])} | arrays, signals)

    return _on_device(compute, reader, given, device, state)


@dataclass(frozen=True)
class Pushes:
    """Who pushed one unit's pre-activation, at each step: `inputs` [step, input], `units` [step, unit], `bias` [step].

    All of them add up to the pre-activation. `inputs` are the numbers of x (or of the layer below), `units` those of h_{t-1}.
    """

    inputs: Array
    units: Array
    bias: Array


def arithmetic(
    reader: Reader, given: Any, *, unit: int, layer: int = -1, device: str = "auto", state: State | None = None
) -> dict[str, Pushes]:
    """Why this number: for each pre-activation of `unit` in row `layer`, what the input, h_{t-1} and the bias each added."""

    def compute(reading: _Reading) -> dict[str, Pushes]:
        stack = reading.model.stack
        row = _index("layer", layer, len(stack.rows))
        _index("unit", unit, stack.hidden_size)
        with torch.inference_mode():
            rows = read(stack, reading.input.x, reading.initial)
        below = row // stack.directions - 1
        x = reading.input.x[:, 0]
        if below >= 0:
            x = torch.cat([rows[below * stack.directions + k]["h"][:, 0] for k in range(stack.directions)], -1)
        direction = row % stack.directions
        signals: Signals = {name: in_order(values[:, 0], direction).clone() for name, values in rows[row].items()}
        cell: Any = stack.rows[row]
        first = {name: values[row, 0] for name, values in reading.initial.items()}
        found = shares_of.shares(cell, in_order(x, direction).clone(), signals, first, unit)
        return {
            name: Pushes(*(as_numpy(in_order(part, direction)) for part in (s.inputs, s.units, s.bias)))
            for name, s in found.items()
        }

    return _on_device(compute, reader, given, device, state)


@dataclass(frozen=True)
class _Reading:
    """A model on its device, about to read."""

    model: Model
    input: Input
    initial: States
    notices: tuple[str, ...]

    def as_trace(self, arrays: Mapping[str, Array], signals: tuple[Signal, ...]) -> Trace:
        return Trace(
            arrays=arrays,
            signals={signal.name: signal for signal in signals},
            tokens=self.input.tokens,
            cell=self.model.cell.name,
            belts=self.model.cell.belts,
            initial={name: as_numpy(values[:, 0]) for name, values in self.initial.items()},
            readout=self.model.readout_weights(),
            notices=(*self.input.notices, *self.notices),
            bidirectional=self.model.stack.bidirectional,
        )

    def scores(self, h: Tensor) -> Tensor:
        if self.model.readout is None:
            raise ValueError(
                'this network has no readout, so it predicts nothing; ask for of="h" or of="c" with a unit'
            )
        scores: Tensor = self.model.readout(h)
        return scores

    def objective(self, of: str, at: int, token: str | int | None, unit: int | None, layer: int) -> reverse.Objective:
        steps = len(self.input.tokens)
        if of in ("h", "c"):
            if of not in self.model.cell.State._fields:
                raise ValueError(
                    f"{self.model.cell.name} has no state {of!r}; it has {', '.join(self.model.cell.State._fields)}"
                )
            if unit is None:
                raise ValueError(f'of="{of}" is about one unit; say which with unit=')
            row = _index("layer", layer, len(self.model.stack.rows))
            return reverse.OfState(of, row, _index("at", at, steps), _index("unit", unit, self.model.stack.hidden_size))
        if of in ("loss", "mean"):
            if self.model.readout is None or self.input.ids is None:
                raise ValueError(f'of="{of}" needs a readout and a next token; ask for of="h" or of="c" with a unit')
            if steps < 2:
                raise ValueError("a loss needs a next token: give at least two")
            nexts = self.input.ids[1:]
            if of == "mean":
                return reverse.OfTop(lambda h: F.cross_entropy(self.scores(h[:-1]), nexts))
            step = _index("at", at, steps - 1)
            return reverse.OfTop(lambda h: F.cross_entropy(self.scores(h[step]), nexts[step]))
        if of in ("logit", "log_prob"):
            step = _index("at", at, steps)
            label = self._label(token, step)
            if of == "logit":
                return reverse.OfTop(lambda h: self.scores(h[step])[label])
            return reverse.OfTop(lambda h: self.scores(h[step]).log_softmax(-1)[label])
        raise ValueError(f"unknown objective {of!r}; choose from {', '.join(OBJECTIVES)}")

    def _label(self, token: str | int | None, step: int) -> int:
        if isinstance(token, str):
            if self.model.vocabulary is None:
                raise ValueError(f"this network has no vocabulary; name the label {token!r} by its number")
            return self.model.vocabulary.id_of(token)
        if self.model.readout is not None and token is not None:
            return _index("token", token, self.model.readout.out_features)
        if self.input.ids is not None and step + 1 < len(self.input.tokens):
            return int(self.input.ids[step + 1])
        with torch.inference_mode():
            h, _ = run(self.model.stack, self.input.x, self.initial)
            return int(self.scores(h[step, 0]).argmax())


def _on_device(
    compute: Callable[[_Reading], Result], reader: Reader, given: Any, device: str, state: State | None
) -> Result:
    model = reader if isinstance(reader, Model) else Model(reader)

    def start(where: torch.device, notices: tuple[str, ...]) -> Result:
        here = placed(model, where)
        with torch.no_grad():
            prepared = here.prepare(given)
        return compute(_Reading(here, prepared, _initial(here, state), notices))

    with torch.inference_mode(False):  # a caller's inference mode would leave no way to ask autograd
        return with_fallback(start, device)


def _initial(model: Model, state: State | None) -> States:
    states = zero_states(model.stack, 1)
    for name, values in (state or {}).items():
        if name not in states:
            raise ValueError(f"{model.cell.name} has no state {name!r}; it has {', '.join(states)}")
        rows, _, units = states[name].shape
        given = numbers(values).to(states[name])
        if given.shape not in ((rows, units), (units,)):
            raise ValueError(f"state {name!r} is {list(given.shape)}; expected [{rows}, {units}]")
        states[name] = given.expand(rows, units)[:, None].clone()
    return states


def _over_rows(values: list[Tensor]) -> Array:
    """[step, unit] of each row as one array [layer, step, unit]; not copied where there is one row."""
    return as_numpy(values[0][None] if len(values) == 1 else torch.stack(values))


def _index(name: str, index: int, count: int) -> int:
    """A Python index made non-negative. Raises ValueError where it is out of range."""
    if not -count <= index < count:
        raise ValueError(f"{name} is {index}, but there are {count}: choose from 0 to {count - 1}, or -{count} to -1")
    return index % count


def _gradient_by(signal: Signal) -> Signal:
    return Signal(
        name=f"grad_{signal.name}",
        symbol=rf"\partial L/\partial {signal.symbol}",
        kind="gradient",
        role=signal.role,
        label=f"gradient by the {signal.label or signal.name}",
        dims=signal.dims,
    )
