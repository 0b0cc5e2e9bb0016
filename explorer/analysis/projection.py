"""Projection of many units onto a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.signals import Array


@dataclass(frozen=True)
class Components:
    """scores [step, component], loadings [component, unit] of length 1, explained [component]: the share of the variance."""

    scores: Array
    loadings: Array
    explained: Array


def principal_components(values: Array, count: int = 2) -> Components:
    """First principal components of values [step, unit], by singular value decomposition; each points where its largest
    loading is positive. Components beyond the span of the values are zero. Steps with NaN or infinite values are left
    out of the fit and get NaN."""
    finite = np.isfinite(values).all(1)
    if not finite.all():
        components = principal_components(values[finite] if finite.any() else np.zeros_like(values[:1]), count)
        scores = np.full((len(values), count), np.nan)
        scores[finite] = components.scores[: finite.sum()]
        return Components(scores, components.loadings, components.explained)
    centred = values.astype(np.float64) - values.mean(0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    rank = min(count, len(sizes))
    signs = np.sign(right[np.arange(rank), np.abs(right[:rank]).argmax(1)])
    scores, loadings, explained = np.zeros((len(values), count)), np.zeros((count, values.shape[1])), np.zeros(count)
    scores[:, :rank] = left[:, :rank] * sizes[:rank] * signs
    loadings[:rank] = right[:rank] * signs[:, None]
    total = float((sizes**2).sum())
    explained[:rank] = sizes[:rank] ** 2 / total if total > 0 else 0
    return Components(scores, loadings, explained)
