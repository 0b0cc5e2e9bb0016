"""What there is to say of a network of one's own: what was found in its file, and nothing of what it is good at."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.models.card import OWN, Card, Finding, Headline
from explorer.models.checkpoints import limits
from explorer.models.vocabulary import Reader

TASK = "own"


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnCard(Card):
    """The card of a network that came from a file. Its units and its score were never measured.

    reads  what turns a text into its ids or numbers
    steps  how many steps it may read at once
    pinned_by  how the unit that is selected at first was chosen, in words
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
    """What a network opens on whose units nobody has looked at."""
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
