"""Measure the findings of the shipped cards again, from their weights and corpora, and write them into the cards.

    python -m tests.benchmarks.measure_findings [--accept] [NAME ...]

Nothing is trained. What a card already says of a unit has to come out again; a difference is printed and that card left alone, unless
it is accepted. Corpus and headline are those of the recipe.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from functools import cache

import explorer
from explorer.models.card import Finding
from explorer.models.findings import find
from explorer.models.recipes import RECIPES
from explorer.models.recipes.base import Data
from explorer.models.zoo import FOLDER

NEW = ("expected", "erased_deviation", "forced_deviation")
"""Fields that a card may lack."""
CLOSE = 2e-3
"""Numbers are rounded to three places; float32 sums differ from machine to machine."""


@cache
def data(task: str) -> Data:
    """The sequences of a task."""
    return RECIPES[task].data()


def main(names: list[str], *, accept: bool) -> None:
    """Each card in turn."""
    for card in explorer.zoo():
        if names and card.name not in names:
            continue
        model, given = explorer.load(card.name), data(card.task)
        texts = [example.text for example in given.held_out]
        found = tuple(find(model, wanted, given.chosen_on, texts) for wanted in RECIPES[card.task].properties)
        unlike = [
            f"{old.follows}: {key} {said!r} on the card, {now!r} now"
            for old, new in zip(card.findings, found, strict=True)
            for key, said, now in differences(old, new)
        ]
        for one in found:
            print(
                f"{card.name:24} {one.follows:40} unit {one.unit:3} r {one.correlation:+.2f} "
                f"forced {one.forced:+8.3f} ± {one.forced_deviation:.3f} over {one.places}  {'holds' if one.holds else '-'}"
            )
        print(*(f"    {line}" for line in unlike), sep="\n", end="\n" if unlike else "")
        if accept or not unlike:
            recipe = RECIPES[card.task]
            changed = replace(card, findings=found, corpus=recipe.corpus, headline=recipe.headline)
            changed.write(FOLDER / f"{card.name}.json")


def differences(old: Finding, new: Finding) -> list[tuple[str, object, object]]:
    """What a card says that does not come out again."""
    before, now = asdict(old), asdict(new)
    return [
        (key, value, now[key])
        for key, value in before.items()
        if key not in NEW
        and (abs(value - now[key]) > CLOSE * max(1, abs(value)) if isinstance(value, float) else value != now[key])
    ]


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name != "--accept"], accept="--accept" in sys.argv)
