"""Registry of all networks by name: the shipped ones, the user's uploads, and beside each of them untrained ones of any
cell, built on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from os.path import isfile
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from explorer.cells import names
from explorer.models import checkpoints, zoo
from explorer.models.card import UNTRAINED, Card
from explorer.models.checkpoints.card import nothing_known
from explorer.models.matching import Variant, matched
from explorer.models.model import Model

GUEST = "own-"
"""Prefix of the names of guests: networks from the user's own files. They are looked up each time; the registry caches
nothing of them."""
Guests = Callable[[str], Model | None]
_guests: list[Guests] = []
_beside: WeakKeyDictionary[Model, dict[Variant, Card]] = WeakKeyDictionary()


def welcome(guests: Guests) -> None:
    """Set the function that looks up guests: it receives a name that begins like a guest's, and returns None for one
    that it does not have."""
    _guests[:] = [guests]


def is_guest(name: str) -> bool:
    """True if the network, or the one beside which it stands, is from the user's own file."""
    return name.startswith(GUEST)


def card_of(name: str) -> Card:
    """Card of a network. Raises ValueError for a name that is neither shipped, nor a guest's, nor of an untrained
    network that can be built."""
    variant = Variant.named(name)
    if variant is not None:
        return _guest_variant(variant) if is_guest(name) else _shared_card(variant)
    return _guest_card(name) if is_guest(name) else zoo.card_of(name)


def load(name: str) -> Model:
    """The network of that name, in evaluation mode. Raises ValueError like `card_of`, and for weights that are not those of the card."""
    variant = Variant.named(name)
    if variant is None:
        return _guest(name) if is_guest(name) else zoo.load(name)
    model = matched(variant, load(variant.beside))
    model.card = card_of(name)
    return model


def opened(name: str | Path, vocabulary: Any = None, **parts: Any) -> Model:
    """Load a network by the name of a shipped one, or by the path of an uploaded file; `vocabulary` and `parts` are the arguments of
    `explorer.models.checkpoints.load`.

    Raises ValueError for a file that is not understood, and for what is neither the name of a network nor the path of a file.
    """
    if isfile(name):
        return checkpoints.load(name, vocabulary, **parts)
    return load(str(name))


def _guest(name: str) -> Model:
    for guests in _guests:
        if model := guests(name):
            return model
    raise ValueError(f"the network {name!r} is not here: an uploaded network exists only in the session of its upload")


def _guest_card(name: str) -> Card:
    card = _guest(name).card
    assert card is not None
    return card


def _guest_variant(variant: Variant) -> Card:
    """Kept for as long as the guest itself is."""
    cards = _beside.setdefault(_guest(variant.beside), {})
    if variant not in cards:
        cards[variant] = _card(variant)
    return cards[variant]


def siblings(name: str) -> list[Card]:
    """The rnn, gru and lstm of this one's task, or the guest itself; behind them this one, where it is another."""
    card = card_of(name)
    main = [other for other in relatives(name) if other.cell in zoo.MAIN or other.own]
    return main if card in main else [*main, card]


def relatives(name: str) -> list[Card]:
    """The networks of this one's task: the shipped rnn, gru, lstm, then others; a guest is the only one of its."""
    card = card_of(shipped(name))
    return [card] if card.own else [other for other in zoo.zoo() if other.task == card.task]


def by_cell(name: str, seed: int = 0) -> dict[str, str]:
    """For each cell the name of a network of its own beside this one: the shipped one of the same task if there is one,
    else an untrained one."""
    there = {card.cell: card.name for card in relatives(name)}
    return {cell: there.get(cell) or Variant(cell, seed, shipped(name)).name for cell in names()}


def is_shipped(name: str) -> bool:
    """True if the name would be that of a shipped network, or of a guest itself."""
    return Variant.named(name) is None


def shipped(name: str) -> str:
    """The network that an untrained one stands beside; any other one itself."""
    variant = Variant.named(name)
    return name if variant is None else variant.beside


@lru_cache(maxsize=64)
def _shared_card(variant: Variant) -> Card:
    return _card(variant)


def _card(variant: Variant) -> Card:
    """Card of an untrained network: it has no findings on its units, and no score."""
    beside, model = card_of(variant.beside), matched(variant, load(variant.beside))
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
        findings=(nothing_known(beside.show.text, step=beside.show.step, rule=UNTRAINED),),
    )
