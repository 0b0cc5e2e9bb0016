"""Cell states, or other states without a bound, that grow along the text or leave the range in which tanh has a slope."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer import formula
from explorer.analysis.diagnosis import advice
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding, Severity
from explorer.analysis.diagnosis.pictures import lines
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of
from explorer.analysis.numbers import number, share
from explorer.signals import Array

SHOWN = 3
"""Number of units whose states a picture shows."""


def grows_too_large(subject: Subject, row: Row) -> bool:
    """True if the row's memory has a finding more severe than a note, so that no other check calls it fine."""
    return any(isinstance(one, Finding) and one.severity != "note" for one in _of_row(subject, row))


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Check the memory of each row: how large it becomes, and whether it grows all along."""
    for row in subject.sound:
        yield from _of_row(subject, row)


def _of_row(subject: Subject, row: Row) -> Iterator[Finding | Fact]:
    memory = subject.trace.memory
    size_of = subject.in_reading_order(
        row, np.abs(subject.trace[memory][row.number].astype(np.float64))
    )  # [step, unit]
    largest = size_of.max(0)
    text = f"{number(float(largest.max()))} at most, {number(float(np.median(largest)))} in the median unit"
    yield Fact(check="drift", label=f"Size of {memory}", value=float(largest.max()), text=text, layer=row.number)
    if subject.trace.steps >= at.STEPS and largest.max() > at.LARGE_STATE:
        yield _finding(subject, row, size_of)


def _finding(subject: Subject, row: Row, size_of: Array) -> Finding:
    memory, steps, count = subject.trace.memory, subject.trace.steps, size_of.shape[1]
    largest, growing = size_of.max(0), grows(size_of)
    large = np.flatnonzero(largest > at.LARGE_STATE)
    chosen = large[np.argsort(-largest[large], kind="stable")]
    squashed = f"tanh({memory})" in subject.trace.signals["h"].formula.replace(" ", "")
    never = _never_forgets(subject)
    unit, drifting = int(chosen[0]), int(growing[large].sum())
    grown = f", and in {drifting} of them it grows all along the text" if drifting else ""
    title = f"|{memory}| passes {at.LARGE_STATE:g} in {count_of(len(large), count, 'unit')}, {number(float(largest.max()))} at most{grown}"
    title += "; this cell cannot forget, by design" if never else ""
    means = (
        f"Beyond {at.LARGE_STATE:g} tanh({memory}) is ±1 whatever is added: the unit's output stays the same, and "
        "no gradient passes back through it."
        if squashed
        else f"Nothing bounds {memory} here; a state that grows with the length of the text fails on longer texts."
    )
    if never:
        means = f"Every write stays, and the state is their sum. {means}"
    x = [float(subject.step_of(row, place) + 1) for place in range(steps)]
    curves = {f"unit {one}": size_of[:, one] for one in chosen[:SHOWN].tolist()}
    severity = _severity(subject, largest, drifting / count, never)
    return Finding(
        check="drift",
        severity=severity,
        title=title + subject.where(row),
        value=float(largest.max()),
        threshold=at.LARGE_STATE,
        layer=row.number,
        units=tuple(map(int, chosen)),
        unit=unit,
        step=subject.step_of(row, int(size_of[:, unit].argmax())),
        explains=f"{means} At the end of the text this holds for {share(float((size_of[-1] > at.LARGE_STATE).mean()))} of the units.",
        tries=advice.SIZE_IS_FINE if severity == "note" else advice.of_growth(subject, row),
        see="belt" if subject.trace.belts else "hidden",
        picture=lines(f"|{memory}|{subject.where(row)}", x, curves, "step", f"|{memory}|", threshold=at.LARGE_STATE),
    )


def grows(size_of: Array) -> Array:
    """Mask of units whose size [step, unit] grows all along: it follows the step, and the second half's mean is above
    the first's."""
    steps = np.arange(len(size_of)) - (len(size_of) - 1) / 2
    centred = size_of - size_of.mean(0)
    length = np.linalg.norm(centred, axis=0) * np.linalg.norm(steps)
    r = np.where(length > 0, (steps @ centred) / np.where(length > 0, length, 1), 0)
    return np.asarray(r > at.GROWING)


def _never_forgets(subject: Subject) -> bool:
    """True if the belt keeps the constant 1."""
    belt = subject.trace.belt
    return belt is not None and not formula.names(belt.keep) and float(formula.evaluate(belt.keep, {})) == 1


def _severity(subject: Subject, largest: Array, drifting: float, never: bool) -> Severity:
    """Growth is wrong where it is out of hand or takes half of the units; a network whose answers are right despite it gets a look."""
    if largest.max() > max(at.BLOWN_UP, subject.trace.steps):
        return "wrong"
    if drifting >= at.MANY_STILL and not never:
        return "look" if subject.answers_well else "wrong"
    grows = largest.max() > at.VERY_LARGE and drifting >= at.MANY_LARGE
    return "look" if grows and not never and not subject.answers_well else "note"
