"""brackets: is every bracket closed? After each character. A depth that goes up and down has to be remembered, and a mistake."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.models.model import Model
from explorer.models.recipes.base import Batch, Budget, Data, Example, Headline, Property, Recipe, Tokens, drawn, padded
from explorer.models.scoring import label_accuracy, scores_of
from explorer.models.vocabulary import Characters
from explorer.signals import Array

READER = Characters(("(", ")"))
LABELS = ("balanced", "open", "broken")
TRAINED = (40, 10)
"""The longest text and the greatest depth in training."""
LONGER = (120, 30)
"""The longest text and the greatest depth of held-out texts."""
ELSEWHERE = 0.1
"""Weight of an answer that the count does not decide; a closing bracket that leaves one open, or none, has 1. On texts
without mistakes, LSTMs of 2 units: with it three of six had all held-out texts right; with equal weights none of
four."""


def data() -> Data:
    """Data of the task; the held-out texts are longer and deeper than anything in training."""
    return Data(
        reader=READER,
        batches=drawn(batch),
        held_out=large_texts(1, *LONGER),
        chosen_on=tuple(example.text for example in large_texts(2, *TRAINED)),
    )


def large_texts(seed: int, longest: int, deepest: int, count: int = 300) -> tuple[Example, ...]:
    """Fixed texts of at least two thirds of that length, and of that depth before a mistake. Those of LONGER are from twice to three
    times as large as the largest of training."""
    random = np.random.default_rng([10, seed])
    examples: list[Example] = []
    while len(examples) < count:
        one = text(random, longest, deepest, mistakes=0.75)
        if 3 * len(one) >= 2 * longest and 3 * depths(one).max() >= 2 * deepest:
            examples.append(Example(one, truth(one)))
    return tuple(examples)


def text(random: np.random.Generator, longest: int, deepest: int, mistakes: float = 0.25) -> str:
    """A walk from one depth to the next. That share of the texts has a closing bracket too many where none was open."""
    length, depth = int(random.integers(2, longest + 1)), 0
    symbols: list[str] = []
    while len(symbols) < length:
        aim = 0 if random.random() < 0.4 else int(random.integers(deepest + 1))
        symbols += ("(" if depth < aim else ")") * abs(aim - depth)
        depth = aim
    symbols = symbols[:length]
    if random.random() < mistakes:
        level = np.flatnonzero(np.concatenate([[0], depths(symbols)])[:-1] == 0)
        symbols[int(random.choice(level))] = ")"
    return "".join(symbols)


def batch(random: np.random.Generator, size: int) -> Batch:
    """Texts side by side, each from the zero state; every character has a target."""
    return padded([_asked(text(random, *TRAINED)) for _ in range(size)])


def _asked(text: str) -> tuple[Array, Array, Array]:
    labels = np.array([LABELS.index(label) for label in truth(text)])
    telling = (np.array(list(text)) == ")") & (depths(text) <= 1)
    return READER.encode(text).values, labels, np.where(telling, 1.0, ELSEWHERE)


def depths(tokens: Tokens) -> Array:
    """Number of open brackets; from a closing one too many on, 0."""
    marks, depth, broken = np.zeros(len(tokens)), 0, False
    for step, symbol in enumerate(tokens):
        depth += (symbol == "(") - (symbol == ")")
        broken = broken or depth < 0
        marks[step] = 0 if broken else depth
    return marks


def broken(tokens: Tokens) -> Array:
    """1 from a closing bracket too many on."""
    steps = [(symbol == "(") - (symbol == ")") for symbol in tokens]
    return np.asarray(np.minimum.accumulate(np.cumsum(steps)) < 0, dtype=np.float64)


def truth(tokens: Tokens) -> tuple[str, ...]:
    """The label after each character."""
    return tuple(
        "broken" if wrong else "open" if depth else "balanced"
        for depth, wrong in zip(depths(tokens), broken(tokens), strict=True)
    )


def at_level(tokens: Tokens) -> Array:
    """The steps at which no bracket is open and none was one too many."""
    return np.flatnonzero([label == "balanced" for label in truth(tokens)])


def after_mistake(tokens: Tokens) -> Array:
    """The steps from a closing bracket too many on."""
    return np.flatnonzero(broken(tokens))


def generate(random: np.random.Generator) -> Example:
    """Up to half longer and deeper than in training."""
    one = text(random, 60, 15)
    return Example(one, truth(one))


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Shares of characters after which the label is right, and of texts that are right throughout."""
    steps, whole = label_accuracy(model, examples)
    return {"held_out_texts_right": whole, "held_out_labels_right": steps}


def selection(model: Model) -> float:
    """The mean probability of the right label, on longer texts of their own."""
    texts = large_texts(3, *LONGER, count=150)
    probabilities: list[float] = []
    for k, scores in scores_of(model, [example.text for example in texts]):
        p = np.exp(scores - scores.max(1, keepdims=True))
        right = [LABELS.index(label) for label in texts[k].answer]
        probabilities += list((p / p.sum(1, keepdims=True))[np.arange(len(right)), right])
    return float(np.mean(probabilities))


NESTED = "(()((())))()(())"
MISTAKE = "(()(()))())(()())"
DEEP = "(" * 20 + ")" * 19 + "(())" + ")"

RECIPE = Recipe(
    task="brackets",
    title="Brackets",
    sentence="Reads brackets and says after each whether all are closed, some are open, or one was too many.",
    group="Counting",
    corpus={
        "text": f"made by a rule: up to {TRAINED[0]} characters, {TRAINED[1]} deep",
        "held out": f"{2 * TRAINED[0]} to {LONGER[0]} characters, {2 * TRAINED[1]} to {LONGER[1]} deep",
    },
    licence="text: none needed, made by a rule; weights: Apache-2.0",
    answer="label",
    labels=LABELS,
    data=data,
    score=score,
    headline=Headline(
        key="held_out_texts_right",
        says="of the longer texts right throughout",
        better="higher",
        percent=True,
        baseline=0.0,
    ),
    properties=(
        Property(
            name="bracket depth",
            of=depths,
            foretells="balanced",
            expected=-1,
            foretold=at_level,
            label="balanced",
            show_text=NESTED,
            counted=True,
        ),
        Property(
            name="a bracket too many",
            of=broken,
            foretells="broken",
            foretold=after_mistake,
            label="broken",
            show_text=MISTAKE,
        ),
    ),
    examples={
        "Nested": NESTED,
        "One too many": MISTAKE,
        "Twenty deep, trained to ten": DEEP,
        "Never closed": "(()(()())(()",
        "Ninety deep": "(" * 90 + ")" * 90,
    },
    budget=Budget(steps=4000, batch=16, learning_rate=2e-2, noise=0.3),
    input_size=3,
    hidden_size=3,
    seeds=tuple(range(1, 11)),
    selection=selection,
    generate=generate,
    truth=truth,
)
