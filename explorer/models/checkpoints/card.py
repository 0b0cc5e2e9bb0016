"""The card of an uploaded model: what its file contains, without any claim about how well it performs."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.models.card import OWN, Card, Finding, Headline
from explorer.models.checkpoints import limits
from explorer.models.vocabulary import Reader

TASK = "own"


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnCard(Card):
    """The card of a model loaded from a file. Neither its units nor its score have been measured.

    reads      the reader that turns a text into ids or numbers
    steps      maximum number of steps in one forward pass
    pinned_by  how the initially selected unit was chosen, in words
    """

    reads: Reader
    steps: int
    pinned_by: str = ""

    @property
    def reader(self) -> Reader:
        return self.reads

    @property
    def window(self) -> int:
        return self.steps

    def affords(self, steps: int, readings: int) -> bool:
        return limits.work(self.hidden_size, self.rows, steps, readings) <= limits.MOST_WORK


NO_HEADLINE = Headline(key="", says="", better="higher")


def nothing_known(text: str, unit: int = 0, step: int = 0, rule: str = OWN) -> Finding:
    """Return the opening finding of a model whose units have not been analysed."""
    return Finding(
        follows="",
        layer=0,
        unit=unit,
        correlation=0.0,
        null=0.0,
        erased=0.0,
        forced=0.0,
        rank=0,
        foretells="",
        measured="",
        places=0,
        text=text,
        step=step,
        rule=rule,
    )
