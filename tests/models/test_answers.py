"""What a readout's scores mean: losses and predictions against torch's own, and gradients of each kind of answer against differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import explorer
from explorer.models import Model
from explorer.models.answers import ANSWERS, Answer
from explorer.models.vocabulary import Numbers, Words
from explorer.signals import Array
from tests.helpers import FEW, TEXT, network

LABELLED = ["next token", "class", "label"]
NUMERIC = ["number", "forecast"]


def some(answer: Answer, shape: tuple[int, ...], seed: int, outputs: int = 3) -> tuple[Tensor, Tensor]:
    """Random scores [*shape, output] and right answers, float64."""
    chance = torch.Generator().manual_seed(seed)
    scores = 3 * torch.randn(*shape, outputs, generator=chance, dtype=torch.float64)
    if answer.numbers:
        return scores, torch.randn(*shape, outputs, generator=chance, dtype=torch.float64)
    return scores, torch.randint(outputs, shape, generator=chance)


@pytest.mark.parametrize("name", LABELLED)
@FEW
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000))
def test_of_labels(name: str, steps: int, batch: int, seed: int) -> None:
    """Log-probabilities and cross-entropy, in nats."""
    answer = ANSWERS[name]
    scores, targets = some(answer, (steps, batch), seed)
    torch.testing.assert_close(answer.predict(scores), F.log_softmax(scores, -1))
    torch.testing.assert_close(answer.losses(scores, targets), F.cross_entropy(scores.mT, targets, reduction="none"))
    torch.testing.assert_close(answer.loss(scores, targets), F.cross_entropy(scores.flatten(0, 1), targets.flatten()))


@pytest.mark.parametrize("name", NUMERIC)
@FEW
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000))
def test_of_numbers(name: str, steps: int, batch: int, seed: int) -> None:
    """The scores are the numbers; the loss is their mean squared error, over steps, batch and outputs."""
    answer = ANSWERS[name]
    scores, targets = some(answer, (steps, batch), seed)
    assert answer.predict(scores) is scores
    torch.testing.assert_close(answer.losses(scores, targets), F.mse_loss(scores, targets, reduction="none").mean(-1))
    torch.testing.assert_close(answer.loss(scores, targets), F.mse_loss(scores, targets))


@pytest.mark.parametrize("name", ANSWERS)
def test_weights(name: str) -> None:
    """All ones are as none; a weight of 0 takes a step out, as if it were not there, its gradient too; 2 counts it twice; none at all
    is a loss of 0."""
    answer = ANSWERS[name]
    scores, targets = some(answer, (4, 3), 0)
    scores.requires_grad_()
    ones = torch.ones(4, 3, dtype=torch.float64)
    torch.testing.assert_close(answer.loss(scores, targets, ones), answer.loss(scores, targets))
    torch.testing.assert_close(answer.loss(scores, targets, 7 * ones), answer.loss(scores, targets))
    last = torch.zeros_like(ones)
    last[-1] = 1
    torch.testing.assert_close(answer.loss(scores, targets, last), answer.loss(scores[-1:], targets[-1:]))
    (gradient,) = torch.autograd.grad(answer.loss(scores, targets, last), scores)
    assert not gradient[:-1].any()
    assert gradient[-1].all()
    ones[0, 0] = 2
    twice = answer.losses(scores, targets).sum() + answer.losses(scores, targets)[0, 0]
    torch.testing.assert_close(answer.loss(scores, targets, ones), twice / 13)
    assert float(answer.loss(scores, targets, 0 * ones).detach()) == 0


def test_the_table_of_answers() -> None:
    """By name, and what each is: where the right answer is to be found, and whether it is a number."""
    assert {name: answer.name for name, answer in ANSWERS.items()} == {name: name for name in [*LABELLED, *NUMERIC]}
    assert {name for name, answer in ANSWERS.items() if answer.in_text} == {"next token", "forecast"}
    assert {name for name, answer in ANSWERS.items() if answer.numbers} == set(NUMERIC)


SENTENCE = "the film was dull but good"
CLASSES = ("negative", "neutral", "positive")


def reader_of_words(answer: str = "class", dtype: torch.dtype = torch.float64) -> Model:
    """A random network that gives each prefix one of CLASSES."""
    torch.manual_seed(3)
    words = Words(tuple(sorted(SENTENCE.split())))
    stack = explorer.cells.build("lstm", 3, 5, 2)
    parts: dict[str, Any] = {"embedding": nn.Embedding(len(words), 3), "readout": nn.Linear(5, 3)}
    return Model(stack, vocabulary=words, answer=answer, labels=CLASSES, name="moods", **parts).to(dtype)


def reader_of_numbers(answer: str, outputs: int = 1) -> Model:
    """A random network that reads rows of two numbers and answers with some."""
    torch.manual_seed(4)
    names = ("sum", "product")[:outputs]
    readout = nn.Linear(4, outputs)
    return Model(
        explorer.cells.build("gru", 2, 4), vocabulary=Numbers(("a", "b")), readout=readout, answer=answer, labels=names
    ).double()


def differences(x: Array, objective: Callable[[Array], float], step: float = 1e-6) -> Array:
    """d objective / dx by central differences, x [step, input]."""
    found = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        nudge = np.zeros_like(x)
        nudge[index] = step
        found[index] = (objective(x + nudge) - objective(x - nudge)) / (2 * step)
    return found


def by_words(model: Model, objective: Callable[[Array], float]) -> Array:
    """d objective(predictions) / d embedding of each word of SENTENCE, each of which stands in it once; [step, input]."""
    ids = model.prepare(SENTENCE).ids
    assert ids is not None
    assert model.embedding is not None
    weight = model.embedding.weight.data
    before = weight[ids].clone()

    def of(x: Array) -> float:
        weight[ids] = torch.from_numpy(x)
        return objective(explorer.predict(model, SENTENCE))

    found = differences(before.numpy().copy(), of)
    weight[ids] = before
    return found


@pytest.mark.parametrize("answer", ["class", "label"])
@pytest.mark.parametrize("label", ["neutral", 1])
def test_the_loss_of_a_label(answer: str, label: str | int) -> None:
    """-ln p of the label that is named, by its name or its number; at a step, counted from either end, or the mean of all."""
    model = reader_of_words(answer)
    for at in (0, 3, 5, -1):
        expected = by_words(model, lambda log_p, at=at: -log_p[at, 1])
        found = explorer.gradients(model, SENTENCE, of="loss", at=at, label=label)
        np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)
        assert not found["grad_x"][at + 1 if at >= 0 else 6 :].any()
    expected = by_words(model, lambda log_p: -log_p[:, 1].mean())
    found = explorer.gradients(model, SENTENCE, of="mean", label=label)
    np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)


def test_by_default_a_class_is_asked_for_its_likeliest_label() -> None:
    """The logit of what the network itself predicts at that step, since the text does not hold the right answer."""
    model = reader_of_words()
    assert model.readout is not None
    model.readout.bias.data -= torch.from_numpy(explorer.predict(model, SENTENCE).mean(0))  # so that the words decide
    likeliest = explorer.predict(model, SENTENCE).argmax(-1)
    assert len(set(likeliest)) > 1
    for at in (0, 2, -1):
        default = explorer.gradients(model, SENTENCE, at=at)
        for label in (int(likeliest[at]), CLASSES[likeliest[at]]):
            named = explorer.gradients(model, SENTENCE, of="logit", at=at, label=label)
            for name in default.arrays:
                np.testing.assert_array_equal(default[name], named[name])


def test_logits_and_log_probabilities_of_labels() -> None:
    """Of a label by label= or by token=; against differences; the logit's is the log-probability's but for what all logits share."""
    model = reader_of_words()
    for label in CLASSES:
        column = CLASSES.index(label)
        expected = by_words(model, lambda log_p, column=column: log_p[4, column])
        for asked in ({"label": label}, {"token": label}, {"label": column}, {"label": column - 3}):
            found = explorer.gradients(model, SENTENCE, of="log_prob", at=4, **asked)
            np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)
    p = np.exp(explorer.predict(model, SENTENCE)[4])
    logits = [explorer.gradients(model, SENTENCE, of="logit", at=4, label=label)["grad_x"] for label in CLASSES]
    log_p = explorer.gradients(model, SENTENCE, of="log_prob", at=4, label="negative")["grad_x"]
    np.testing.assert_allclose(
        log_p, logits[0] - sum(share * g for share, g in zip(p, logits, strict=True)), atol=1e-12
    )


@pytest.mark.parametrize("of", ["loss", "mean"])
def test_a_loss_without_its_label_is_refused(of: str) -> None:
    """With the names that could be given, and another way."""
    message = (
        f'of="{of}" needs the right label: give it with label= (negative, neutral, positive), or ask for of="logit"'
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        explorer.gradients(reader_of_words(), SENTENCE, of=of)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"of": "loss", "label": "good"}, "this network has no label 'good'; it has negative, neutral, positive"),
        ({"of": "logit", "label": "good"}, "this network has no label 'good'"),
        ({"of": "logit", "token": "film"}, "this network has no label 'film'"),
        ({"of": "loss", "label": 3}, "label is 3, but there are 3: choose from 0 to 2, or -3 to -1"),
        ({"of": "loss", "label": "neutral", "at": 6}, "at is 6, but there are 6: choose from 0 to 5"),
    ],
    ids=str,
)
def test_what_a_class_refuses(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explorer.gradients(reader_of_words(), SENTENCE, **asked)


def test_a_class_has_a_loss_at_the_last_step_and_of_one_word() -> None:
    """Unlike the next token's, which is not there yet."""
    assert explorer.gradients(reader_of_words(), "film", of="loss", label="neutral")["grad_h"].any()
    assert explorer.gradients(reader_of_words(), SENTENCE, of="loss", label="neutral")["grad_x"][-1].any()


