"""Going on with a text: what is drawn is what the network says comes next, the same again for the same seed."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.models import Model
from explorer.models.vocabulary import Words
from explorer.signals import Array
from tests.helpers import DEVICES, SYMBOLS, TEXT, network

SENTENCE = "the film, the boat"
START = "abc"


def characters(cell: str = "gru") -> Model:
    """A random network of characters, more decided than it came."""
    model = network((cell, {}), (2, False))
    assert model.readout is not None
    model.readout.weight.data *= 4
    return model


def words() -> Model:
    """The same of words."""
    torch.manual_seed(1)
    reader = Words((",", "boat", "film", "good", "the"))
    parts: dict[str, Any] = {"embedding": nn.Embedding(len(reader), 3), "readout": nn.Linear(4, len(reader))}
    return Model(explorer.cells.build("lstm", 3, 4), vocabulary=reader, **parts).double()


def tokens(model: Model, text: str, count: int = 25, **how: Any) -> list[str]:
    return list(islice(explorer.generate(model, text, **how), count))


def grown(model: Model, text: str, drawn: list[str]) -> list[Array]:
    """explorer.predict's log-probabilities before each of the drawn tokens, each time of the whole text read anew."""
    assert model.vocabulary is not None
    read = list(model.vocabulary.encode(text).tokens)
    found = []
    for token in drawn:
        found.append(explorer.predict(model, model.vocabulary.joined(read))[-1])
        read.append(token)
    return found


MODELS = [pytest.param(characters(cell), START, id=cell) for cell in ("rnn", "gru", "lstm")]
MODELS.append(pytest.param(words(), SENTENCE, id="words"))


@pytest.mark.parametrize(("model", "text"), MODELS)
def test_the_same_seed_gives_the_same_text(model: Model, text: str) -> None:
    """Whatever else is drawn meanwhile; another seed gives another. One generation does not disturb another."""
    first = tokens(model, text, seed=5)
    torch.manual_seed(0)
    run, beside = explorer.generate(model, text, seed=5), explorer.generate(model, text, seed=6)
    mixed = []
    for _ in range(25):
        torch.rand(3)
        next(beside)
        mixed.append(next(run))
    assert mixed == first
    assert tokens(model, text, seed=6) != first


@pytest.mark.parametrize(("model", "text"), MODELS)
def test_at_temperature_0_the_likeliest_is_taken(model: Model, text: str) -> None:
    """At each step that of explorer.predict on all that stands there by then, whatever the seed; top_k changes nothing."""
    found = tokens(model, text, temperature=0, seed=1)
    assert found == tokens(model, text, temperature=0.0, seed=2, top_k=3)
    for token, log_p in zip(found, grown(model, text, found), strict=True):
        assert token == model.labels[int(log_p[1:].argmax()) + 1]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("top_k", [None, 1, 3, 100])
@pytest.mark.parametrize(("model", "text"), MODELS)
def test_what_is_drawn_is_what_the_network_says(model: Model, text: str, top_k: int | None, temperature: float) -> None:
    """Drawn here once more, from explorer.predict on the growing text, with a generator of the same seed."""
    found = tokens(model, text, temperature=temperature, top_k=top_k, seed=9)
    chance = torch.Generator().manual_seed(9)
    for token, log_p in zip(found, grown(model, text, found), strict=True):
        known = np.argsort(-log_p[1:], kind="stable") + 1
        chosen = known[: top_k or len(known)]
        shares = np.exp((log_p[chosen] - log_p[chosen].max()) / temperature)
        pick = torch.multinomial(torch.from_numpy(shares / shares.sum()), 1, generator=chance)
        assert token == model.labels[chosen[int(pick)]]


def test_the_shares_come_out() -> None:
    """Of many first tokens by many seeds: as often as the network, at that temperature, says; of the k likeliest alone."""
    model = characters()
    log_p = explorer.predict(model, START)[-1, 1:]
    for top_k in (None, 3):
        how_often = np.zeros(len(SYMBOLS))
        for seed in range(600):
            (token,) = tokens(model, START, 1, temperature=1.5, top_k=top_k, seed=seed)
            how_often[SYMBOLS.index(token)] += 1 / 600
        shares = np.exp(log_p / 1.5)
        if top_k:
            shares[np.argsort(-log_p)[top_k:]] = 0
            assert not how_often[shares == 0].any()
        np.testing.assert_allclose(how_often, shares / shares.sum(), atol=0.07)  # 3 standard errors at most


@pytest.mark.parametrize("temperature", [0, 1e-9, 1, 1e9])
def test_the_unknown_token_is_never_drawn(temperature: float) -> None:
    """Even where the network is sure of it."""
    model = characters()
    assert model.readout is not None
    model.readout.bias.data[0] = 50
    assert explorer.predict(model, START)[-1].argmax() == 0
    found = tokens(model, START, 60, temperature=temperature, top_k=None)
    assert set(found) <= set(SYMBOLS)
    assert tokens(model, START, temperature=temperature, top_k=1) == tokens(model, START, temperature=0)


def test_it_goes_on_with_what_it_cannot_know() -> None:
    """A text of unknown characters is read as such."""
    assert len(tokens(characters(), "☃☃")) == 25


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"temperature": -0.1}, r"temperature is -0\.1; it must be 0 or more"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0; it must be at least 1"),
        ({"top_k": -3}, "top_k is -3"),
    ],
    ids=str,
)
def test_what_makes_no_sense(how: dict[str, Any], message: str) -> None:
    """Refused at once, before the first token is asked for."""
    with pytest.raises(ValueError, match=message):
        explorer.generate(characters(), START, **how)


def test_an_empty_text() -> None:
    with pytest.raises(ValueError, match="the text is empty; give it at least one character"):
        tokens(characters(), "")


def test_who_does_not_guess_tokens() -> None:
    """A class, a number, a network without a readout: each is named in the answer."""
    model = words()
    classes = Model(
        model.stack, name="moods", vocabulary=model.vocabulary, embedding=model.embedding, readout=nn.Linear(4, 2),
        answer="class", labels=("a", "b"),
    )  # fmt: skip
    for reader, name in ((classes, "moods"), (explorer.wrap(nn.GRU(3, 4)), "GRU")):
        with pytest.raises(ValueError, match=f"{name} does not predict the next token, so it cannot generate text"):
            explorer.generate(reader, SENTENCE)


def test_nothing_is_left_behind() -> None:
    """No gradient is recorded, and torch's own generator is where it was."""
    model = characters()
    before = torch.get_rng_state()
    run = explorer.generate(model, TEXT)
    next(run)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    next(run)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("device", DEVICES)
def test_on_a_device(device: str) -> None:
    """The tokens of the CPU."""
    assert tokens(characters().to(device), START, seed=3) == tokens(characters(), START, seed=3)
