"""agreement: the next word of texts from a small grammar, in which verbs and pronouns agree with a subject far back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from explorer.models.model import Model
from explorer.models.recipes.base import (
    MAIN_CELLS,
    VARIANTS,
    Batch,
    Budget,
    Data,
    Example,
    Headline,
    Property,
    Recipe,
    Tokens,
    padded,
)
from explorer.models.recipes.grammar import PLURAL, PRONOUNS, WORDS, Choice, Distractors, choices, places, text
from explorer.models.scoring import scores_of
from explorer.models.vocabulary import Words
from explorer.signals import Array

READER = Words(WORDS)
TRAINED = Distractors(fewest=0, most=4, opposed=False)
LONGER = Distractors(fewest=5, most=8, opposed=True)
"""1.25 to 2 times as many as the most in training; so no held-out text can be among those trained on."""
EXTRA = 10.0
"""Weight of a verb or pronoun in the loss; any other word, most of which nobody could foresee, has 1."""


def data() -> Data:
    """Training texts never repeat: each update draws its own."""
    random = np.random.default_rng([20, 1])
    return Data(
        reader=READER,
        batches=batches,
        held_out=longer_texts(1),
        chosen_on=tuple(READER.joined(text(random, TRAINED)) for _ in range(600)),
    )


def longer_texts(seed: int, count: int = 500) -> tuple[Example, ...]:
    """Fixed texts with more distractors than in training, all of the other number or gender."""
    random = np.random.default_rng([10, seed])
    return tuple(Example(READER.joined(text(random, LONGER))) for _ in range(count))


def batches(budget: Budget, seed: int) -> Callable[[int], Batch]:
    """Texts side by side, each from the zero state. The most distractors rise from none to all in the first half of the updates."""

    def at(step: int) -> Batch:
        random = np.random.default_rng([seed, step])
        most = min(TRAINED.most, (TRAINED.most + 1) * 2 * step // budget.steps)
        distractors = replace(TRAINED, most=most)
        return padded([_weighted(text(random, distractors)) for _ in range(budget.batch)])

    return at


def _weighted(words: list[str]) -> tuple[Array, Array, Array]:
    ids = READER.encode(" ".join(words)).values
    weight = np.ones(len(ids) - 1)
    weight[[choice.step for choice in choices(words)]] = EXTRA
    return ids[:-1], ids[1:], weight


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Shares of forced choices that are right: P(right form) > P(wrong form), at `fewest` distractors and more."""
    leads = _leads(model, examples)
    verbs, pronouns = ([lead > 0 for choice, lead in leads if choice.pronoun == kind] for kind in (False, True))
    return {"held_out_verb_accuracy": float(np.mean(verbs)), "held_out_pronoun_accuracy": float(np.mean(pronouns))}


def selection(model: Model) -> float:
    """The smaller of the mean P(right) / (P(right) + P(wrong)) of verbs and of pronouns, on texts of their own: many seeds get all right,
    and not all of them are sure."""
    leads = _leads(model, longer_texts(2, 200))
    return min(
        float(np.mean([1 / (1 + np.exp(-lead)) for choice, lead in leads if choice.pronoun == pronoun]))
        for pronoun in (False, True)
    )


def _leads(model: Model, examples: Sequence[Example]) -> list[tuple[Choice, float]]:
    """ln P(right) - ln P(wrong) of every choice that has more distractors before it than any in training."""
    leads = []
    for k, scores in scores_of(model, [example.text for example in examples]):
        for choice in choices(READER.encode(examples[k].text).tokens):
            if choice.distractors >= LONGER.fewest:
                right, wrong = (scores[choice.step, READER.id_of(word)] for word in (choice.right, choice.wrong))
                leads.append((choice, float(right - wrong)))
    return leads


def plural_subject(tokens: Tokens) -> Array:
    """1 from a plural subject up to the word before its verb."""
    return np.array([float(place.subject in PLURAL and not place.verb_seen) for place in places(tokens)])


def waiting(tokens: Tokens) -> Array:
    """1 from a subject up to the word before its verb."""
    return np.array([float(place.subject is not None and not place.verb_seen) for place in places(tokens)])


def woman(tokens: Tokens) -> Array:
    """1 from a woman's name that is the subject up to the end of its sentence."""
    return np.array([float(PRONOUNS.get(place.subject or "") == "she") for place in places(tokens)])


def before_plural_verb(tokens: Tokens) -> Array:
    """The steps at which the next word is the verb of a plural subject."""
    marks = plural_subject(tokens)
    return np.array([choice.step for choice in choices(tokens) if marks[choice.step]], dtype=int)


def before_verb(tokens: Tokens) -> Array:
    """The steps at which the next word is the verb of a subject."""
    return np.array([choice.step for choice in choices(tokens) if not choice.pronoun], dtype=int)


def before_pronoun(tokens: Tokens) -> Array:
    """The steps at which the next word is a pronoun."""
    return np.array([choice.step for choice in choices(tokens) if choice.pronoun], dtype=int)


def generate(random: np.random.Generator) -> Example:
    """A text that fits on a line or two: one or two sentences with up to six distractors each, all opposed."""
    return Example(READER.joined(text(random, Distractors(fewest=1, most=6, opposed=True), sentences=2)))


BOYS = "the boys near the old dog with the teacher sing ."
MARY = "mary sings because she runs . john sleeps because he waits ."

RECIPE = Recipe(
    task="agreement",
    title="Agreement",
    sentence="Reads sentences of a small grammar and guesses the next word: the verb and the pronoun must fit a subject far back.",
    group="Grammar",
    corpus={
        "text": "made by a grammar (explorer/models/recipes/grammar.py)",
        "held out": "5 to 8 distractors; trained on 0 to 4",
    },
    licence="text: none needed, made by a rule; weights: Apache-2.0",
    answer="next token",
    data=data,
    score=score,
    headline=Headline(
        key="held_out_verb_accuracy", says="of the verbs right", better="higher", percent=True, baseline=0.5
    ),
    properties=(
        Property(
            name="plural subject",
            of=plural_subject,
            foretells="the plural verb",
            foretold=before_plural_verb,
            show_text=BOYS,
        ),
        Property(
            name="the subject is a woman",
            of=woman,
            foretells="the pronoun “she”",
            foretold=before_pronoun,
            label="she",
            show_text=MARY,
        ),
        Property(
            name="the subject waits for its verb",
            of=waiting,
            foretells="a full stop",
            expected=-1,
            foretold=before_verb,
            label=".",
            show_text=BOYS,
        ),
    ),
    examples={"The boys": BOYS, "Mary, then John": MARY},
    cells=MAIN_CELLS | VARIANTS,
    budget=Budget(steps=3000, batch=32, learning_rate=1e-2),
    input_size=12,
    hidden_size=16,
    seeds=(1, 2, 3, 4, 5),
    selection=selection,
    generate=generate,
)
