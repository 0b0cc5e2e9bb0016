"""Gates that are stuck, open or shut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import advice
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.drift import grows_too_large
from explorer.analysis.diagnosis.finding import Fact, Finding, Picture, Severity
from explorer.analysis.diagnosis.pictures import bars
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.diagnosis.words import count_of
from explorer.analysis.numbers import share
from explorer.analysis.saturation import saturation
from explorer.signals import Array, Signal

MEANS = {
    ("keep", "shut"): "Shut, it keeps nothing: such a unit lives for one step at a time.",
    (
        "keep",
        "open",
    ): "Always open, it never forgets: the unit adds up every write.",
    ("write", "shut"): "Shut, nothing new comes in: such a unit holds what it has, or nothing at all.",
    ("write", "open"): "Always open, everything is written: the unit cannot select.",
    ("read", "shut"): "Shut, the memory has no effect on the output and gets no gradient.",
    ("read", "open"): "Always open, the memory is always visible: the network does not use this gate.",
    ("reset", "shut"): "Shut, the candidate is computed without the past.",
    ("reset", "open"): "Always open, the candidate always sees the past: the gate has no effect.",
}


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """For each gate of each row: the number of units on which it is stuck shut, and stuck open."""
    if subject.trace.steps < at.STEPS:
        return
    for row in subject.sound:
        for name in subject.gates(row):
            yield from _of_gate(subject, row, subject.trace.signals[name])


def _of_gate(subject: Subject, row: Row, gate: Signal) -> Iterator[Finding | Fact]:
    shares = saturation(subject.trace, gate.name, row.number, at.SHUT, at.OPEN)
    text = f"{share(float(shares.shut.mean()))} of the time shut, {share(float(shares.open.mean()))} open"
    yield Fact(
        check="gate", label=gate.label.capitalize(), value=float(shares.shut.mean()), text=text, layer=row.number
    )
    for state, of_unit, bound in (("shut", shares.shut, f"< {at.SHUT}"), ("open", shares.open, f"> {at.OPEN}")):
        stuck = np.flatnonzero(of_unit >= at.STUCK)
        if len(stuck) == 0:
            continue
        stuck_share = len(stuck) / len(of_unit)
        chosen = stuck[np.argsort(-of_unit[stuck], kind="stable")]
        sign = "is" if len(stuck) == 1 else "are"
        yield Finding(
            check=f"gate-{state}",
            severity=_severity(gate, state, stuck_share, len(of_unit)),
            title=f"{count_of(len(stuck), len(of_unit), gate.label)} {sign} {state} ({gate.name} {bound}) on "
            f"{share(at.STUCK)} of the steps or more{subject.where(row)}",
            value=stuck_share,
            threshold=at.MANY_STUCK,
            layer=row.number,
            units=tuple(map(int, chosen)),
            unit=int(chosen[0]),
            explains=MEANS.get((gate.role, state), "Such a gate is a constant."),
            tries=_tries(subject, row, gate, state),
            see="gates",
            picture=_picture(subject, row, gate, state, of_unit, stuck),
        )


def _tries(subject: Subject, row: Row, gate: Signal, state: str) -> str:
    """Advice for a stuck gate; for the gate that keeps, the same as for its bias and for what it keeps."""
    if gate.role != "keep":
        return advice.SMALLER
    keeps = {name: sign for belt, name, sign in subject.keepers(row) if belt == subject.trace.belt}
    if (state == "open") == (keeps.get(gate.name, 1) > 0):
        return advice.of_long_memory(grows=grows_too_large(subject, row))
    return advice.KEEP_MORE if advice.keeps(subject, row) == "little" else f"{advice.NOTHING} The other units keep."


def _severity(gate: Signal, state: str, stuck_share: float, units: int) -> Severity:
    """A layer whose keep, write or read gates are all but all shut does nothing. An open one may do its work: a note."""
    if state == "shut" and gate.role != "reset" and stuck_share >= at.ALL_STUCK and units >= at.FEW_UNITS:
        return "wrong"
    return (
        "look"
        if state == "shut" and gate.role != "reset" and stuck_share >= at.MANY_STUCK and units >= at.FEW_UNITS
        else "note"
    )


def _picture(subject: Subject, row: Row, gate: Signal, state: str, of_unit: Array, stuck: Array) -> Picture:
    title = f"Share of the steps at which the {gate.label} is {state}{subject.where(row)}"
    return bars(title, of_unit, "share of steps", marked=stuck.tolist(), threshold=at.STUCK, low=0.0, high=1.0)
