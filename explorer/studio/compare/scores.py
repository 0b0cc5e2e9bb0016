"""Scores tab: every trained network of the task on held-out sequences, all seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.analysis.comparing import spreads
from explorer.analysis.numbers import share
from explorer.figures import compare as figures
from explorer.models import Card
from explorer.studio.compare import View, labels, words
from explorer.studio.page import chart
from explorer.studio.sentences import plain

SHARES = ("accuracy", "right", "recalled")
"""Endings of the names of scores that are shares; any other score is a quantity."""


@dataclass(frozen=True)
class Score:
    """A score on the cards of a task: the headline, or another one beside it."""

    key: str
    says: str
    percent: bool
    baseline: float | None = None
    better: str = ""


def draw(view: View) -> None:
    """Draw the whole tab: each score of the cards, the headline first."""
    if not view.shipped.measured:
        st.markdown(words.NO_SCORES)
        return
    cards = dict(zip(labels(view.cards), view.cards, strict=True))
    if view.shipped.wired:
        st.markdown("These networks were **wired by hand**: nothing was trained, and no seed was drawn.")
    every = scores_of(list(cards.values()))
    for number, score in enumerate(every):
        _draw(view, cards, score, number)
    if view.shipped.seeds:
        st.caption(
            "A dot is a seed; the one with the thick rim is shipped: it was chosen by its score on other sequences, not by "
            "these. In the table it is bold."
        )
    for score in every:
        st.markdown(f"**{score.says}**" if len(every) > 1 else "")
        st.markdown(table(cards, score))


def _draw(view: View, cards: Mapping[str, Card], score: Score, number: int) -> None:
    """Draw one score: a sentence on the cells, and a dot for each seed."""
    headline = view.shipped.headline
    scores = {label: of_seeds(card, score.key) for label, card in cards.items()}
    if not view.shipped.wired:
        values = {label: [value for _, value in dots] for label, dots in scores.items()}
        st.markdown(words.of_spreads(spreads(values), len(cards), score.says, share=score.percent))
    figure = figures.scores(
        scores,
        {label: card.seed for label, card in cards.items()},
        f"{score.says} ({score.better} is better)" if score.better else score.says,
        figures.styles({label: card.cell for label, card in cards.items()}, view.theme),
        view.theme,
        percent=score.percent,
        baseline=score.baseline,
        baseline_says=headline.baseline_says,
    )
    chart(
        figure,
        f"scores_{number}_fits" if number else "scores_fits",
        f"The held-out score ({score.says}) of every network of this task and every seed, a dot each, on one axis.",
    )


def scores_of(cards: Sequence[Card]) -> list[Score]:
    """Return the scores that all cards have for every seed: the headline, then the others, without those of excerpts."""
    headline = cards[0].headline
    scores = [Score(headline.key, headline.says, headline.percent, headline.baseline, headline.better)]
    for key in cards[0].scores:
        measured = [set(one) for card in cards for one in (card.seeds or (card.scores,))]
        if key == headline.key or key.startswith("excerpt_") or not all(key in one for one in measured):
            continue
        percent = key.endswith(SHARES) or key.startswith("right")
        chance = headline.baseline if key.endswith("accuracy") and headline.key.endswith("accuracy") else None
        scores.append(Score(key, key.removeprefix("held_out_").replace("_", " "), percent, chance))
    return scores


def of_seeds(card: Card, key: str) -> list[tuple[int, float]]:
    """Return (seed, score) of each trained network."""
    return [(int(one["seed"]), float(one[key])) for one in card.seeds] or [(card.seed, float(card.scores[key]))]


def table(cards: Mapping[str, Card], score: Score) -> str:
    """Return a Markdown table with a column for each network: sizes, and the score of every seed; the shipped one is bold."""
    tried = {label: dict(of_seeds(card, score.key)) for label, card in cards.items()}
    seeds = sorted({seed for scores in tried.values() for seed in scores})
    rows = [
        ["", *map(plain, cards)],
        ["---", *["---:"] * len(cards)],
        ["units", *(str(card.hidden_size) for card in cards.values())],
        ["parameters", *(f"{card.parameters:,}" for card in cards.values())],
    ]
    for seed in seeds:
        cells = [_score(card, seed, tried[label].get(seed), percent=score.percent) for label, card in cards.items()]
        rows.append(["score" if next(iter(cards.values())).wired else f"seed {seed}", *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _score(card: Card, seed: int, score: float | None, *, percent: bool) -> str:
    if score is None:
        return ""
    written = share(score, 1) if percent else f"{score:.4g}"
    return f"**{written}**" if seed == card.seed else written
