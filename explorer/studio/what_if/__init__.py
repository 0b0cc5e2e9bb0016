"""The page that reaches into the running cell: experiments, the list of edits, what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from explorer.analysis.comparing import apart
from explorer.backend.edits import untouched
from explorer.figures.theme import Theme
from explorer.models import relatives
from explorer.models.answers import ANSWERS, Answer
from explorer.signals import Array, Trace
from explorer.studio import compare, service
from explorer.studio.compare import right
from explorer.studio.state import Place
from explorer.studio.what_if.lines import Line
from explorer.studio.what_if.plan import Plan

SAME = 1e-7
"""Numbers that differ by no more are the same: float32 has no more digits of a number near 1."""


SEEDS = 20
"""With so many seeds a reading with noise is repeated."""


@dataclass(frozen=True)
class View:
    """Both runs: the original, on the same path as the edited one, so that all that differs comes from the edits; and the edited one, at
    the steps of the text as it was."""

    here: Place
    lines: tuple[Line, ...]
    plan: Plan
    theme: Theme
    chosen: int | None = None

    @cached_property
    def before(self) -> Trace:
        """Every number of the run as it was."""
        return service.edited(self.here.model, self.here.text, (untouched(),))

    @cached_property
    def after(self) -> Trace:
        """Every number of the edited run; NaN at the step of a deleted token."""
        found = service.edited(self.here.model, self.plan.text, self.plan.edits or (untouched(),))
        axes = {name: signal.dims.index("step") for name, signal in found.signals.items()}
        arrays = {name: self.plan.aligned(found[name], axes[name]) for name in found.arrays}
        edited = {name: self.plan.aligned(marks, 1, missing=False) for name, marks in found.edited.items()}
        return replace(found, arrays=arrays, edited=edited, tokens=self.before.tokens)

    @cached_property
    def answers(self) -> tuple[Array, Array]:
        """[step, label], as it was and edited."""
        return both_answers(self.here.model, self.here.text, self.plan)

    @cached_property
    def apart(self) -> Array:
        """How far the two answers are apart at each step, [step]; NaN where the token is deleted."""
        return apart(*self.answers, numbers=self.answer.numbers)

    @property
    def answer(self) -> Answer:
        """What this network answers with."""
        return ANSWERS[self.here.card.answer]

    @property
    def row(self) -> int:
        """The row that is looked at."""
        return self.here.row_of(self.before.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the answer's columns."""
        return service.model(self.here.model).labels

    @cached_property
    def due(self) -> list[right.Due]:
        """What is right at each step, as far as it is known."""
        return right.due(compare.View(self.here, relatives(self.here.model), self.before.tokens, self.theme))

    @property
    def column(self) -> int | None:
        """The label whose probability is followed: the chosen one, else what is right at the playhead, else what is said there. None of
        numbers."""
        if self.answer.numbers:
            return None
        if self.chosen is not None:
            return self.chosen
        known = self.due[self.here.step]
        if known is not None:
            return int(known)
        return service.said(self.here.card, self.answers[0][self.here.step])

    def followed(self, values: Array) -> Array:
        """Of answers [step, label] what is followed, [step]: a probability or the number."""
        column = self.column
        return np.exp(values[:, column]) if column is not None else values[:, 0]

    @property
    def first_edited(self) -> int:
        """The first step of the text that something is done to."""
        done = [line for number, line in enumerate(self.lines) if line.on and number not in self.plan.refused]
        return min((line.steps[0] if line.steps is not None else 0 for line in done), default=0)

    @property
    def reaches_playhead(self) -> bool:
        """Whether the edits can change the answer at the playhead: none can that begins later, but in a network that reads both ways."""
        return self.before.bidirectional or self.first_edited <= self.here.step

    @property
    def noisy(self) -> bool:
        """Whether there is noise, so that another seed would give other numbers."""
        return any(edit.does == "noise" and edit.value for edit in self.plan.edits)

    @cached_property
    def over_seeds(self) -> Array:
        """What is followed at the playhead for each of SEEDS seeds of the noise, [seed]."""
        step = self.plan.where[self.here.step]
        if step is None:
            return np.zeros(0)
        answers = service.over_seeds(self.here.model, self.plan.text, self.plan.edits, step, SEEDS)
        return np.asarray(self.followed(answers))

    @property
    def nothing(self) -> bool:
        """Whether no number is another one."""
        return self.plan.idle or (
            all(same(self.before[name], self.after[name]) for name in self.before.arrays) and same(*self.answers)
        )


def both_answers(name: str, text: str, plan: Plan) -> tuple[Array, Array]:
    """A network's answers [step, label] as it was and edited, both at the steps of the text as it was."""
    original = service.edited_predictions(name, text, (untouched(),))
    found = service.edited_predictions(name, plan.text, plan.edits or (untouched(),))
    return original, plan.aligned(found)


def same(one: Array, other: Array) -> bool:
    """Whether two arrays hold the same numbers, and none where the other has none."""
    return bool(np.allclose(one, other, rtol=SAME, atol=SAME, equal_nan=True))
