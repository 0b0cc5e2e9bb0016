"""Clipping a gradient that is at hand as arrays: `clipped`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from explorer.backend import clipping
from explorer.models.model import as_numpy
from explorer.signals import Array


@dataclass(frozen=True)
class Clipped:
    """A clipped gradient, and what that did to it.

    gradient  name -> what is left
    norm      before
    factor    what all of it was multiplied by: 1 where nothing was clipped; None for clipping by value
    share     of the entries that were cut, 0 to 1; None for clipping by norm
    angle     between before and after, in degrees
    """

    gradient: dict[str, Array]
    norm: float
    factor: float | None
    share: float | None
    angle: float


def clipped(gradient: Mapping[str, Array], by: str, limit: float) -> Clipped:
    """`by` "norm": all of it scaled down to the limit; "value": each entry held to ±limit by itself."""
    how = {"norm": clipping.by_norm, "value": clipping.by_value}[by]
    found = how({name: torch.from_numpy(value) for name, value in gradient.items()}, limit)
    left = {name: as_numpy(value) for name, value in found.gradient.items()}
    return Clipped(left, found.norm, found.factor, found.share, found.angle)
