"""Units with a long memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer import formula
from explorer.analysis.diagnosis import advice
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.drift import grows_too_large
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of
from explorer.analysis.timescales import HalfLives, half_lives


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """A note that names them, longest first. Where what is kept is a constant there is nothing to choose, and only a fact."""
    belt = subject.trace.belt
    if belt is None:
        return
    for row in subject.sound:
        lives = half_lives(subject.trace, row.number)
        assert lives is not None
        order = np.lexsort((-lives.steps, ~lives.at_least))
        text = f"{lives.label(int(order[len(order) // 2]))} in the median unit, {lives.label(int(order[0]))} at most"
        label = "Half-life of a write"
        yield Fact(check="latches", label=label, value=float(np.median(lives.steps)), text=text, layer=row.number)
        if formula.names(belt.keep) and subject.trace.steps >= at.STEPS:
            yield from _latches(subject, row, lives, [int(unit) for unit in order])


def _latches(subject: Subject, row: Row, lives: HalfLives, order: list[int]) -> Iterator[Finding]:
    least = min(at.LATCH, (subject.trace.steps - 1) / 2)
    latches = [unit for unit in order if lives.steps[unit] >= least]
    if not latches:
        return
    named = ", ".join(f"unit {unit} ({lives.label(unit)})" for unit in latches[:3])
    yield Finding(
        check="latches",
        severity="note",
        title=f"{count_of(len(latches), len(order), 'unit')} {'is a latch' if len(latches) == 1 else 'are latches'}, "
        f"with half-lives of {least:g} steps or more: {named}{' …' if len(latches) > 3 else ''}{subject.where(row)}",
        value=float(lives.steps[latches[0]]),
        threshold=least,
        layer=row.number,
        units=tuple(latches),
        unit=latches[0],
        explains="Half of each write is still there that many steps later. This is the purpose of the belt.",
        tries=advice.of_long_memory(grows=grows_too_large(subject, row)),
        see="belt",
        picture=bars(
            f"Half-life of a write{subject.where(row)}", lives.steps, "steps", marked=latches, threshold=least
        ),
    )
