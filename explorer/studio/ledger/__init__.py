"""The tabs of the page on the conveyor belt: the belt itself, who wrote it, and what of it comes down to the answer."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.ledger import Ledger, ledger
from explorer.models.answers import ANSWERS, Answer
from explorer.signals import Belt, Trace
from explorer.studio.components.stage.payload import identity
from explorer.studio.state import Place


@dataclass(frozen=True)
class View:
    """Data for all tabs: the user's place and the trace."""

    here: Place
    trace: Trace

    @property
    def answer(self) -> Answer:
        """The kind of answer that the network gives."""
        return ANSWERS[self.here.card.answer]

    @property
    def reading(self) -> str:
        """The stage's name for the reading."""
        return identity(self.here)

    def ledger(self, belt: Belt) -> Ledger:
        """Return the account of one belt."""
        return ledger(self.trace, belt.state)
