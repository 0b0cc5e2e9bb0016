"""Units that do not depend on the input, units without effect, and layers of nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding, Picture, Severity
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of, counted, units
from explorer.analysis.numbers import number
from explorer.signals import Array


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong where half of a layer is so; a layer of one or two units may be wired to have one to spare."""
    for row in subject.sound:
        if subject.trace.steps >= at.STEPS and subject.input_varies and subject.controls is not None:
            yield from _unmoved(subject, row, subject.controls)
        yield from _unheard(subject, row)


def _unmoved(subject: Subject, row: Row, controls: Array) -> Iterator[Finding | Fact]:
    apart = np.abs(subject.trace["h"][row.number].astype(np.float64) - controls[:, row.number])  # [reading, step, unit]
    moved = apart.max((0, 1))
    dead = np.flatnonzero(moved < at.STILL)
    text = f"by {number(float(np.median(moved)))} at most in the median unit, by {number(float(moved.min()))} in the least moved one"
    label = "What is read moves h"
    yield Fact(check="dead", label=label, value=float(np.median(moved)), text=text, layer=row.number)
    if len(dead) == 0:
        return
    whole = len(dead) == len(moved)
    many = len(dead) / len(moved) >= at.MANY_STILL and len(moved) >= at.FEW_UNITS
    verb, them = ("is", "it") if len(dead) == 1 else ("are", "them")
    some = f"{count_of(len(dead), len(moved), 'unit')} {verb} dead: the input moves {them} by less than {at.STILL}"
    some += f": {units(dead.tolist())}"
    all_of_it = f"The layer is dead: the input moves none of its {counted(len(moved), 'unit')} by {at.STILL}"
    carries = "the input cannot reach the layers above or the answer through it" if whole else "it is a bias"
    yield Finding(
        check="dead",
        severity="wrong" if whole or many else _of_some(dead, moved),
        title=(all_of_it if whole else some) + subject.where(row),
        value=len(dead) / len(moved),
        threshold=at.MANY_STILL,
        layer=row.number,
        units=tuple(map(int, dead)),
        unit=int(dead[0]),
        explains="Compared with two other readings: the text backwards, and the mean input at each step. A unit that does the same in "
        f"all three carries nothing of the text: {carries}.",
        tries=_tries(row, whole),
        see="hidden",
        picture=bars(
            f"Largest change of h by the input{subject.where(row)}",
            moved,
            "difference in h",
            marked=dead.tolist(),
            threshold=at.STILL,
        ),
    )


def _of_some(some: Array, whole: Array) -> Severity:
    """A few units to spare are a note; so is one of a layer that may be wired by design."""
    return "look" if len(some) / len(whole) >= at.SOME_STILL and len(whole) >= at.FEW_UNITS else "note"


def _tries(row: Row, whole: bool) -> str:
    zero = all(not weight.any() for name, weight in row.weights.items() if name.startswith("W"))
    if zero:
        return "All of its weights are 0: check whether they were loaded under other names, or zeroed by pruning or by a mask."
    first = (
        "Check whether its weights were loaded and whether the layer below it moves. "
        if whole
        else "Check whether another text moves it. "
    )
    return first + (
        "Dead relu units recover with a lower learning rate and a small positive bias; shut gates are "
        "named above; unused units can be pruned."
    )


def _unheard(subject: Subject, row: Row) -> Iterator[Finding]:
    outgoing = subject.outgoing(row)
    if outgoing is None or not len(outgoing):
        return
    unheard = (
        np.flatnonzero(outgoing <= at.UNHEARD * np.median(outgoing[outgoing > 0]))
        if outgoing.any()
        else np.arange(len(outgoing))
    )
    if len(unheard) == 0:
        return
    many = len(unheard) / len(outgoing) >= at.MANY_STILL and len(outgoing) >= at.FEW_UNITS
    yield Finding(
        check="unheard",
        severity="wrong" if many else _of_some(unheard, outgoing),
        title=f"{count_of(len(unheard), len(outgoing), 'unit')} {'has' if len(unheard) == 1 else 'have'} no effect, "
        f"all outgoing weights are 0: {units(unheard.tolist())}{subject.where(row)}",
        value=len(unheard) / len(outgoing),
        threshold=at.MANY_STILL,
        layer=row.number,
        units=tuple(map(int, unheard)),
        unit=int(unheard[0]),
        explains="Neither other units nor the answer depend on such a unit, so it gets no gradient and never changes.",
        tries="Pruning or strong decay leaves such units; they can be cut out. Else check whether the readout is the "
        "one that was trained with it.",
        see="hidden",
        picture=_picture(subject, row, outgoing, unheard),
    )


def _picture(subject: Subject, row: Row, outgoing: Array, unheard: Array) -> Picture:
    return bars(f"Length of the outgoing weights{subject.where(row)}", outgoing, "length", marked=unheard.tolist())
