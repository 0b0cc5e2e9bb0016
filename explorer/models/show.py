"""Finds, by a rule, the unit and the step at which a model shows its effect; and checks that the unit does something.

Correlation is not meaning: beside the correlation on held-out text stands what erasing the unit does to the prediction, and the
rank of that among all units.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.backend import forward
from explorer.cells import Tap
from explorer.models.card import Show
from explorer.models.model import Model, as_numpy
from explorer.models.recipes.base import Property
from explorer.signals import Array

CONTEXTS = 24
"""How many held-out places the effect of erasing is measured at."""
CONTEXT_LENGTH = 100
"""How many characters are read before each."""


@torch.inference_mode()
def find_show(model: Model, held_out: str, wanted: Property, text: str) -> Show:
    """The unit whose memory follows the property best on held-out text, and the first step inside it on `text` where it moved most."""
    marks = wanted.of(held_out)
    memory = memory_of(model, held_out)  # [step, unit]
    correlation = correlations(memory, marks)
    unit = int(np.nanargmax(np.abs(correlation)))
    change, places = effect_of_erasing(model, held_out, wanted, memory.mean(0))
    rank = int(np.argsort(np.argsort(-np.abs(change)))[unit]) + 1

    seen, inside = memory_of(model, text)[:, unit], wanted.of(text)
    moved = np.abs(np.diff(seen, prepend=0.0)) * (np.diff(inside, prepend=0.0) > 0)
    step = min(int(np.argmax(moved)) + 2, len(text) - 1)  # two characters in: the mark is read, and kept
    return Show(
        text=text,
        step=step,
        layer=0,
        unit=unit,
        property=wanted.name,
        correlation=round(float(correlation[unit]), 3),
        effect=round(float(change[unit]), 3),
        foretells=wanted.foretells,
        places=places,
        rank=rank,
        rule=f"largest |correlation| of a unit's memory with “{wanted.name}” on {len(held_out):,} held-out characters; "
        "two characters after its largest move at an onset in the text",
    )


def memory_of(model: Model, text: str) -> Array:
    """What the top layer's belt holds at each step, [step, unit]; h where there is no belt, tanh of it where it is unbounded."""
    signals = forward.read(model.stack, model.prepare(text).x)[-1]
    name = model.cell.belts[0].state if model.cell.belts else "h"
    values = signals[name][:, 0]
    return as_numpy(values if name == "h" else values.tanh())


def correlations(memory: Array, marks: Array) -> Array:
    """Pearson's r of each unit with the marks, [unit]; NaN for a unit that never changes."""
    centred, marked = memory - memory.mean(0), marks - marks.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((marked @ centred) / np.sqrt((centred**2).sum(0) * (marked**2).sum()))


def effect_of_erasing(model: Model, held_out: str, wanted: Property, mean: Array) -> tuple[Array, int]:
    """For each unit of the top layer, the mean change of log2 P of what the property foretells when that unit's memory is held at
    its mean from the first character on; and at how many places that was measured. All units run as one batch.
    """
    places = [int(step) for step in wanted.foretold(held_out) if step >= CONTEXT_LENGTH]
    places = places[:: max(1, len(places) // CONTEXTS)][:CONTEXTS]
    if not places:
        return np.zeros(mean.shape), 0
    ids = model.prepare(held_out).ids
    assert ids is not None and model.embedding is not None
    contexts = torch.stack([ids[step - CONTEXT_LENGTH + 1 : step + 1] for step in places], 1)  # [step, place]
    nexts = ids[torch.tensor(places) + 1]
    units = len(mean)
    x = model.embedding(contexts.repeat(1, units + 1))  # the last copy is left as it is
    name = model.cell.belts[0].state if model.cell.belts else "h"
    held = torch.from_numpy(mean).to(x)
    held = held if name == "h" else held.clamp(-0.999, 0.999).atanh()
    rows, columns = torch.arange(units * len(places)), torch.arange(units).repeat_interleave(len(places))
    top = len(model.stack.rows) - 1

    def erasing(row: int, step: int) -> Tap:
        def tap(signal: str, value: Tensor) -> Tensor:
            if row == top and signal == name:
                value = value.clone()
                value[rows, columns] = held[columns]
            return value

        return tap

    h = forward.read(model.stack, x, tap_at=erasing)[-1]["h"][-1]
    log_p = model.readout(h).log_softmax(-1)  # type: ignore[misc]
    log_p = log_p.view(units + 1, len(places), -1)[:, torch.arange(len(places)), nexts] / np.log(2)
    return as_numpy((log_p[:-1] - log_p[-1]).mean(1)), len(places)
