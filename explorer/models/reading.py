"""Reading with a model: `trace`, `predict`, `gradients`, `arithmetic`. A text or an array in, numpy out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import index as whole
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from explorer.backend import arithmetic as shares_of
from explorer.backend import gradients as reverse
from explorer.backend import surgery
from explorer.backend.device import placed, with_fallback
from explorer.backend.edits import PREV, Edit, checked_edits, in_full
from explorer.backend.forward import States, TapAt, in_order, read, run, zero_states
from explorer.backend.gradients import CARRIED
from explorer.cells import Cell, Signals, Stack
from explorer.models.model import Input, Model, as_numpy, numbers
from explorer.models.stages import Head
from explorer.signals import Array, Signal, Trace

Reader = Model | Cell | Stack
State = Mapping[str, Any] | tuple[Any, ...] | Tensor | Array
Edits = Iterable[Edit]
PerStep = Callable[..., Tensor]
Result = TypeVar("Result")

OBJECTIVES = ("loss", "mean", "logit", "log_prob", "h", "c")
X = Signal(name="x", symbol="x_t", kind="signed", role="input", label="input", dims=("step", "input"))
STATE = Signal(
    name=CARRIED, symbol="s_t", kind="signed", role="hidden", label="carried state", dims=("layer", "step", "state")
)
"""Source of gradients: the whole carried state, side by side."""


def trace(reader: Reader, given: Any, *, device: str = "auto", state: State | None = None, edits: Edits = ()) -> Trace:
    """Every signal of one reading.

    given   a text, or an array [step, input] for a network without a vocabulary
    device  "auto", "cpu", "cuda" or "mps"
    state   the state before the first step, {"h": [unit] or [layer, unit], …}; zeros where none is given. Or as PyTorch's modules give
            it: h, or the tuple (h, c), each [layer, unit] or [layer, 1, unit]
    edits   what is changed on the way (explorer.edits), one after another; what is traced is what came of it

    Raises ValueError for an empty text, a wrong shape, a device that is not there, or an edit that cannot be done.
    """

    def compute(reading: Reading) -> Trace:
        with torch.inference_mode():
            rows = reading.read()
        signals = reading.model.cell.recorded
        arrays = {s.name: _over_rows([row[s.name][:, 0] for row in rows]) for s in signals}
        return reading.as_trace({"x": as_numpy(reading.input.x[:, 0])} | arrays, (X, *signals))

    return on_device(compute, reader, given, device, state, edits)


def predict(
    reader: Reader, given: Any, *, device: str = "auto", state: State | None = None, edits: Edits = ()
) -> Array:
    """The network's answer at every step: log-probabilities [step, label], `model.labels` names the columns; values [step, output] where
    it answers with numbers; of the edited reading where `edits` are given. Raises ValueError without a readout.
    """

    def compute(reading: Reading) -> Array:
        with torch.inference_mode():
            return as_numpy(reading.model.answer.predict(reading.every_score()))

    return on_device(compute, reader, given, device, state, edits)


def scores(reader: Reader, given: Any, *, device: str = "auto") -> Array:
    """The scores [step, output] that `predict` makes its answer of."""

    def compute(reading: Reading) -> Array:
        with torch.inference_mode():
            return as_numpy(reading.every_score())

    return on_device(compute, reader, given, device, None)


def gradients(
    reader: Reader,
    given: Any,
    of: str | None = None,
    at: int = -1,
    *,
    token: str | int | None = None,
    label: str | int | None = None,
    target: float | None = None,
    unit: int | None = None,
    layer: int = -1,
    by: str | None = None,
    device: str = "auto",
    state: State | None = None,
    edits: Edits = (),
) -> Trace:
    """The total derivative of one number by every signal at every step: a Trace of `grad_h`, `grad_c`, …, and `grad_x`.

    of      "loss"      at step t = `at`. Next token: L_t = -ln p(token t+1), which exists for t ≤ T-2, and a negative `at` counts from
                        there; a forecast's squared error likewise. Labels: -ln p(`label`) and numbers: (output - `target`)², which
                        have to be given, since the text does not hold them
            "mean"      the mean of the losses of all steps
            "logit" | "log_prob"   of `token` (a symbol or a label's number; the real next one, or the likeliest, if None) at `at`;
                        of numbers "logit" is the output itself
            "h" | "c"   `unit`'s own h or c in row `layer` at step `at`
            None        "loss" where the text holds the right answer, else "logit"
    by      None        every signal, all paths from it counted
            "state"     all that a step hands to the next one: `grad_h`, `grad_c`, … each a variable of its own, so that the way
                        c_t → h_t within the step is not counted twice, and `grad_state`, [layer, step, states*unit], all of them
            "h" | "c" | "x"   this state alone, all paths counted, or the input

    The loss is in nats. With `edits` it is the edited reading's, by each signal as the edits left it; a value that was set passes none on
    to what it would have been computed from. Raises ValueError for an objective that this network or text does not have.
    """

    def compute(reading: Reading) -> Trace:
        if by not in (None, "x", CARRIED):
            reading.has_state(by)
        short = reading.up_to(of, at)
        objective = short.objective(of, at if short is reading else -1, token, label, target, unit, layer)
        compute = reverse.by_carried_state if by == CARRIED else reverse.gradients
        rows = compute(short.model.stack, short.input.x, objective, short.initial, short.tap_at)
        arrays = {name: _over_rows([row[name] for row in rows]) for name in rows[-1] if name != "x"}
        unread = len(reading.input.tokens) - len(
            short.input.tokens
        )  # no effect: the answer is that of the shorter text
        arrays = {name: np.pad(values, ((0, 0), (0, unread), (0, 0))) for name, values in arrays.items()}
        if by == CARRIED:
            arrays[CARRIED] = np.concatenate(list(arrays.values()), -1)
        else:
            arrays["x"] = np.pad(as_numpy(rows[0]["x"]), ((0, unread), (0, 0)))
        signals = [
            s for s in (X, *reading.model.cell.recorded, STATE) if s.name in arrays and by in (None, CARRIED, s.name)
        ]
        return reading.as_trace(
            {f"grad_{s.name}": arrays[s.name] for s in signals}, tuple(_gradient_by(signal) for signal in signals)
        )

    return on_device(compute, reader, given, device, state, edits)


@dataclass(frozen=True)
class Pushes:
    """Terms of one unit's pre-activation, at each step: `inputs` [step, input], `units` [step, unit], `bias` [step], `others` name ->
    [step].

    All of them add up to the pre-activation. `inputs` are the numbers of x (or of the layer below), `units` those of `of`: "h_prev", or
    the state that a cell feeds back in its place; "" without recurrent weights. `others` are the other terms of the sum, by the signal
    that they come from: "c_prev" and "c" through a peephole, "l" the cell of the layer below, "x" an input that was squashed first.
    """

    inputs: Array
    units: Array
    bias: Array
    others: Mapping[str, Array] = field(default_factory=dict)
    of: str = "h_prev"


def arithmetic(
    reader: Reader,
    given: Any,
    *,
    unit: int,
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
    edits: Edits = (),
) -> dict[str, Pushes]:
    """Terms of each pre-activation of `unit` in row `layer`: of the input, of h_{t-1} and of the bias.

    With `edits` it is the edited reading's; a pre-activation that is edited itself has the shares of what it came to before that.
    """

    def compute(reading: Reading) -> dict[str, Pushes]:
        stack = reading.model.stack
        row = index("layer", layer, len(stack.rows))
        index("unit", unit, stack.hidden_size)
        with torch.inference_mode():
            rows, record = reading.record_edits()
        direction, below = row % stack.directions, row // stack.directions - 1

        def by_step(values: Tensor) -> Array:
            return as_numpy(in_order(values, direction))

        def signals_of(row: int) -> Signals:
            return {name: in_order(values[:, 0], direction).clone() for name, values in rows[row].items()}

        x, under = reading.input.x[:, 0], None
        if below >= 0:
            parts = [rows[below * stack.directions + k][stack.cell.upward][:, 0] for k in range(stack.directions)]
            x, under = torch.cat(parts, -1), signals_of(row - stack.directions)
        cell: Any = stack.rows[row]
        first = {name: values[row, 0] for name, values in reading.initial.items()}
        edited = {edit.signal for edit in reading.edits}
        sums = {name: record.computed(name, row)[:, 0].clone() for name in edited if name.endswith("_pre")}
        entered = {name: record.edited(name, row)[:, 0].clone() for name in edited if name.endswith(PREV)}
        signals = signals_of(row) | sums
        terms = shares_of.shares(cell, in_order(x, direction).clone(), signals, first, unit, under, entered)
        return {
            name: Pushes(
                inputs=by_step(s.inputs),
                units=by_step(s.units),
                bias=by_step(s.bias),
                others={of: by_step(part) for of, part in s.others.items()},
                of=s.of,
            )
            for name, s in terms.items()
        }

    return on_device(compute, reader, given, device, state, edits)


@dataclass(frozen=True)
class Overruled:
    """One edited quantity, [layer, step, unit]: by the cell's equation, and after the edits. The two are the same
    wherever nothing was edited."""

    computed: Array
    made: Array


def overruled(
    reader: Reader, given: Any, *, edits: Edits, device: str = "auto", state: State | None = None
) -> dict[str, Overruled]:
    """Effects of edits, by the name of the edited quantity: a signal, its pre-activation, or "<state>_prev" as the
    state entered the step."""

    def compute(reading: Reading) -> dict[str, Overruled]:
        with torch.inference_mode():
            rows, record = reading.record_edits()
        directions = reading.model.stack.directions

        def over_rows(of: Callable[[str, int], Tensor], name: str) -> Array:
            return _over_rows([in_order(of(name, row)[:, 0], row % directions) for row in range(len(rows))])

        names = dict.fromkeys(edit.signal for edit in reading.edits)
        return {name: Overruled(over_rows(record.computed, name), over_rows(record.edited, name)) for name in names}

    return on_device(compute, reader, given, device, state, edits)


@dataclass(frozen=True)
class Reading:
    """A model on its device, its input, and its edits."""

    model: Model
    input: Input
    initial: States
    notices: tuple[str, ...]
    edits: tuple[Edit, ...] = ()

    @cached_property
    def tap_at(self) -> TapAt | None:
        """The taps that do the edits; None where there are none. Raises ValueError for one that cannot be done."""
        return surgery.tap_at(self.edits, self.model.stack, self.input.x)

    def as_trace(self, arrays: Mapping[str, Array], signals: tuple[Signal, ...]) -> Trace:
        return Trace(
            arrays=arrays,
            signals={signal.name: signal for signal in signals},
            tokens=self.input.tokens,
            cell=self.model.cell.name,
            belts=self.model.cell.belts,
            initial={name: as_numpy(values[:, 0]) for name, values in self.initial.items()},
            readout=self.model.readout_weights(),
            notices=(*self.input.notices, *self.notices, *self.model.notes),
            bidirectional=self.model.stack.bidirectional,
            edited=surgery.marks(self.edits, self.model.stack, len(self.input.tokens)),
        )

    @property
    def readout(self) -> nn.Linear | Head:
        """The model's readout. Raise ValueError if it has none."""
        if self.model.readout is None:
            raise ValueError(
                'this network has no readout, so it predicts nothing; ask for of="h" or of="c" with a unit'
            )
        return self.model.readout

    def scores(self, h: Tensor) -> Tensor:
        """The scores [step, output] for the top layer's h [step, directions*unit] of the whole reading. If `Model.rereads`, only the
        last row is the network's answer; `every_score` has all."""
        scores: Tensor = self.readout(h)
        return scores

    def every_score(self) -> Tensor:
        """The scores [step, output] at every step: for one answer to the whole text, as if the text ended there."""
        if self.model.rereads:
            shorter = (self.first(count + 1) for count in range(len(self.input.tokens)))
            return torch.cat([reading.scores(reading.run()[0])[-1:] for reading in shorter])
        return self.scores(self.run()[0])

    def first(self, count: int) -> Reading:
        """The reading of the first `count` tokens alone, with the edits that fall there."""
        given, steps = self.input, len(self.input.tokens)
        if count == steps:
            return self
        raw = given.raw[:count]
        short = replace(given, tokens=given.tokens[:count], raw=raw, x=self.model.entering(raw))
        short = replace(short, ids=None if given.ids is None else given.ids[:count])
        return replace(self, input=short, edits=tuple(surgery.within(self.edits, steps, count)))

    def up_to(self, of: str | None, at: int) -> Reading:
        """The reading in which the answer at step `at` is the last one, if only that is the network's answer; else this reading."""
        if of in ("h", "c", "mean") or not self.model.rereads:
            return self
        return self.first(index("at", at, len(self.input.tokens)) + 1)

    def objective(
        self,
        of: str | None,
        at: int,
        token: str | int | None,
        label: str | int | None,
        target: float | None,
        unit: int | None,
        layer: int,
    ) -> reverse.Objective:
        model, steps = self.model, len(self.input.tokens)
        of = of or ("loss" if model.answer.in_text else "logit")
        if of in ("h", "c"):
            row, unit = self.row(layer), self.unit(of, unit)
            return reverse.OfState(of, row, index("at", at, steps), unit)
        if of == "mean":
            targets = self._targets(of, label, target)
            if model.rereads:
                raise ValueError(
                    "this network gives one answer to the whole text and reads it backwards as well, so it has no mean over the steps "
                    'of one reading; ask for of="loss" or of="logit" at one step'
                )
            return reverse.OfTop(lambda h: model.answer.loss(self.scores(h)[: len(targets)], targets))
        each, count = self.each(of, token, label, target)
        return self.objective_at(each, index("at", at, count))

    def objective_at(self, each: PerStep, step: int) -> reverse.Objective:
        """One of the objectives of `each` by itself."""
        return reverse.OfTop(lambda h: each(self.model.scores_at(h[:, None], [step], [0]), step)[0])

    def row(self, layer: int) -> int:
        """The row that `layer` means."""
        return index("layer", layer, len(self.model.stack.rows))

    def unit(self, of: str, unit: int | None) -> int:
        """The number of a unit of state `of`."""
        self.has_state(of)
        if unit is None:
            raise ValueError(f'of="{of}" is about one unit; choose it with unit=')
        return index("unit", unit, self.model.stack.hidden_size)

    def has_state(self, of: str) -> None:
        """Raise ValueError if the cell has no such state."""
        if of not in self.model.cell.State._fields:
            states = ", ".join(self.model.cell.State._fields)
            raise ValueError(f"{self.model.cell.name} has no state {of!r}; it has {states}")

    def read(self) -> list[Signals]:
        """Every signal of every row, [step, 1, unit]."""
        return read(self.model.stack, self.input.x, self.initial, self.tap_at)

    def record_edits(self) -> tuple[list[Signals], surgery.EditRecord]:
        """Every signal of every row, and the edited quantities before and after the edits."""
        if self.tap_at is None:
            return self.read(), surgery.EditRecord({}, {})
        taps, record = surgery.record_edits(self.tap_at, self.edits)
        return read(self.model.stack, self.input.x, self.initial, taps), record

    def run(self) -> tuple[Tensor, States]:
        """The top layer's h [step, directions*unit] and the last state."""
        h, last = run(self.model.stack, self.input.x, self.initial, self.tap_at)
        return h[:, 0], last

    def each(
        self,
        of: str,
        token: str | int | None = None,
        label: str | int | None = None,
        target: float | None = None,
    ) -> tuple[PerStep, int]:
        """The objective of every step by itself, and how many steps have one: a function of the scores of successive steps,
        [step, output], and of the first one's number, to [step]."""
        model = self.model
        if of == "loss":
            targets = self._targets(of, label, target)
            return lambda scores, at=0: model.answer.losses(scores, targets[at : at + len(scores)]), len(targets)
        if of not in ("logit", "log_prob"):
            raise ValueError(f"unknown objective {of!r}; choose from {', '.join(OBJECTIVES)}")
        if of == "log_prob" and model.answer.numbers:
            raise ValueError(
                f'{model.name or "this network"} answers with numbers, which have no probability; ask for of="logit"'
            )
        columns = self._columns(token if label is None else label)

        def chosen(scores: Tensor, at: int = 0) -> Tensor:
            scores = scores if of == "logit" else scores.log_softmax(-1)
            return scores.gather(1, columns[at : at + len(scores), None])[:, 0]

        return chosen, len(columns)

    def _targets(self, of: str, label: str | int | None, target: float | None) -> Tensor:
        """The right answer of each step that has one: ids or numbers out of the text, or what was given, the same for all steps."""
        model, steps = self.model, len(self.input.tokens)
        if model.readout is None:
            raise ValueError(f'of="{of}" needs a readout and a next token; ask for of="h" or of="c" with a unit')
        if model.answer.in_text:
            if steps < 2:
                raise ValueError("a loss needs a next token: give at least two")
            if model.answer.numbers:
                return self.input.raw[1:, 0, : model.readout.out_features]
            if self.input.ids is None:
                raise ValueError(f'of="{of}" needs a readout and a next token; ask for of="h" or of="c" with a unit')
            return self.input.ids[1:]
        if model.answer.numbers:
            if target is None:
                raise ValueError(f'of="{of}" needs the right number: give it with target=, or ask for of="logit"')
            return torch.full((steps, model.readout.out_features), float(target)).to(self.input.x)
        if label is None:
            raise ValueError(
                f'of="{of}" needs the right label: give it with label= ({", ".join(model.labels)}), or ask for of="logit"'
            )
        return torch.full((steps,), self._column(label), device=self.input.x.device)

    def _columns(self, token: str | int | None) -> Tensor:
        """The column of a label at every step; the real next token's where none is named, or else the likeliest label's."""
        if token is not None:
            return torch.full((len(self.input.tokens),), self._column(token), device=self.input.x.device)
        with torch.no_grad():
            columns = self.every_score().argmax(-1)
        if self.model.answer.in_text and self.input.ids is not None:
            columns[:-1] = self.input.ids[1:]
        return columns

    def _column(self, token: str | int) -> int:
        """The column of a label."""
        model = self.model
        if isinstance(token, str):
            if model.answer.in_text and model.vocabulary is not None and not model.answer.numbers:
                return model.vocabulary.id_of(token)
            if token not in model.labels:
                named = f"it has {', '.join(model.labels)}" if model.labels else "name it by its number"
                raise ValueError(f"this network has no label {token!r}; {named}")
            return model.labels.index(token)
        return index("token" if model.answer.in_text else "label", token, self.readout.out_features)


def on_device(
    compute: Callable[[Reading], Result],
    reader: Reader,
    given: Any,
    device: str,
    state: State | None,
    edits: Edits = (),
) -> Result:
    """Result of `compute` on one reading, on the chosen device; on the CPU if a GPU has no room for it."""
    model = reader if isinstance(reader, Model) else Model(reader)
    edited = in_full(checked_edits(edits), model.cell)

    def start(where: torch.device, notices: tuple[str, ...]) -> Result:
        here = placed(model, where)
        with torch.no_grad():
            prepared = here.prepare(given)
        return compute(Reading(here, prepared, initial_of(here, state), notices, edited))

    with torch.inference_mode(False):  # a caller's inference mode would leave no way to ask autograd
        return with_fallback(start, device)


def initial_of(model: Model, state: State | None) -> States:
    """The states before the first step: zeros, or those given. Raises ValueError for one that does not fit."""
    states = zero_states(model.stack, 1)
    for name, values in _by_name(model, state, tuple(states)).items():
        if name not in states:
            raise ValueError(f"{model.cell.name} has no state {name!r}; it has {', '.join(states)}")
        rows, _, units = states[name].shape
        tensor = numbers(values).to(states[name])
        if tensor.ndim == 3 and tensor.shape[1] == 1:  # a batch of one sequence, as PyTorch's modules have it
            tensor = tensor[:, 0]
        if tensor.shape not in ((rows, units), (units,)):
            raise ValueError(f"state {name!r} is {list(tensor.shape)}; expected [{rows}, {units}]")
        states[name] = tensor.expand(rows, units)[:, None].clone()
    return states


def _by_name(model: Model, state: State | None, names: tuple[str, ...]) -> Mapping[str, Any]:
    """State by the names of the cell's states. Raises ValueError for another number of states."""
    if state is None or isinstance(state, Mapping):
        return state or {}
    several = isinstance(state, tuple) or (isinstance(state, list) and len(names) > 1)
    parts = tuple(state) if several else (state,)
    if len(parts) != len(names):
        many = ", ".join(names)
        what = f"a tuple of {len(parts)}" if several else f"one {type(state).__name__}"
        raise ValueError(
            f"state is {what}, but {model.cell.name} has {len(names)} state{'s' * (len(names) > 1)}: give state="
            f"{f'({many})' if len(names) > 1 else many}, or a dict by name"
        )
    return dict(zip(names, parts, strict=True))


def _over_rows(values: list[Tensor]) -> Array:
    """[step, unit] of each row as one array [layer, step, unit]; not copied if there is one row."""
    return as_numpy(values[0][None] if len(values) == 1 else torch.stack(values))


def index(name: str, index: int, count: int) -> int:
    """A Python index made non-negative. Raises ValueError where it is no whole number, or out of range."""
    try:
        index = whole(index)
    except TypeError as error:
        raise ValueError(
            f"{name} is {index!r:.40}, which is not a whole number: choose from 0 to {count - 1}, or -{count} to -1"
        ) from error
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
