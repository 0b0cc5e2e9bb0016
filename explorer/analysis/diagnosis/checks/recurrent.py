"""The size of the recurrent weights: facts, since no size alone says whether gradients grow; `reach` measures that."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.checks.fresh import recurrent
from explorer.analysis.diagnosis.finding import Fact
from explorer.analysis.diagnosis.subject import Subject
from explorer.signals import Array


def check(subject: Subject) -> Iterator[Fact]:
    """Spectral radius ρ and largest singular value σ of each block of each row, where they are not too large for that."""
    if subject.trace.units > at.LARGE:
        return
    for row in subject.rows:
        if not row.finite:
            continue
        for made, W in recurrent(row, subject.trace.units):
            radius, sigma = spectral_radius(W), float(np.linalg.norm(W.astype(np.float64), 2))
            label = subject.trace.signals[made].label if made in subject.trace.signals else made
            text = f"spectral radius {radius:.2f}, largest singular value {sigma:.2f}"
            yield Fact(
                check="recurrent", label=f"Recurrent weights of the {label}", value=radius, text=text, layer=row.number
            )


def spectral_radius(W: Array) -> float:
    """ρ(W), the largest eigenvalue's size."""
    return float(np.abs(np.linalg.eigvals(W.astype(np.float64))).max())
