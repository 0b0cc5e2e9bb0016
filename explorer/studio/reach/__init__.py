"""The tabs of the page on gradients: each draws itself for the networks of a task and the chosen objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.figures.theme import Theme
from explorer.models import Card
from explorer.studio.controls import Objective
from explorer.studio.state import Place


@dataclass(frozen=True)
class View:
    """What all tabs are about: the reader's place, the compared networks by cell, the objective, and the tokens."""

    here: Place
    cards: Mapping[str, Card]
    wanted: Objective
    tokens: tuple[str, ...]
    theme: Theme
