"""Run every check, one after the other, and order their findings."""

from __future__ import annotations

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks import CHECKS
from explorer.analysis.diagnosis.finding import SEVERITIES, Diagnosis, Fact, Finding
from explorer.analysis.diagnosis.subject import Subject
from explorer.analysis.diagnosis.words import counted


def examine(subject: Subject) -> Diagnosis:
    """Diagnose a subject: the findings, the worst first and otherwise in the order of the checks; the facts; what was
    left out."""
    results: list[Finding | Fact] = []
    for check in CHECKS:
        results.extend(check(subject))
    findings = sorted(
        (one for one in results if isinstance(one, Finding)), key=lambda one: SEVERITIES.index(one.severity)
    )
    return Diagnosis(
        network=subject.network,
        read=subject.read,
        steps=subject.trace.steps,
        tokens=subject.trace.tokens,
        findings=tuple(findings),
        facts=tuple(one for one in results if isinstance(one, Fact)),
        rows=tuple(subject.name(row) for row in subject.rows),
        left_out=(*_left_out(subject), *subject.left_out),
        notices=subject.trace.notices,
    )


def _left_out(subject: Subject) -> list[str]:
    sentences = []
    missing = [row for row in subject.rows if row not in subject.sound]
    if missing:
        whole = len(missing) == len(subject.rows)
        which = "of the network" if whole else f"of {', '.join(map(subject.name, missing))}"
        sentences.append(f"All other checks {which} were skipped: they are meaningless with NaN or infinite numbers.")
    if not subject.finite:
        sentences.append(
            "How far gradients reach, dead units, and whether answers are right: not measured, because some weights are NaN or infinite."
        )
    if subject.trace.units > at.LARGE:
        sentences.append(
            f"Spectral radius and norm of the recurrent weights: with {subject.trace.units:,} units they take too long."
        )
    if subject.trace.steps < at.STEPS:
        steps = counted(subject.trace.steps, "step")
        sentences.append(
            f"Dead units and stuck gates: not checked, because {steps} are too few. Use at least {at.STEPS}, better hundreds."
        )
    elif not subject.input_varies and subject.finite:
        sentences.append("Dead units: not checked, because the input is constant.")
    return sentences