ROWS = np.array([[0.3, -1.0], [0.5, 0.2], [-0.7, 0.9], [0.1, 0.4]])


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_loss_of_a_number(outputs: int) -> None:
    """The squared error against the target that is given, the mean over the outputs; at a step, or the mean of all."""
    model = reader_of_numbers("number", outputs)
    for at in (0, 2, -1):
        expected = differences(ROWS, lambda x, at=at: np.square(explorer.predict(model, x)[at] - 0.8).mean())
        found = explorer.gradients(model, ROWS, of="loss", at=at, target=0.8)
        np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)
    expected = differences(ROWS, lambda x: np.square(explorer.predict(model, x) - 0.8).mean())
    found = explorer.gradients(model, ROWS, of="mean", target=0.8)
    np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)


def test_a_number_without_its_target() -> None:
    """By default the output itself; a loss is refused, and so is a probability."""
    model = reader_of_numbers("number")
    expected = differences(ROWS, lambda x: explorer.predict(model, x)[2, 0])
    np.testing.assert_allclose(explorer.gradients(model, ROWS, at=2)["grad_x"], expected, rtol=1e-6, atol=1e-9)
    for of in ("loss", "mean"):
        message = f'of="{of}" needs the right number: give it with target=, or ask for of="logit"'
        with pytest.raises(ValueError, match=message):
            explorer.gradients(model, ROWS, of=of)
    with pytest.raises(ValueError, match='answers with numbers, which have no probability; ask for of="logit"'):
        explorer.gradients(model, ROWS, of="log_prob")


