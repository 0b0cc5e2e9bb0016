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
    """Data for all tabs: the user's place, the compared networks by cell, the objective, and the tokens."""

    here: Place
    cards: Mapping[str, Card]
    wanted: Objective
    tokens: tuple[str, ...]
    theme: Theme

    def affordable(self, readings: int | None, says: str) -> bool:
        """Return whether every network may run this many forward passes (None: one per unit); otherwise show a message."""
        steps = len(self.tokens)
        return all(affordable(card, steps, readings or card.hidden_size, says) for card in self.cards.values())

    def of_each(self, says: str, what: Hashable, compute: Callable[[Card, Progress], Result]) -> dict[str, Result]:
        """Return `compute` for each network, with a progress bar that can be stopped. `says` describes the computation on screen, `what`
        identifies it."""

        def of_one(cell: str, card: Card) -> Result:
            whole = (says, card.name, self.here.text, what)
            return stoppable(f"{says}, {cell.upper()}", whole, lambda told: compute(card, told))

        return {cell: of_one(cell, card) for cell, card in self.cards.items()}

    def row(self, card: Card) -> int:
        """Return the row to show for a network."""
        return self.here.row_of(card.rows)

    @property
    def backward(self) -> bool:
        """True if the row reads from the last token to the first."""
        return self.here.card.bidirectional and self.here.layer % 2 == 1

    @property
    def target(self) -> int:
        """The step whose result moves; for the mean, the step that is read last."""
        return 0 if self.wanted.of == "mean" and self.backward else self.wanted.at

    @property
    def back(self) -> list[int]:
        """The steps from the target back to the first one that the row has read."""
        trace = service.trace(self.here.model, self.here.text)
        return list(trace.steps_read(self.target, self.here.layer))[::-1]

    def measure(self) -> str:
        """Ask what the gradient is with respect to."""
        return controls.measure(
            [service.model(card.name).cell.State._fields for card in self.cards.values()], "by", "x"
        )

    def having(self, measure: str) -> View:
        """Return this view with only the networks that have this state, and name the others."""
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
        """Return a sentence on the reading direction for a backward row, else ""."""
        return (
            " This row reads from the last token to the first: what it read earlier stands later."
            if self.backward
            else ""
        )
