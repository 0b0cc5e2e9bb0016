"""Change of the objective when a token is left out: a test beside the gradient, which only describes tiny changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.backend.back import Progress, paced
from explorer.backend.forward import States, read, run
from explorer.models.model import as_numpy
from explorer.models.reading import Reader, Reading, State, index, on_device
from explorer.signals import Array

BLOCK = 128
"""Number of shortened texts that are read at once."""

Value = Callable[[Tensor, States, list[int]], Tensor]
"""The objective of a batch of readings raw [step, batch, feature] from `states`, each at its own step: [batch]."""


def deletions(
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
    device: str = "auto",
    state: State | None = None,
    progress: Progress | None = None,
) -> Array:
    """Change of the objective at step `at` if the token of a step is left out and all else is read as before: [step], float64.

    Positive: without it the number is larger. The objectives are those of `gradients`, except "mean"; the right answer stays that of
    the whole text. NaN if nothing is left to read; 0 for tokens that are read only after `at`. `progress` is called periodically with the
    fraction done (0 to 1), and may raise to cancel. Raises ValueError for an unknown objective.
    """

    def compute(whole: Reading) -> Array:
        changes = np.zeros(len(whole.input.tokens))
        reading = whole.up_to(of, at)
        step, value = _objective(reading, of, at if reading is whole else -1, token, label, target, unit, layer)
        x = reading.input.raw if reading.model.stack.bidirectional else reading.input.raw[: step + 1]
        if len(x) == 1:
            changes[0] = np.nan
            return changes
        with torch.inference_mode():
            undisturbed = value(x, reading.initial, [step])
            report = paced(progress)
            for first in range(0, len(x), BLOCK):
                sources = range(first, min(first + BLOCK, len(x)))
                states = {
                    name: values.expand(-1, len(sources), -1).contiguous() for name, values in reading.initial.items()
                }
                # Without its own token the objective is that of the step before, where the network would have answered.
                steps = [max(0, step - (source <= step)) for source in sources]
                changes[sources.start : sources.stop] = as_numpy(
                    (value(_without(x, sources), states, steps) - undisturbed).double()
                )
                report(sources.stop / len(x))
        return changes

    return on_device(compute, reader, given, device, state)


def _without(x: Tensor, sources: range) -> Tensor:
    """raw [step, 1, feature] once for each source, without it: [step - 1, source, feature]."""
    steps = [[step for step in range(len(x)) if step != source] for source in sources]
    return x[:, 0][torch.tensor(steps, device=x.device).T]


def _objective(
    reading: Reading,
    of: str | None,
    at: int,
    token: str | int | None,
    label: str | int | None,
    target: float | None,
    unit: int | None,
    layer: int,
) -> tuple[int, Value]:
    model, steps = reading.model, len(reading.input.tokens)
    of = of or ("loss" if reading.model.answer.in_text else "logit")
    if of in ("h", "c"):
        row, number, step = reading.row(layer), reading.unit(of, unit), index("at", at, steps)

        def of_state(raw: Tensor, states: States, where: list[int]) -> Tensor:
            return read(model.stack, model.entering(raw), states)[row][of][where, range(len(where)), number]

        return step, of_state
    each, count = reading.each(of, token, label, target)
    step = index("at", at, count)

    def of_answer(raw: Tensor, states: States, where: list[int]) -> Tensor:
        h, _ = run(model.stack, model.entering(raw), states)
        scores = model.scores_at(h, where, range(len(where)))  # [batch, output]
        return torch.cat([each(one[None], step) for one in scores])

    return step, of_answer
