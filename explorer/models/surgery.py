"""Operations tried on many readings: each unit erased in turn, and a state transplanted in many pairs of sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from explorer.backend.edits import memories, width_of
from explorer.backend.forward import States, TapAt, read, run
from explorer.backend.surgery import then
from explorer.cells import Signals, Tap
from explorer.models.model import Model, as_numpy
from explorer.models.reading import Edits, Reader, Reading, State, index, on_device
from explorer.signals import Array

if TYPE_CHECKING:  # the recipes stand on the models
    from explorer.models.recipes.grammar import Pair

BLOCK = 2**24
"""Most numbers of a batch of readings that are recorded at once."""

Value = Callable[[Tensor, States, TapAt], Tensor]
"""Function that measures one number of each reading of a batch: x [step, batch, input], the states before it, the taps
-> [batch]."""


def sweep(
    reader: Reader,
    given: Any,
    *,
    of: str | None = None,
    at: int = -1,
    token: str | int | None = None,
    label: str | int | None = None,
    target: float | None = None,
    unit: int | None = None,
    layer: int = -1,
    states: Sequence[str] | None = None,
    value: float | Literal["mean"] = 0.0,
    device: str = "auto",
    state: State | None = None,
    edits: Edits = (),
) -> Array:
    """Effect of each unit: the change of one number when the unit's memory is held still, each in turn, [unit].

    of      as for `gradients`: "loss" | "mean" | "logit" | "log_prob" at step `at`, or "h" | "c" of `unit`
    layer   the row whose units are held, and that of `unit`
    states  states of a unit that are held, after every step; None: all that are its memory
    value   value at which they are held; "mean": each at its own mean on this text
    edits   edits of all the readings, of the held ones and of the one that they are compared with

    The readings are one batch, or a few if the text is long. Raises ValueError for an unknown objective or state.
    """

    def compute(whole: Reading) -> Array:
        reading = whole.up_to(of, at)
        row, units = reading.row(layer), reading.model.stack.hidden_size
        chosen = tuple(states or memories(reading.model.cell))
        for name in chosen:
            reading.has_state(name)
            if width_of(name, reading.model.cell) != units:
                raise ValueError(f"{name} is not a unit's own: it has another width")
        step = at if reading is whole else -1
        count, recorded, measured = _measured(reading, of, step, token, label, target, unit, row)
        x = reading.input.x[:count]
        with torch.inference_mode():
            held = _held_at(reading, row, chosen, value)
            block = max(1, BLOCK // (len(x) * units * recorded))
            parts = []
            for some in torch.arange(units).split(block):
                here = x.expand(-1, len(some) + 1, -1)  # the last one is left alone
                before = {name: values.expand(-1, len(some) + 1, -1) for name, values in reading.initial.items()}
                measurements = measured(here, before, then(reading.tap_at, _holding(row, held, some.to(x.device))))
                parts.append(measurements[:-1] - measurements[-1])
        return as_numpy(torch.cat(parts))

    return on_device(compute, reader, given, device, state, edits)


def _held_at(reading: Reading, row: int, states: Sequence[str], value: float | Literal["mean"]) -> Signals:
    """The value of each unit, [unit] a state."""
    if value == "mean":
        signals = reading.read()[row]
        return {name: signals[name][:, 0].mean(0) for name in states}
    return {name: reading.initial[name].new_full((reading.model.stack.hidden_size,), value) for name in states}


def _holding(row: int, held: Signals, units: Tensor) -> TapAt:
    """Taps that hold the states of units[k] in reading k of the batch; further readings stay as they are."""
    copies = torch.arange(len(units), device=units.device)

    def at(here: int, step: int) -> Tap:
        def tap(name: str, value: Tensor) -> Tensor:
            if here != row or name not in held:
                return value
            value = value.clone()
            value[copies, units] = held[name][units]
            return value

        return tap

    return at


def _measured(
    reading: Reading,
    of: str | None,
    at: int,
    token: str | int | None,
    label: str | int | None,
    target: float | None,
    unit: int | None,
    row: int,
) -> tuple[int, int, Value]:
    """Number of steps to read, number of signals recorded there, and the function that measures the objective on
    them."""
    stack, steps = reading.model.stack, len(reading.input.tokens)
    of = of or ("loss" if reading.model.answer.in_text else "logit")
    if of in ("h", "c"):
        number, step = reading.unit(of, unit), index("at", at, steps)

        def of_state(x: Tensor, before: States, tap_at: TapAt) -> Tensor:
            return read(stack, x, before, tap_at)[row][of][step, :, number]

        return steps if stack.bidirectional else step + 1, len(stack.cell.recorded), of_state
    each, count = reading.each("loss" if of == "mean" else of, token, label, target)
    positions = range(count) if of == "mean" else [index("at", at, count)]

    def of_answer(x: Tensor, before: States, tap_at: TapAt) -> Tensor:
        h, _ = run(stack, x, before, tap_at)
        steps, columns = torch.tensor(positions)[:, None], torch.arange(h.shape[1])
        scores = reading.model.scores_at(h, steps, columns)  # [step, reading, output]
        return torch.stack([each(one, positions[0]).mean() for one in scores.unbind(1)])

    return steps if stack.bidirectional else positions[-1] + 1, 1, of_answer


@dataclass(frozen=True)
class Flips:
    """Share of the pairs in which a transplant makes the sentence about one go on with the plural verb.

    states  what was transplanted
    where   "after the noun" or "before the verb": the step at which it was
    share   of all pairs: those in which the singular verb was likelier, and the plural one is after it
    alone   whether h of that step was kept as it had been; else it follows from a transplanted c
    """

    states: tuple[str, ...]
    where: Literal["after the noun", "before the verb"]
    share: float
    alone: bool = False


@dataclass(frozen=True)
class Transplants:
    """`right` is the share of pairs in which both sentences, as they are, go on with the right form; of `pairs` pairs."""

    flips: tuple[Flips, ...]
    right: float
    pairs: int

    def share(self, states: Sequence[str], where: str, *, alone: bool = False) -> float:
        """Share of flipped pairs for these states at this place."""
        key = (set(states), where, alone)
        return next(one.share for one in self.flips if (set(one.states), one.where, one.alone) == key)


@torch.inference_mode()
def transplants(model: Model, pairs: Sequence[Pair]) -> Transplants:
    """The memory of the sentence about several, put into the one about one: each state by itself, and all together, right after the noun
    and right before the verb.

    h follows from a transplanted c in the same step; once more with h kept as it had been. The pairs of the task are those of
    `recipes.grammar.pairs`; all are read as one batch.

    Raises ValueError without a readout of words, and for a network that reads both ways, whose states have heard of the verb.
    """
    if model.readout is None or model.vocabulary is None:
        raise ValueError("a transplant is seen in the next word; this network has no readout of words")
    if model.stack.bidirectional:
        raise ValueError("this network reads both ways, so its states depend on later words")
    one, several = (_side_by_side(model, [getattr(pair, number) for pair in pairs]) for number in ("one", "several"))
    donor, host = read(model.stack, several), read(model.stack, one)
    places = {
        "after the noun": torch.tensor([pair.noun for pair in pairs], device=model.device),
        "before the verb": torch.tensor([len(pair.one) - 1 for pair in pairs], device=model.device),
    }
    forms = torch.tensor([[model.vocabulary.id_of(form) for form in pair.verb] for pair in pairs], device=model.device)
    ends = places["before the verb"]

    def plural(x: Tensor, tap_at: TapAt | None = None) -> Array:
        h, _ = run(model.stack, x, None, tap_at)
        scores = model.scores_at(h, ends, torch.arange(len(pairs), device=h.device))
        singular_form, plural_form = scores.gather(1, forms).T
        return as_numpy(plural_form > singular_form)

    before, own = plural(one), memories(model.cell)
    return Transplants(
        flips=tuple(
            Flips(
                states,
                where,  # type: ignore[arg-type]
                float(np.mean(~before & plural(one, _put(donor, states, steps, host if alone else None)))),
                alone,
            )
            for states in dict.fromkeys([*((state,) for state in own), own])
            for alone in ([False, True] if len(own) > 1 and "h" not in states else [False])
            for where, steps in places.items()
        ),
        right=float(np.mean(~before & plural(several))),
        pairs=len(pairs),
    )


def _side_by_side(model: Model, texts: Sequence[Sequence[str]]) -> Tensor:
    """Texts as one batch [step, batch, input], with zeros behind the shorter ones."""
    inputs = [model.prepare(" ".join(words)).x[:, 0] for words in texts]
    return torch.nn.utils.rnn.pad_sequence(inputs)


def _put(donor: list[Signals], states: Sequence[str], steps: Tensor, host: list[Signals] | None = None) -> TapAt:
    """Taps that replace the states by the donor's at step steps[k] in reading k; h of that step stays the host's, if
    there is one."""

    def at(row: int, step: int) -> Tap:
        here = (steps == step)[:, None]  # [batch, 1]

        def tap(name: str, value: Tensor) -> Tensor:
            if name in states:
                return torch.where(here, donor[row][name][step], value)
            return torch.where(here, host[row]["h"][step], value) if host and name == "h" else value

        return tap

    return at
