"""The tabs of the page on gradients: each draws itself for the networks of a task and the chosen objective."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st

from explorer.figures.theme import Theme
from explorer.models import Card
from explorer.studio import controls, sentences, service
from explorer.studio.controls import Objective
from explorer.studio.service import Progress
from explorer.studio.state import Place
from explorer.studio.waiting import affordable, stoppable

Result = TypeVar("Result")

CHANGED = {"state": "of all that is carried on", "h": "of h", "c": "of c", "x": "of the input x"}
AXIS = {"state": "carried state", "h": "h", "c": "c", "x": "x"}


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

    def row(self, card: Card) -> int:
        """The row of a network that is looked at."""
        return self.here.row_of(card.rows)

    @property
    def backward(self) -> bool:
        """Whether the row reads from the last token to the first."""
        return self.here.card.bidirectional and self.here.layer % 2 == 1

    @property
    def target(self) -> int:
        """The step whose result moves; of the mean the one that is read last."""
        return 0 if self.wanted.of == "mean" and self.backward else self.wanted.at

    @property
    def back(self) -> list[int]:
        """The steps from the target back to the first one that the row has read."""
        trace = service.trace(self.here.model, self.here.text)
        return list(trace.steps_read(self.target, self.here.layer))[::-1]

    def measure(self) -> str:
        """What the gradient is by, as the reader chooses."""
        return controls.measure(
            [service.model(card.name).cell.State._fields for card in self.cards.values()], "by", "x"
        )

    def having(self, measure: str) -> View:
        """The same view of the networks that have this state; the others are named."""
        lacking = [
            cell
            for cell, card in self.cards.items()
            if measure not in ("state", "x") and measure not in service.model(card.name).cell.State._fields
        ]
        if lacking:
            st.caption(sentences.of_lacking(lacking, measure))
        cards = {cell: card for cell, card in self.cards.items() if cell not in lacking}
        return replace(self, cards=cards)

    def other_order(self) -> str:
        """That the row reads backwards, where it does."""
        return (
            " This row reads from the last token to the first: what it read earlier stands later."
            if self.backward
            else ""
        )
