"""Clipping a gradient that is at hand as arrays: `clipped`."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from explorer.backend import clipping
from explorer.backend.clipping import Clipped
from explorer.models.model import as_numpy
from explorer.signals import Array

__all__ = ["Clipped", "clipped"]


def clipped(gradient: Mapping[str, Array], by: str, limit: float) -> Clipped[Array]:
    """`by` "norm": all of it scaled down to the limit; "value": each entry held to ±limit by itself."""
    how = {"norm": clipping.by_norm, "value": clipping.by_value}[by]
    result = how({name: torch.from_numpy(value) for name, value in gradient.items()}, limit)
    limited = {name: as_numpy(value) for name, value in result.gradient.items()}
    return Clipped(limited, result.norm, result.factor, result.share, result.angle)
