"""The What-if page, which changes the running cell: experiments, the list of edits, their effects."""

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
"""Tolerance within which two numbers count as the same: float32 has no more digits near 1."""


SEEDS = 20
"""Number of noise seeds over which an edited reading is repeated."""


@dataclass(frozen=True)
class View:
    """Both runs: the original, computed on the same path as the edited one, so that every difference comes from the edits; and the edited
    one, aligned to the steps of the original text."""

    here: Place
    lines: tuple[Line, ...]
    plan: Plan
    theme: Theme
    chosen: int | None = None

    @cached_property
    def before(self) -> Trace:
        """Every number of the original run."""
        return service.edited(self.here.model, self.here.text, (untouched(),))

    @cached_property
    def after(self) -> Trace:
        """Every number of the edited run; NaN at the step of a deleted token."""
        trace = service.edited(self.here.model, self.plan.text, self.plan.edits or (untouched(),))
        axes = {name: signal.dims.index("step") for name, signal in trace.signals.items()}
        arrays = {name: self.plan.aligned(trace[name], axes[name]) for name in trace.arrays}
        edited = {name: self.plan.aligned(marks, 1, missing=False) for name, marks in trace.edited.items()}
        return replace(trace, arrays=arrays, edited=edited, tokens=self.before.tokens)

    @cached_property
    def answers(self) -> tuple[Array, Array]:
        """[step, label], original and edited."""
        return both_answers(self.here.model, self.here.text, self.plan)

    @cached_property
    def apart(self) -> Array:
        """Distance between the two answers at each step, [step]; NaN where the token is deleted."""
        return apart(*self.answers, numbers=self.answer.numbers)

    @property
    def answer(self) -> Answer:
        """The kind of answer that this network gives."""
        return ANSWERS[self.here.card.answer]

    @property
    def row(self) -> int:
        """The row to show."""
        return self.here.row_of(self.before.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the answer's columns."""
        return service.model(self.here.model).labels

    @cached_property
    def due(self) -> list[right.Due]:
        """The right answer at each step, where it is known."""
        return right.due(compare.View(self.here, relatives(self.here.model), self.before.tokens, self.theme))

    @property
    def column(self) -> int | None:
        """The label whose probability is followed: the chosen one, else the right answer at the playhead, else the original answer.
        None for numbers."""
        if self.answer.numbers:
            return None
        if self.chosen is not None:
            return self.chosen
        due = self.due[self.here.step]
        if due is not None:
            return int(due)
        return service.likeliest_column(self.here.card, self.answers[0][self.here.step])

    def followed(self, values: Array) -> Array:
        """Return the followed quantity of answers [step, label], [step]: a probability or the number."""
        column = self.column
        return np.exp(values[:, column]) if column is not None else values[:, 0]

    @property
    def first_edited(self) -> int:
        """The first step of the text that an edit changes."""
        done = [line for number, line in enumerate(self.lines) if line.on and number not in self.plan.refused]
        return min((line.steps[0] if line.steps is not None else 0 for line in done), default=0)

    @property
    def reaches_playhead(self) -> bool:
        """True if the edits can change the answer at the playhead: later ones cannot, except in a bidirectional network."""
        return self.before.bidirectional or self.first_edited <= self.here.step

    @property
    def noisy(self) -> bool:
        """True if there is noise, so that another seed would give other numbers."""
        return any(edit.does == "noise" and edit.value for edit in self.plan.edits)

    @cached_property
    def over_seeds(self) -> Array:
        """The followed quantity at the playhead for each of SEEDS noise seeds, [seed]."""
        step = self.plan.where[self.here.step]
        if step is None:
            return np.zeros(0)
        answers = service.over_seeds(self.here.model, self.plan.text, self.plan.edits, step, SEEDS)
        return np.asarray(self.followed(answers))

    @property
    def nothing(self) -> bool:
        """True if the edits change no number."""
        return self.plan.idle or (
            all(same(self.before[name], self.after[name]) for name in self.before.arrays) and same(*self.answers)
        )


def both_answers(name: str, text: str, plan: Plan) -> tuple[Array, Array]:
    """Return a network's answers [step, label], original and edited, both at the steps of the original text."""
    original = service.edited_predictions(name, text, (untouched(),))
    edited = service.edited_predictions(name, plan.text, plan.edits or (untouched(),))
    return original, plan.aligned(edited)


def same(one: Array, other: Array) -> bool:
    """Return whether two arrays hold the same numbers, with NaN at the same places."""
    return bool(np.allclose(one, other, rtol=SAME, atol=SAME, equal_nan=True))
