"""Reach of the gradient, and of the answers' dependence on earlier tokens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import advice
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.fresh import recurrent
from explorer.analysis.diagnosis.checks.recurrent import spectral_radius
from explorer.analysis.diagnosis.finding import Fact, Finding, Picture
from explorer.analysis.diagnosis.pictures import lines
from explorer.analysis.diagnosis.subject import Leaning, Reach, Row, Subject
from explorer.analysis.numbers import number, share
from explorer.signals import Array


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong where gradients grow on their way back; a look where they are lost before the distance from which answers still change."""
    if subject.leaning is not None:
        yield _leans(subject.leaning)
    if subject.reach is None:
        return
    for row in subject.sound:
        median = subject.reach.median(row.number)
        if not np.isfinite(median[:1]).all():
            continue
        yield _reaches(row, subject.reach, median)
        grown = _explodes(subject, row, subject.reach)
        if grown:
            yield grown
        elif row.layer == subject.rows[-1].layer and subject.leaning is not None:
            yield from _lost(subject, row, subject.reach, subject.leaning, median)


def _leans(leaning: Leaning) -> Fact:
    used = [distance for distance, moved in zip(leaning.distances, leaning.moved, strict=True) if moved >= at.LEANS]
    furthest = max(used, default=0)
    following = next((distance for distance in leaning.distances if distance > furthest), None)
    far = f"at least {furthest}" if following is None else f"{furthest}"
    if following is not None and following > furthest + 1:  # those between were not tried
        far = f"{furthest} to {following - 1}"
    text = f"{far} steps back ({share(at.LEANS)} {leaning.measure} without that token)"
    return Fact(check="reach", label="Farthest token that the answers depend on", value=float(furthest), text=text)


def _reaches(row: Row, reach: Reach, median: Array) -> Fact:
    below = np.flatnonzero(median < 0.01)
    text = (
        f"below 1 % after {below[0]} steps" if len(below) else f"above 1 % as far as measured, {len(median) - 1} steps"
    )
    value = float(below[0]) if len(below) else float(len(median) - 1)
    return Fact(
        check="reach", label=f"Gradient of {reach.of} on its way back", value=value, text=text, layer=row.number
    )


def _explodes(subject: Subject, row: Row, reach: Reach) -> Finding | None:
    tenth = reach.tenth(row.number)
    largest, distance = float(np.nanmax(tenth)), int(np.nanargmax(tenth))
    if largest < at.GROWS:
        return None
    matrices = recurrent(row, subject.trace.units) if subject.trace.units <= at.LARGE else ()
    radii = [(spectral_radius(W), made) for made, W in matrices]
    radius, made = max(radii, default=(np.nan, ""))
    of = f" The spectral radius of the recurrent weights is {radius:.2f} ({made})." if radii else ""
    times = f"{number(largest)} times as large" if np.isfinite(largest) else "larger than any number"
    return Finding(
        check="exploding",
        severity="wrong" if largest >= at.EXPLODES else "look",
        title=f"The gradient {'explodes' if largest >= at.EXPLODES else 'grows'}: {distance} steps back it is "
        f"{times} for one answer in ten{subject.where(row)}",
        value=largest,
        threshold=at.EXPLODES,
        layer=row.number,
        step=reach.targets[-1],
        explains="Such a gradient can throw the weights anywhere in one update, and a small change of an early "
        f"token changes everything after it.{of}",
        tries="Clip the norm of the gradient (Pascanu et al. 2013); bring the recurrent weights to a spectral "
        "radius near 1, start them orthogonal (Saxe et al. 2014); shorten the stretch that is trained on; lower the "
        "learning rate.",
        see="gradients",
        picture=_picture(subject, row, reach, {"median": reach.median(row.number), "one in ten": tenth}, at.EXPLODES),
    )


def _lost(subject: Subject, row: Row, reach: Reach, leaning: Leaning, median: Array) -> Iterator[Finding]:
    far = [
        (distance, float(moved))
        for distance, moved in zip(leaning.distances, leaning.moved, strict=True)
        if distance < len(median) and moved >= at.LEANS and median[distance] < at.LOST
    ]
    if not far:
        return
    distance, moved = far[-1]
    yield Finding(
        check="vanishing",
        severity="note" if subject.trace.units < at.FEW_UNITS or subject.answers_well else "look",
        title=f"The gradient vanishes before it reaches a token that matters: {distance} steps back it is "
        f"{number(float(median[distance]))} of what it was, but without the token there {share(moved)} "
        f"{leaning.measure}{subject.where(row)}",
        value=float(median[distance]),
        threshold=at.LOST,
        layer=row.number,
        step=reach.targets[-1],
        explains="The answer depends on that token, yet a small change of it changes nothing, because the path back is "
        "saturated. Training cannot improve that dependence.",
        tries=advice.of_loss(subject, row),
        see="gradients",
        picture=_picture(
            subject, row, reach, {"gradient": median, "token left out": _over(leaning, len(median))}, at.LOST
        ),
    )


def _over(leaning: Leaning, distances: int) -> Array:
    """Change of the answers, at each distance; NaN where it was not measured."""
    moved = np.full(distances, np.nan)
    for distance, value in zip(leaning.distances, leaning.moved, strict=True):
        if distance < distances:
            moved[distance] = value
    return moved


def _picture(subject: Subject, row: Row, reach: Reach, curves: dict[str, Array], threshold: float) -> Picture:
    title = f"Gradient of {reach.of}, as a share of that at its own step{subject.where(row)}"
    distances = [float(distance) for distance in range(len(next(iter(curves.values()))))]
    return lines(title, distances, curves, "steps back", "share", log=True, threshold=threshold)
