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
    """What all tabs are about: the reader's place and the reading."""

    here: Place
    trace: Trace

    @property
    def answer(self) -> Answer:
        """What the network answers with."""
        return ANSWERS[self.here.card.answer]

    @property
    def reading(self) -> str:
        """The reading, as the stage calls it."""
        return identity(self.here)

    def ledger(self, belt: Belt) -> Ledger:
        """The account of one belt."""
        return ledger(self.trace, belt.state)
