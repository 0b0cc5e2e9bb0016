"""Conversion of numbers to JSON."""

from __future__ import annotations

import numpy as np

from explorer.signals import Array


def short(value: float) -> float | None:
    """Round to six significant digits: nearly float32 precision in half the bytes. None for NaN and infinity, which JSON lacks."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def rounded(values: Array) -> list[float | None]:
    """Return `short` of every value."""
    return [short(value) for value in values.tolist()]
