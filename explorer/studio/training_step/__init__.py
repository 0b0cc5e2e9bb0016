"""The tabs of the training-step page: each draws itself for the network, its text and the gradient of the mean loss."""

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
    """Data for all tabs.

    right   the right answer as the library takes it: {"label": …} or {"target": …}; empty if the text contains it
    unit    unit of the losses, as a suffix
    """

    here: Place
    apart: Itemised
    right: Mapping[str, Any]
    unit: str
    tokens: tuple[str, ...]
    theme: Theme

    @property
    def of_next(self) -> bool:
        """True if the right answer of a step is the token after it."""
        return ANSWERS[self.here.card.answer].in_text

    @property
    def shares(self) -> Array:
        """[target, source]: the itemised gradient over the steps that have a loss; later steps do not contribute."""
        return self.apart.shares[:, : len(self.apart.shares)]

    @property
    def broken(self) -> bool:
        """True if the gradient is NaN or infinite."""
        return not np.isfinite(self.apart.norm)

    @property
    def moved(self) -> bool:
        """True if there is a gradient to decompose."""
        return not self.broken and self.apart.norm > 0
