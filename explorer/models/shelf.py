"""All networks by name: those that are shipped, and beside each of them untrained ones of any cell, made when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from explorer.cells import names
from explorer.models import zoo
from explorer.models.card import Card, Finding
from explorer.models.matching import Variant, matched
from explorer.models.model import Model


def card_of(name: str) -> Card:
    """Raises ValueError for a name that is neither shipped nor of an untrained network that can be built."""
    variant = Variant.named(name)
    return zoo.card_of(name) if variant is None else _card(variant)


def load(name: str) -> Model:
    """The network of that name, in evaluation mode. Raises ValueError like `card_of`, and for weights that are not those of the card."""
    variant = Variant.named(name)
    if variant is None:
        return zoo.load(name)
    model = matched(variant, zoo.load(variant.beside))
    model.card = _card(variant)
    return model


def siblings(name: str) -> list[Card]:
    """The rnn, gru and lstm of this one's task; behind them this one itself, where it is another."""
    card = card_of(name)
    main = [other for other in relatives(card.task) if other.cell in zoo.MAIN]
    return main if card in main else [*main, card]


def relatives(task: str) -> list[Card]:
    """The shipped networks of a task: rnn, gru, lstm, then others."""
    return [card for card in zoo.zoo() if card.task == task]


def by_cell(name: str, seed: int = 0) -> dict[str, str]:
    """For each cell the name of a network of its own beside this one: the shipped one of the same task where there is one, else an
    untrained one."""
    there = {card.cell: card.name for card in relatives(card_of(name).task)}
    return {cell: there.get(cell) or Variant(cell, seed, shipped(name)).name for cell in names()}


def is_shipped(name: str) -> bool:
    """Whether a network of that name would be a shipped one."""
    return Variant.named(name) is None


def shipped(name: str) -> str:
    """The shipped network that an untrained one stands beside; a shipped one itself."""
    variant = Variant.named(name)
    return name if variant is None else variant.beside


@lru_cache(maxsize=64)
def _card(variant: Variant) -> Card:
    """What there is to say of an untrained network: nothing is known of its units, and it has no score."""
    beside = zoo.card_of(variant.beside)
    model = matched(variant, zoo.load(variant.beside))
    nothing = Finding(
        follows="",
        layer=0,
        unit=0,
        correlation=0.0,
        null=0.0,
        erased=0.0,
        forced=0.0,
        rank=0,
        foretells="",
        measured="",
        places=0,
        text=beside.show.text,
        step=beside.show.step,
        rule="untrained",
    )
    return replace(
        beside,
        name=variant.name,
        cell=variant.cell,
        options={},
        hidden_size=model.stack.hidden_size,
        seed=variant.seed,
        seeds=(),
        budget={},
        command="",
        scores={},
        parameters=model.parameter_count,
        sha256="",
        findings=(nothing,),
    )
