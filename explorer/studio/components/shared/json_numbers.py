"""Numbers as JSON has them."""

from __future__ import annotations

import numpy as np

from explorer.signals import Array


def short(value: float) -> float | None:
    """Six significant digits: nearly all that a float32 has, in half the bytes. None for what is no finite number: JSON has no NaN."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def rounded(values: Array) -> list[float | None]:
    """Each of them short."""
    return [short(value) for value in values.tolist()]
