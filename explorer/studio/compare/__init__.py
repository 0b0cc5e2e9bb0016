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
    """A network to compare. `name` is its name in the service, `label` its name on the page."""

    name: str
    label: str
    cell: str


@dataclass(frozen=True)
class View:
    """Data for all tabs: the user's place, the task's trained networks, the tokens."""

    here: Place
    cards: Sequence[Card]
    tokens: tuple[str, ...]
    theme: Theme

    @property
    def answer(self) -> Answer:
        """The kind of answer that this task's networks give."""
        return ANSWERS[self.here.card.answer]

    @property
    def shipped(self) -> Card:
        """The network at the left, or the shipped one that an untrained network at the left is a variant of."""
        return next(card for card in self.cards if card.name == shipped(self.here.model))

    @property
    def siblings(self) -> dict[str, Network]:
        """The task's networks by label: those of the main cells first, then the network at the left if it is untrained."""
        cards = sorted(self.cards, key=lambda card: -MAIN.index(card.cell) if card.cell in MAIN else 1)
        networks = {
            label: Network(card.name, label, card.cell) for label, card in zip(labels(cards), cards, strict=True)
        }
        variant = Variant.named(self.here.model)
        if variant is not None:
            networks[untrained(variant.cell)] = Network(self.here.model, untrained(variant.cell), variant.cell)
        return networks

    @property
    def own(self) -> str:
        """Label of the network at the left."""
        return self.label_of(self.here.model)

    def label_of(self, name: str) -> str:
        """Return the label of one of the siblings."""
        return next(label for label, network in self.siblings.items() if network.name == name)


def untrained(cell: str) -> str:
    """Return the label of an untrained network."""
    return f"untrained {cell.upper()}"


def labels(cards: Sequence[Card]) -> list[str]:
    """Return each network's label on this page: its cell's name, or its own if several networks have that cell."""
    cells = [card.cell for card in cards]
    return [card.cell.upper() if cells.count(card.cell) == 1 else card.name for card in cards]


def problem(network: Network) -> str | None:
    """Return why the network cannot be built, or None if it can."""
    try:
        service.model(network.name)
    except (ValueError, TypeError, NotImplementedError) as error:
        return str(error)
    return None
