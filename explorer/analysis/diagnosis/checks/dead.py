"""Units that never move, units that nobody hears, and layers of nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding, Picture
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of, size, units
from explorer.signals import Array


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong where half of a layer never moves."""
    for row in subject.sound:
        if subject.trace.steps >= at.STEPS and subject.hears:
            yield from _still(subject, row)
        yield from _unheard(subject, row)


def _still(subject: Subject, row: Row) -> Iterator[Finding | Fact]:
    span = np.ptp(subject.trace["h"][row.number].astype(np.float64), axis=0)  # [unit]
    still = np.flatnonzero(span < at.STILL)
    text = f"{size(float(np.median(span)))} in the median, at least {size(float(span.min()))}"
    yield Fact(
        check="dead", label="Range of h, unit by unit", value=float(np.median(span)), text=text, layer=row.number
    )
    if len(still) == 0:
        return
    whole = len(still) == len(span)
    many = len(still) / len(span) >= at.MANY_STILL and len(span) >= at.FEW_UNITS
    if whole:
        title = f"The layer is dead: none of its {len(span)} units moves by {at.STILL} on this text{subject.where(row)}"
    else:
        verb = "moves" if len(still) == 1 else "move"
        title = f"{count_of(len(still), len(span), 'unit')} never {verb} by {at.STILL} on this text: "
        f"{units(still.tolist())}{subject.where(row)}"
    yield Finding(
        check="dead",
        severity="wrong" if whole or many else "look",
        title=title,
        value=len(still) / len(span),
        threshold=at.MANY_STILL,
        layer=row.number,
        units=tuple(map(int, still)),
        unit=int(still[0]),
        explains="What does not move carries nothing: "
        f"{'the layers above and the answer cannot depend on what was read through it' if whole else 'it is a bias'}.",
        tries=_tries(subject, row, whole),
        see="hidden",
        picture=bars(
            f"Range of h on this text{subject.where(row)}", span, "range", marked=still.tolist(), threshold=at.STILL
        ),
    )


def _tries(subject: Subject, row: Row, whole: bool) -> str:
    zero = all(not weight.any() for name, weight in row.weights.items() if name.startswith("W"))
    if zero:
        return "All of its weights are 0: see whether they were loaded under other names, or zeroed by pruning or by a mask."
    first = (
        "See whether its weights were loaded and whether the layer below it moves. "
        if whole
        else "See whether they move on other texts. "
    )
    return first + (
        "Units of a relu that died come back by a lower learning rate and a small positive bias; shut gates are "
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
        severity="wrong" if many else "look",
        title=f"{count_of(len(unheard), len(outgoing), 'unit')} {'is' if len(unheard) == 1 else 'are'} heard by "
        f"nobody, the outgoing weights are 0: {units(unheard.tolist())}{subject.where(row)}",
        value=len(unheard) / len(outgoing),
        threshold=at.MANY_STILL,
        layer=row.number,
        units=tuple(map(int, unheard)),
        unit=int(unheard[0]),
        explains="Neither other units nor the answer depend on them, so no gradient comes back to them: they stay as they are.",
        tries="Pruning or strong decay leaves such units; they can be cut out. Else see whether the readout is the "
        "one that was trained with it.",
        see="hidden",
        picture=_picture(subject, row, outgoing, unheard),
    )


def _picture(subject: Subject, row: Row, outgoing: Array, unheard: Array) -> Picture:
    return bars(f"Length of the outgoing weights{subject.where(row)}", outgoing, "length", marked=unheard.tolist())
