"""Gradient clipping, by norm or by value: pure functions, with statistics of the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

from explorer.backend.itemised import angle, norm_of

CLOSE = 1e-6
"""torch adds so much to the norm, so that it is never divided by 0; the same here, since the numbers shall be torch's."""


Values = TypeVar("Values")


@dataclass(frozen=True)
class Clipped(Generic[Values]):
    """A clipped gradient, as tensors here and as arrays above.

    gradient  name -> what is left
    norm      before
    factor    what all of it was multiplied by: 1 where nothing was clipped; None for clipping by value
    share     of the entries that were cut, 0 to 1; None for clipping by norm
    angle     between before and after, in degrees: by norm the direction stays, by value it turns
    """

    gradient: dict[str, Values]
    norm: float
    factor: float | None
    share: float | None
    angle: float


def by_norm(gradient: Mapping[str, Tensor], limit: float) -> Clipped[Tensor]:
    """Gradient scaled down so that its norm is at most `limit` (Pascanu et al. 2013), as torch's clip_grad_norm_ does
    it."""
    _positive(limit)
    norm = norm_of(gradient)
    factor = min(1.0, limit / (norm + CLOSE))
    clipped = {name: value * factor for name, value in gradient.items()}
    return Clipped(clipped, norm, factor, None, angle(gradient, clipped))


def by_value(gradient: Mapping[str, Tensor], limit: float) -> Clipped[Tensor]:
    """Gradient with each entry limited to ±`limit`, as torch's clip_grad_value_ does it."""
    _positive(limit)
    cut = sum(int((value.abs() > limit).sum()) for value in gradient.values())
    clipped = {name: value.clamp(-limit, limit) for name, value in gradient.items()}
    share = cut / sum(value.numel() for value in gradient.values())
    return Clipped(clipped, norm_of(gradient), None, share, angle(gradient, clipped))


def _positive(limit: float) -> None:
    if not limit > 0:
        raise ValueError(f"a gradient cannot be clipped at {limit}; give a number above 0")
