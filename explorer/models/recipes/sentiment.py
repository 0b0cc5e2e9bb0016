"""sentiment: is a snippet of a movie review positive or negative?"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import numpy as np
import torch

from explorer.backend.training import Budget
from explorer.models.corpus import CorpusUnavailable, PypiPackage, files_of
from explorer.models.lexicon import valences
from explorer.models.model import Model
from explorer.models.recipes.base import Batch, Batches, Data, Example, Headline, Property, Recipe, Tokens, picked
from explorer.models.scoring import class_accuracy
from explorer.models.vocabulary import Words
from explorer.signals import Array

VADER = PypiPackage(
    name="vaderSentiment",
    version="3.3.2",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    licence="MIT",
    source=True,
)
RATINGS = "additional_resources/hutto_ICWSM_2014.tar.gz"
"""An archive within: 10,605 snippets of movie reviews, each with the mean of about twenty people's ratings from -4 to 4."""
LABELS = ("negative", "positive")
HELD_OUT, SELECTED_ON = 0, 5
"""The last digit of the numbers of snippets that are held out, and of those on which a seed is selected."""
UNREAD = 0.3
"""The share of words that are made unknown while training, so that a verdict rests on more than one word, and the unknown is known."""


def snippets() -> dict[int, Example]:
    """Number -> snippet with the sign of its mean rating; without those rated 0 and those that stand there a second time."""
    inside = files_of(VADER.data(RATINGS), lambda name: name.endswith("/movieReviewSnippets_GroundTruth.txt"))
    if not inside:
        raise CorpusUnavailable(f"{RATINGS} of {VADER.name} {VADER.version} has no movie reviews")
    (table,) = inside.values()
    rows = [line.split("\t", 2) for line in table.decode("utf-8").splitlines()]
    snippets = {
        int(number): Example(html.unescape(text).replace("''", '"').strip(), LABELS[float(rating) > 0])
        for number, rating, text in rows
        if float(rating) != 0
    }
    first = {example.text.lower(): number for number, example in reversed(snippets.items())}
    return {number: example for number, example in snippets.items() if first[example.text.lower()] == number}


def data() -> Data:
    """Data of the task: of ten snippets one is held out, and one reserved for the selection of a seed."""
    examples = snippets()
    train = [example for number, example in examples.items() if number % 10 not in (HELD_OUT, SELECTED_ON)]
    held_out = tuple(example for number, example in examples.items() if number % 10 == HELD_OUT)
    reader = Words.of((example.text for example in train), at_least=2)
    return Data(
        reader=reader,
        batches=batches_of(reader, train),
        held_out=held_out,
        shipped=held_out,
        chosen_on=tuple(example.text for example in train[::5]),
    )


def batches_of(reader: Words, train: Sequence[Example]) -> Batches:
    """Snippets whose verdict counts at the last word alone; a share of the words is made unknown, others each time."""
    ids = [reader.encode(example.text).values for example in train]
    verdicts = [np.full(len(one), LABELS.index(example.answer)) for one, example in zip(ids, train, strict=True)]
    at_the_end = [np.arange(len(one)) == len(one) - 1 for one in ids]
    whole = picked(ids, verdicts, at_the_end)

    def batches(budget: Budget, seed: int) -> Callable[[int], Batch]:
        draw = whole(budget, seed)

        def at(step: int) -> Batch:
            batch = draw(step)
            read = np.random.default_rng([seed, step, 1]).random(batch.inputs.shape) >= UNREAD
            return Batch(batch.inputs * torch.from_numpy(read), batch.targets, batch.weight)

        return at

    return batches


def lexicon() -> dict[str, float]:
    """Word -> valence from -4 to 4, of those words that VADER's lexicon has and that snippets not held out have twice at least: what
    assets/lexicons/sentiment-words.json holds.
    """
    seen = Words.of(example.text for number, example in snippets().items() if number % 10 != HELD_OUT)
    lines = VADER.text("vaderSentiment/vader_lexicon.txt").splitlines()
    rated = {word: float(valence) for word, valence, *_ in (line.split("\t") for line in lines)}
    return {word: rated[word] for word in seen.symbols if word in rated and word.isalpha()}


def running_sentiment(words: Tokens) -> Array:
    """The sum of the valences of the words so far."""
    valence = valences()
    return np.cumsum([valence.get(word.lower(), 0.0) for word in words])


def at_the_end(words: Tokens) -> Array:
    """Last word, the step of the answer."""
    return np.array([len(words) - 1])


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Share of snippets whose sign is right."""
    return {"held_out_accuracy": class_accuracy(model, examples)}


def selection(model: Model) -> float:
    """The score on the snippets that are kept for this."""
    return class_accuracy(model, [example for number, example in snippets().items() if number % 10 == SELECTED_ON])


BUT = "The story is dull, but the acting is wonderful."

RECIPE = Recipe(
    task="sentiment",
    title="Sentiment",
    sentence="Reads a line of a movie review word by word and says whether it is positive or negative.",
    group="Text",
    corpus={
        "text": "10,605 snippets of movie reviews, each rated by about twenty people (Hutto & Gilbert, VADER, ICWSM 2014)",
        "package": f"PyPI {VADER.name} {VADER.version}, source archive ({VADER.licence})",
        "sha256": VADER.sha256,
        "held out": "the snippets whose number ends in 0; a seed is selected on those that end in 5",
    },
    licence="text and lexicon: MIT (C.J. Hutto); weights: Apache-2.0",
    answer="class",
    labels=LABELS,
    data=data,
    score=score,
    headline=Headline(key="held_out_accuracy", says="of the signs right", better="higher", percent=True, baseline=0.5),
    properties=(
        Property(
            name="running sentiment",
            of=running_sentiment,
            foretells="positive",
            foretold=at_the_end,
            label="positive",
            show_text=BUT,
        ),
    ),
    # There are few snippets, so there is little room to learn them by heart. Share right on snippets kept back, LSTM, seeds 1 and 2,
    # 1200 updates: 32 numbers a word 0.78, 0.77; 8 numbers 0.79, 0.79; with those and 16 units instead of 48, the verdict asked for at
    # the last word alone, and words that were seen twice, not three times: 0.80, 0.81. At a rate of 1e-2 six of ten Elman networks
    # stayed near chance; at 6e-3 none of six did.
    budget=Budget(steps=2000, batch=64, learning_rate=6e-3, optimiser="adamw", weight_decay=0.3, dropout=0.5),
    input_size=8,
    hidden_size=16,
    seeds=(1, 2, 3),
    selection=selection,
    examples={
        "The verdict flips": BUT,
        "The other way round": "The acting is wonderful, but the story is dull.",
        "Sure from the second word": "A masterpiece four years in the making.",
        "Late praise": "The plot is predictable, yet the film is moving and funny.",
        "A failure": "I like this movie.",
        "Not bad, a failure": "This movie is not bad.",
    },
)
