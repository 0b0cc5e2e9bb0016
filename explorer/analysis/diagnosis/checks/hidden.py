"""Hidden units at the end of their range."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer import formula
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of
from explorer.analysis.numbers import share


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Check cells whose h is squashed by tanh alone: how many units are at ±1 nearly all the time. With gates in
    between, an h at ±1 is what they let through, and gates and cell states have checks of their own."""
    if subject.trace.belts or "tanh" not in formula.functions(subject.trace.signals["h"].formula):
        return
    for row in subject.sound:
        yield from _of_row(subject, row)


def _of_row(subject: Subject, row: Row) -> Iterator[Finding | Fact]:
    at_end = (np.abs(subject.trace["h"][row.number]) > at.AT_THE_END).mean(0)  # [unit]
    text = f"{share(float(at_end.mean()))} of the units' steps beyond ±{at.AT_THE_END}"
    yield Fact(check="saturated", label="h at its ends", value=float(at_end.mean()), text=text, layer=row.number)
    stuck = np.flatnonzero(at_end >= at.STUCK)
    stuck_share = len(stuck) / len(at_end)
    together = float(at_end.mean())
    if subject.trace.steps < at.STEPS or max(stuck_share, together) < at.MANY_SATURATED:
        return
    few = len(at_end) < at.FEW_UNITS
    wrong = max(stuck_share, together) >= at.ALL_SATURATED and not subject.answers_well
    chosen = np.argsort(-at_end, kind="stable")[: max(1, len(stuck))]
    if stuck_share >= at.MANY_SATURATED:
        verb = "is" if len(stuck) == 1 else "are"
        some = count_of(len(stuck), len(at_end), "hidden unit")
        title = f"{some} {verb} at ±1 (|h| > {at.AT_THE_END}) on {share(at.STUCK)} of the steps or more"
    else:
        title = f"h is at ±1 (|h| > {at.AT_THE_END}) on {share(together)} of the steps of all units"
    yield Finding(
        check="saturated",
        severity="note" if few else "wrong" if wrong else "look",
        title=title + subject.where(row),
        value=max(stuck_share, together),
        threshold=at.MANY_SATURATED,
        layer=row.number,
        units=tuple(map(int, chosen)),
        unit=int(chosen[0]),
        explains="There tanh has almost no slope: such a unit is a switch, hardly takes a value in between, and "
        "passes almost no gradient.",
        tries="Scale the inputs to a deviation near 1, draw and keep the weights smaller (Glorot & Bengio 2010), "
        "decay them, lower the learning rate.",
        see="hidden",
        picture=bars(
            f"Share of the steps with |h| > {at.AT_THE_END}{subject.where(row)}",
            at_end,
            "share of steps",
            marked=stuck.tolist(),
            threshold=at.STUCK,
            low=0.0,
            high=1.0,
        ),
    )
