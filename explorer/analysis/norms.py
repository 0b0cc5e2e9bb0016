"""Lengths of vectors, safe for very small ones."""

from __future__ import annotations

from typing import cast

import numpy as np

from explorer.signals import Array


def norms(values: Array) -> Array:
    """‖·‖₂ over the last axis, accumulated in float64: in float32 the square of a tiny number is 0."""
    return cast(Array, np.linalg.norm(values.astype(np.float64), axis=-1))
