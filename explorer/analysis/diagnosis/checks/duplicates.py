"""Units that are one unit twice: the same path, made by the same weights, or by the opposite ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.pictures import lines
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.analysis.numbers import share
from explorer.signals import Array

PAIRS = 200
"""Most pairs of like paths compared by their weights: in a layer that has more, one finding about some of them is
enough."""


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong: training never makes two units the same; a start that did not break the symmetry does, and copying."""
    if subject.trace.steps < at.STEPS or subject.trace.units < 2:
        return
    for row in subject.sound:
        r = correlations(subject.trace["h"][row.number])
        a, b = np.nonzero(np.triu(np.abs(r) > at.ALIKE, 1))
        strongest = np.argsort(-np.abs(r[a, b]), kind="stable")[:PAIRS]
        pairs = [
            (int(a[n]), int(b[n]), apart)
            for n in strongest
            if (apart := weights_apart(subject, row, int(a[n]), int(b[n]), float(np.sign(r[a[n], b[n]]))))
            <= at.SAME_WEIGHTS
        ]
        largest = float(np.abs(r)[np.triu_indices(len(r), 1)].max())
        yield Fact(
            check="duplicates", label="Largest |r| of two units", value=largest, text=f"{largest:.4f}", layer=row.number
        )
        if pairs:
            yield _finding(subject, row, pairs, r)


def correlations(h: Array) -> Array:
    """Pearson's r of every two units' paths [step, unit], [unit, unit]; 0 for one that does not move enough to have one."""
    centred = h.astype(np.float64) - h.mean(0, dtype=np.float64)
    length = np.linalg.norm(centred, axis=0)
    moving = np.ptp(h, axis=0) >= at.STILL
    normed = np.where(moving, centred / np.where(length > 0, length, 1), 0)
    return normed.T @ normed


def weights_apart(subject: Subject, row: Row, a: int, b: int, sign: float) -> float:
    """Distance between the incoming weights of two units, as a share of their length. Gates must be the same; with
    `sign` -1 the rest must be opposite, since tanh is odd."""
    apart = length = 0.0
    for block in row.blocks:
        same = 1.0 if subject.trace.signals[block].kind == "gate" else sign
        for weights in row.incoming(block):
            one, other = weights[a].astype(np.float64), weights[b].astype(np.float64)
            apart += float(((one - same * other) ** 2).sum())
            length += float((one**2).sum() + (other**2).sum()) / 2
    return float(np.sqrt(apart / length)) if length else 0.0


def _finding(subject: Subject, row: Row, found: list[tuple[int, int, float]], r: Array) -> Finding:
    one, other, apart = found[0]
    units = tuple(dict.fromkeys(unit for pair in found for unit in pair[:2]))
    opposite = "opposite" if r[one, other] < 0 else "the same"
    differ = (
        f"Their incoming weights are apart by {share(apart)} of their length." if apart else "Not a digit is different."
    )
    more = f", and {len(found) - 1} more pair{'' if len(found) == 2 else 's'} like it" if len(found) > 1 else ""
    paths = {f"unit {unit}": subject.trace["h"][row.number, :, unit] for unit in (one, other)}
    steps = [float(step) for step in range(1, subject.trace.steps + 1)]
    return Finding(
        check="duplicates",
        severity="wrong",
        title=f"Units {one} and {other} are duplicates: r = {r[one, other]:.4f} and {opposite} incoming "
        f"weights{more}{subject.where(row)}",
        value=abs(float(r[one, other])),
        threshold=at.ALIKE,
        layer=row.number,
        units=units,
        unit=one,
        explains=f"{differ} Equal units get the same gradient "
        "wherever their outgoing weights are equal, and stay equal: the layer can represent less than its size "
        "suggests.",
        tries="Draw the weights at random so that the symmetry is broken (Goodfellow et al. 2016, section 8.4); "
        "after widening a trained network (Chen et al. 2016) add noise to the copies; else prune one and add its "
        "outgoing weights to the other's.",
        see="hidden",
        picture=lines(f"h of both{subject.where(row)}", steps, paths, "step", "h"),
    )
