"""Recurrent weights that look as they were drawn: nothing was trained, or the checkpoint was not loaded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.finding import Fact, Finding
from explorer.analysis.diagnosis.subject import Row, Subject
from explorer.signals import Array


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """A look where a row's recurrent weights are uniform within ±1/√units as torch draws them, or orthogonal as others do."""
    if not subject.trained:
        yield Fact(check="untrained", label="Recurrent weights", value=1.0, text="keep their initial values, by design")
        return
    for row in subject.rows:
        matrices = recurrent(row, subject.trace.units)
        if not row.finite or not matrices:
            continue
        drawn = _uniform(matrices, subject.trace.units) or _orthogonal(matrices)
        if drawn:
            yield Finding(
                check="untrained",
                severity="note" if subject.answers_well else "look",
                title=f"The recurrent weights look untrained, {drawn[0]}{subject.where(row)}",
                value=drawn[1],
                threshold=drawn[2],
                layer=row.number,
                explains="Training hardly ever leaves weights like these. Either the network has not been trained, "
                "or its weights were never loaded.",
                tries="Load with load_state_dict(…, strict=True), which names every mismatch; check whether this "
                "layer was frozen, or its parameters were never passed to the optimiser.",
                see="watch",
            )


def recurrent(row: Row, units: int) -> list[tuple[str, Array]]:
    """(block, W [unit, unit]) for each matrix between units."""
    return [(made, W) for made, _, W in row.matrices_of("h_prev") if W.shape == (units, units)]


def _uniform(matrices: list[tuple[str, Array]], units: int) -> tuple[str, float, float] | None:
    values = np.concatenate([W.ravel() for _, W in matrices]).astype(np.float64)
    bound = 1 / np.sqrt(units)
    spread = values.std() / (bound / np.sqrt(3))
    if values.size < at.ENOUGH_WEIGHTS or np.abs(values).max() > bound * (1 + 1e-6) or abs(spread - 1) > at.FRESH:
        return None
    return f"uniform within ±{bound:.3g} = ±1/√{units}", float(np.abs(values).max()), bound


def _orthogonal(matrices: list[tuple[str, Array]]) -> tuple[str, float, float] | None:
    whole = np.concatenate([W for _, W in matrices]).astype(
        np.float64
    )  # [blocks*unit, unit]: drawn as one matrix, or block by block
    if whole.size < at.ENOUGH_WEIGHTS or np.allclose(
        np.abs(whole).max(1), np.abs(whole).sum(1)
    ):  # an identity is somebody's choice
        return None
    parts = (
        [whole] if len(matrices) > 1 and _apart(whole) < at.ORTHOGONAL else [W.astype(np.float64) for _, W in matrices]
    )
    furthest = max(_apart(W) for W in parts)
    return ("orthogonal", furthest, at.ORTHOGONAL) if furthest < at.ORTHOGONAL else None


def _apart(W: Array) -> float:
    """The largest entry of WᵀW - 1; of its diagonal alone where that is far from 0 already, which spares the product of large matrices."""
    lengths = float(np.abs((W**2).sum(0) - 1).max())
    return lengths if lengths > at.ORTHOGONAL else float(np.abs(W.T @ W - np.eye(W.shape[1])).max())
