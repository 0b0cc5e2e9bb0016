"""The tabs of the page on one training step: each draws itself for the network, its text and the gradient of the mean loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.figures.theme import Theme
from explorer.models import Itemised
from explorer.models.answers import ANSWERS
from explorer.signals import Array
from explorer.studio.state import Place


@dataclass(frozen=True)
class View:
    """What all tabs are about.

    right   the right answer, as the library wants to be told it: {"label": …} or {"target": …}; empty where the text holds it
    unit    of the losses, as words that follow a number
    """

    here: Place
    apart: Itemised
    right: Mapping[str, Any]
    unit: str
    tokens: tuple[str, ...]
    theme: Theme

    @property
    def of_next(self) -> bool:
        """Whether the right answer of a step is the token after it."""
        return ANSWERS[self.here.card.answer].in_text

    @property
    def shares(self) -> Array:
        """[target, source]: the itemised gradient over the steps that have a loss. What comes after the last of them is used by none."""
        return self.apart.shares[:, : len(self.apart.shares)]

    @property
    def broken(self) -> bool:
        """Whether the gradient is no finite number."""
        return not np.isfinite(self.apart.norm)

    @property
    def moved(self) -> bool:
        """Whether there is a gradient to be taken apart."""
        return not self.broken and self.apart.norm > 0
