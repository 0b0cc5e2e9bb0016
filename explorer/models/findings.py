"""Find, by a rule, the unit that follows a property and a step at which it shows; and check that the unit has an
effect.

Correlation is not meaning: beside the correlation on held-out sequences stand what the best unit reaches by chance, what erasing and
forcing the unit do to the answer, and the rank of that among all units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.probes import chance, correlations, ends, follower
from explorer.backend import forward
from explorer.cells import Tap
from explorer.models.card import Finding
from explorer.models.model import Model, as_numpy
from explorer.models.recipes.base import Property
from explorer.signals import Array

PLACES = 24
"""Number of held-out places at which the effect of a unit is measured."""
CONTEXT = 100
"""Most tokens that are read before each place."""
READ = 60_000
"""Most tokens that are read to find a unit, and to check it."""


@torch.inference_mode()
def find(model: Model, wanted: Property, chosen_on: Sequence[str], held_out: Sequence[str]) -> Finding:
    """The unit of the top row that follows the property best on the sequences it is chosen on; all else is measured on held-out ones."""
    unit = follower(*_memory_and_marks(model, wanted, chosen_on))
    memory, marks = _memory_and_marks(model, wanted, held_out)
    r = correlations(memory, marks)
    effect = effects(model, wanted, held_out, memory.mean(0), *ends(memory, r))
    seen, inside = _memory_and_marks(model, wanted, [wanted.show_text])
    moves = np.abs(np.diff(seen[:, unit], prepend=0.0))
    onsets = moves * (np.diff(inside, prepend=0.0) > 0)
    later = 2 if model.vocabulary is not None and model.vocabulary.kind == "characters" else 0
    step = min(int(np.argmax(onsets if onsets.any() else moves)) + later, len(inside) - 2)
    return Finding(
        follows=wanted.name,
        layer=len(model.stack.rows) - 1,
        unit=unit,
        correlation=_rounded(r[unit]),
        null=_rounded(chance(memory, marks)),
        erased=_rounded(effect.erased[unit]),
        forced=_rounded(effect.forced[unit]),
        rank=int((np.abs(effect.forced) > np.abs(effect.forced[unit])).sum()) + 1,
        foretells=wanted.foretells,
        measured="value" if model.answer.numbers else "log₂ P",
        places=effect.places,
        text=wanted.show_text,
        step=max(0, step),
        rule=f"largest |correlation| of a unit's memory with “{wanted.name}” on sequences that were trained on; measured on "
        f"{len(marks):,} held-out tokens; shown where it moves most as the property sets in"
        + (f", {later} tokens later" if later else ""),
        counted=wanted.counted,
        expected=wanted.expected,
        erased_deviation=_rounded(effect.erased_deviation[unit]),
        forced_deviation=_rounded(effect.forced_deviation[unit]),
    )


def memory_of(model: Model, text: str, *, squashed: bool = True) -> Array:
    """Memory of the top row's belt at each step, [step, unit]; h without a belt; through tanh if it is unbounded and
    `squashed` is set."""
    signals = forward.read(model.stack, model.prepare(text).x)[-1]
    name = _memory_name(model)
    values = signals[name][:, 0]
    return as_numpy(values.tanh() if squashed and name != "h" else values)


@dataclass(frozen=True)
class Effects:
    """Effects of each unit of the top row, [unit]: the mean change of the answer and its standard deviation (n - 1)
    over the places."""

    erased: Array
    forced: Array
    erased_deviation: Array
    forced_deviation: Array
    places: int


@torch.inference_mode()
def effects(model: Model, wanted: Property, texts: Sequence[str], mean: Array, low: Array, high: Array) -> Effects:
    """Effects of holding one unit's memory on the answer that the property predicts: at its `mean`, and at `high` instead of `low`.

    It is held from the first token read on; each place has up to CONTEXT tokens before it. All units run as one batch.
    """
    units = len(mean)
    changes = []  # [place, 2, unit]
    places = _places(model, wanted, texts)
    for text, step in places:
        read = model.prepare(text)
        first = max(0, step - CONTEXT + 1)
        x = read.x[first : step + 1]
        held = torch.from_numpy(np.concatenate([mean, low, high])).to(x)
        h = _read_holding(model, x, held, units, squashed=not wanted.counted)
        scores = model.readout(h)  # type: ignore[misc]
        column = _column(model, wanted, read.ids, step)
        measured = scores[:, 0] if model.answer.numbers else scores.log_softmax(-1)[:, column] / np.log(2)
        at_mean, at_low, at_high = as_numpy(measured[:-1].double()).reshape(3, units)
        changes.append((at_mean - float(measured[-1]), at_high - at_low))
    if not changes:
        nothing = np.zeros(units)
        return Effects(nothing, nothing, nothing, nothing, 0)
    samples = np.asarray(changes)
    deviation = samples.std(0, ddof=1) if len(samples) > 1 else np.zeros_like(samples[0])
    erased, forced = samples.mean(0)
    return Effects(erased, forced, deviation[0], deviation[1], len(places))


def _read_holding(model: Model, x: Tensor, held: Tensor, units: int, *, squashed: bool = True) -> Tensor:
    """The last h, [copy, unit], of copies of one reading: in copy k unit k mod `units` is held at held[k]; the last is left alone."""
    name, top = _memory_name(model), len(model.stack.rows) - 1
    values = held if name == "h" or not squashed else held.clamp(-0.999, 0.999).atanh()
    copies = torch.arange(len(held))
    columns = copies % units

    def holding(row: int, step: int) -> Tap:
        def tap(signal: str, value: Tensor) -> Tensor:
            if row == top and signal == name:
                value = value.clone()
                value[copies, columns] = values
            return value

        return tap

    return forward.read(model.stack, x.expand(-1, len(held) + 1, -1), tap_at=holding)[-1]["h"][-1]


def _places(model: Model, wanted: Property, texts: Sequence[str]) -> list[tuple[str, int]]:
    """At most PLACES (text, step), spread over the texts; those with a full context before them, where there are such."""
    candidates = [(text, int(step)) for text in texts for step in wanted.foretold(_tokens(model, text))]
    deep = [(text, step) for text, step in candidates if step >= CONTEXT]
    candidates = deep or candidates
    return candidates[:: max(1, len(candidates) // PLACES)][:PLACES]


def _column(model: Model, wanted: Property, ids: Tensor | None, step: int) -> int:
    """Label whose probability is measured."""
    if model.answer.numbers:
        return 0
    if wanted.label is not None:
        return model.labels.index(wanted.label)
    assert ids is not None
    return int(ids[step + 1])


def _memory_and_marks(model: Model, wanted: Property, texts: Sequence[str]) -> tuple[Array, Array]:
    """Memory [step, unit] and marks [step] of the texts one after the other, up to READ tokens; each text is read from the zero state."""
    memory, marks, count = [], [], 0
    for text in texts:
        if count >= READ:
            break
        memory.append(memory_of(model, text, squashed=not wanted.counted).astype(np.float64))
        marks.append(np.asarray(wanted.of(_tokens(model, text)), dtype=np.float64))
        count += len(marks[-1])
    return np.concatenate(memory), np.concatenate(marks)


def _tokens(model: Model, text: str) -> Sequence[str]:
    assert model.vocabulary is not None
    tokens = model.vocabulary.encode(text).tokens
    return "".join(token[:1] for token in tokens) if model.vocabulary.kind == "characters" else tokens


def _memory_name(model: Model) -> str:
    return model.cell.belts[0].state if model.cell.belts else "h"


def _rounded(value: float) -> float:
    return round(float(value), 3)
