"""What a recipe says: where the text comes from, how it is split, what is trained and for how long, what to look for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.backend.training import Budget
from explorer.signals import Array


@dataclass(frozen=True)
class Split:
    """Two texts that share nothing."""

    train: str
    held_out: str


@dataclass(frozen=True, kw_only=True)
class Property:
    """Something that is true or not at each character of a text, and what it foretells.

    of          text -> array [step] of 0 and 1
    foretold    where the property should move the prediction: text -> the steps whose next character is `foretells`
    """

    name: str
    of: Callable[[str], Array]
    foretells: str
    foretold: Callable[[str], Array]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A task, whole: adding one is adding a file that makes one of these."""

    task: str
    title: str
    reads: str
    corpus: Mapping[str, str]
    licence: str
    split: Callable[[], Split]
    budget: Budget
    options: Mapping[str, Mapping[str, Any]]
    """Of the cells, as `explorer.cells.build` takes them: cell name -> options."""
    input_size: int
    hidden_size: int
    seed: int
    show_text: str
    show_property: Property
    examples: Mapping[str, str]
    excerpt: Callable[[str], str]
    """Of the held-out text: the part that is shipped, so that the score can be checked without the corpus."""


def inside_quotes(text: str) -> Array:
    """1 from an opening double quote up to the character before the closing one; a paragraph's end closes what was left open."""
    inside, marks = False, np.zeros(len(text))
    for step, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character == "\n":
            inside = False
        marks[step] = inside
    return marks


def before_closing_quote(text: str) -> Array:
    """The steps at which the next character is a closing double quote."""
    closing = (inside_quotes(text)[:-1] == 1) & (np.array(list(text[1:])) == '"')
    return np.flatnonzero(closing)