def test_an_output_by_its_name() -> None:
    """Where there are several, "logit" is of the one that is named."""
    model = reader_of_numbers("number", 2)
    for column, name in enumerate(model.labels):
        expected = differences(ROWS, lambda x, column=column: explorer.predict(model, x)[1, column])
        found = explorer.gradients(model, ROWS, of="logit", at=1, label=name)
        np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_loss_of_a_forecast(outputs: int) -> None:
    """The squared error against the next row that is there, as far as the network answers it; it is the default. The last step has none,
    and a step counted from the end is counted from the one before. The next row is taken as given: nothing flows through it."""
    model = reader_of_numbers("forecast", outputs)

    def errors(x: Array) -> Array:
        return np.square(explorer.predict(model, x)[:-1] - ROWS[1:, :outputs]).mean(-1)

    for at in (0, 2, -1, -3):
        expected = differences(ROWS, lambda x, at=at: errors(x)[at])
        found = explorer.gradients(model, ROWS, at=at)
        np.testing.assert_allclose(found["grad_x"], expected, rtol=1e-6, atol=1e-9)
        assert not found["grad_x"][range(3)[at] + 1 :].any()
    expected = differences(ROWS, lambda x: errors(x).mean())
    np.testing.assert_allclose(explorer.gradients(model, ROWS, of="mean")["grad_x"], expected, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match="at is 3, but there are 3"):
        explorer.gradients(model, ROWS, at=3)
    with pytest.raises(ValueError, match="a loss needs a next token: give at least two"):
        explorer.gradients(model, ROWS[:1])


def test_the_default_of_the_next_token_is_its_loss() -> None:
    model = network(("gru", {}))
    default, loss = explorer.gradients(model, TEXT), explorer.gradients(model, TEXT, of="loss")
    for name in default.arrays:
        np.testing.assert_array_equal(default[name], loss[name])
