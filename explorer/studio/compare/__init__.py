"""The tabs of the page that compares networks: with and without a token, side by side, differences, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.figures.theme import Theme
from explorer.models import Card
from explorer.models.answers import ANSWERS, Answer
from explorer.models.matching import Variant
from explorer.models.shelf import shipped
from explorer.models.zoo import MAIN
from explorer.studio import service
from explorer.studio.state import Place


@dataclass(frozen=True)
class Network:
    """One that is compared. `name` is how the service knows it, `label` how a reader does."""

    name: str
    label: str
    cell: str


@dataclass(frozen=True)
class View:
    """What all tabs are about: the reader's place, the task's trained networks, the tokens."""

    here: Place
    cards: Sequence[Card]
    tokens: tuple[str, ...]
    theme: Theme

    @property
    def answer(self) -> Answer:
        """What the networks of this task answer with."""
        return ANSWERS[self.here.card.answer]

    @property
    def shipped(self) -> Card:
        """The network at the left, or the one beside which that is an untrained one."""
        return next(card for card in self.cards if card.name == shipped(self.here.model))

    @property
    def siblings(self) -> dict[str, Network]:
        """The task's networks by label, those that every task has first; behind them the one at the left, where it is untrained."""
        cards = sorted(self.cards, key=lambda card: -MAIN.index(card.cell) if card.cell in MAIN else 1)
        found = {label: Network(card.name, label, card.cell) for label, card in zip(labels(cards), cards, strict=True)}
        variant = Variant.named(self.here.model)
        if variant is not None:
            found[untrained(variant.cell)] = Network(self.here.model, untrained(variant.cell), variant.cell)
        return found

    @property
    def own(self) -> str:
        """The label of the network at the left."""
        return self.label_of(self.here.model)

    def label_of(self, name: str) -> str:
        """The label of one of the siblings."""
        return next(label for label, network in self.siblings.items() if network.name == name)


def untrained(cell: str) -> str:
    """The label of an untrained network."""
    return f"untrained {cell.upper()}"


def labels(cards: Sequence[Card]) -> list[str]:
    """Each network's name on this page: its cell's, and its own where several have that cell."""
    cells = [card.cell for card in cards]
    return [card.cell.upper() if cells.count(card.cell) == 1 else card.name for card in cards]


def problem(network: Network) -> str | None:
    """Why there is no such network; None where there is."""
    try:
        service.model(network.name)
    except (ValueError, TypeError, NotImplementedError) as error:
        return str(error)
    return None
