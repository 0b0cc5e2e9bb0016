"""counter: as many b as there were a. What has to be remembered is a number (Gers & Schmidhuber 2001)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.models.model import Model
from explorer.models.recipes.base import Batch, Budget, Data, Example, Headline, Property, Recipe, Tokens, drawn, padded
from explorer.models.scoring import scores_of
from explorer.models.vocabulary import Characters
from explorer.signals import Array

READER = Characters(("a", "b", "."))
TRAINED = 10
"""The most a in training; a seed is chosen on 11 to 20, and 21 to 30 are held out."""
UNSURE = 0.1
"""Weight of the answer after an a or a full stop, where more than one symbol is right. Without it those steps could
give anything, and generation would fail; with it as many of ten seeds count to 30."""


def run(count: int) -> str:
    """Run of `count` a, as many b, and the end."""
    return "a" * count + "b" * count + "."


def data() -> Data:
    """Data of the task; the held-out texts are longer than anything in training."""
    random = np.random.default_rng([20, 1])
    return Data(
        reader=READER,
        batches=drawn(batch),
        held_out=tuple(Example(run(count)) for count in range(2 * TRAINED + 1, 3 * TRAINED + 1)),
        chosen_on=tuple(_text(random) for _ in range(200)),
    )


def batch(random: np.random.Generator, size: int) -> Batch:
    """Texts side by side, each from the zero state."""
    return padded([_weighted(_text(random)) for _ in range(size)])


def _text(random: np.random.Generator, most: int = TRAINED) -> str:
    """One run, or two, so that the count has to be given up at a full stop."""
    return "".join(run(int(count)) for count in random.integers(1, most + 1, random.integers(1, 3)))


def _weighted(text: str) -> tuple[Array, Array, Array]:
    ids = READER.encode(text).values
    certain = np.array([answer is not None for answer in truth(text)])
    return ids[:-1], ids[1:], np.where(certain, 1.0, UNSURE)[:-1]


def balance(tokens: Tokens) -> Array:
    """Excess of a over b since the last full stop."""
    marks, more = np.zeros(len(tokens)), 0
    for step, symbol in enumerate(tokens):
        more = 0 if symbol == "." else more + (symbol == "a") - (symbol == "b")
        marks[step] = more
    return marks


def truth(tokens: Tokens) -> list[str | None]:
    """Right answers: after a b that still has an a to go with, the next symbol is certain, another b or the end. None
    elsewhere."""
    answers: list[str | None] = []
    before, wrong = ".", False
    for symbol, more in zip(tokens, balance(tokens), strict=True):
        # An a after a b, or a b too many, makes the rest of a run wrong.
        wrong = symbol != "." and (wrong or (before, symbol) == ("b", "a") or more < 0)
        answers.append(("b" if more else ".") if symbol == "b" and not wrong else None)
        before = symbol
    return answers


def before_end(tokens: Tokens) -> Array:
    """The steps of a b, where the count alone tells whether it was the last."""
    return np.flatnonzero([answer is not None for answer in truth(tokens)])


def surest(model: Model, texts: Sequence[str]) -> dict[str, tuple[bool, float]]:
    """For each text: True if the network's likeliest symbol is right wherever the next one is certain, and P of all of
    them together."""
    results = {}
    for k, scores in scores_of(model, texts):
        certain = [(step, READER.id_of(symbol)) for step, symbol in enumerate(truth(texts[k])) if symbol]
        log_p = (
            scores
            - np.log(np.exp(scores - scores.max(1, keepdims=True)).sum(1, keepdims=True))
            - scores.max(1, keepdims=True)
        )
        right = all(int(scores[step].argmax()) == column for step, column in certain)
        results[texts[k]] = right, float(np.exp(sum(log_p[step, column] for step, column in certain)))
    return results


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Shares of texts in which every b and the end are right, and how far all counts are, up to 100."""
    farthest = 100
    texts = {count: run(count) for count in range(1, farthest + 1)}
    three = {count: run(TRAINED) + run(3) + text for count, text in texts.items() if count <= 3 * TRAINED}
    results = surest(model, [*(example.text for example in examples), *texts.values(), *three.values()])
    wrong = [count for count, text in texts.items() if not results[text][0]]
    return {
        "held_out_right": float(np.mean([results[example.text][0] for example in examples])),
        "right_1_to_30": float(np.mean([results[texts[count]][0] for count in three])),
        "right_1_to_30_as_the_third_run": float(np.mean([results[text][0] for text in three.values()])),
        "all_right_up_to": float(min(wrong, default=farthest + 1) - 1),
    }


def selection(model: Model) -> float:
    """Mean probability of every b and of the end of runs of 11 to 20."""
    return float(np.mean([p for _, p in surest(model, [run(n) for n in range(TRAINED + 1, 2 * TRAINED + 1)]).values()]))


EIGHT = run(8)

RECIPE = Recipe(
    task="counter",
    title="Counter",
    sentence="Reads some a and guesses the b: exactly as many, then the full stop. Two units have to count.",
    group="Counting",
    corpus={"text": "made by a rule: aⁿbⁿ, n up to 10", "held out": "n from 21 to 30; a seed is chosen on 11 to 20"},
    licence="text: none needed, made by a rule; weights: Apache-2.0",
    answer="next token",
    data=data,
    score=score,
    headline=Headline(
        key="held_out_right", says="of the runs of 21 to 30 all right", better="higher", percent=True, baseline=0.0
    ),
    properties=(
        Property(
            name="a's minus b's so far",
            of=balance,
            foretells="the full stop",
            expected=-1,
            foretold=before_end,
            label=".",
            show_text=EIGHT,
            counted=True,
        ),
    ),
    examples={
        "Eight and eight": EIGHT,
        "Twenty-five, trained to ten": run(25),
        "Three runs": run(4) + run(9) + run(2),
        "A b too many": "aaaaabbbbbb",
        "Sixty": run(60),
    },
    # The noise on h makes the network keep far from where its mind would change.
    budget=Budget(steps=3000, batch=10, learning_rate=1e-2, noise=0.3),
    input_size=3,
    hidden_size=2,
    seeds=tuple(range(1, 11)),
    selection=selection,
    generate=lambda random: Example(_text(random, 2 * TRAINED)),
    truth=truth,
)
