"""The tabs of the page on gradients: each draws itself for the networks of a task and the chosen objective."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from explorer.figures.theme import Theme
from explorer.models import Card
from explorer.studio.controls import Objective
from explorer.studio.service import Progress
from explorer.studio.state import Place
from explorer.studio.waiting import affordable, stoppable

Result = TypeVar("Result")


@dataclass(frozen=True)
class View:
    """What all tabs are about: the reader's place, the compared networks by cell, the objective, and the tokens."""

    here: Place
    cards: Mapping[str, Card]
    wanted: Objective
    tokens: tuple[str, ...]
    theme: Theme

    def affordable(self, readings: int | None, says: str) -> bool:
        """Whether all networks may be put to so many readings of the text, None being a reading a unit; what is too much is said."""
        steps = len(self.tokens)
        return all(affordable(card, steps, readings or card.hidden_size, says) for card in self.cards.values())

    def of_each(self, says: str, what: Hashable, compute: Callable[[Card, Progress], Result]) -> dict[str, Result]:
        """What `compute` makes of each network; with a bar that can be stopped where that takes long. `says` is what is done, `what`
        is what makes it another computation."""

        def of_one(cell: str, card: Card) -> Result:
            whole = (says, card.name, self.here.text, what)
            return stoppable(f"{says}, {cell.upper()}", whole, lambda told: compute(card, told))

        return {cell: of_one(cell, card) for cell, card in self.cards.items()}
