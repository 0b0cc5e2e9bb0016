"""A file made into a network that reads: what is chosen by itself, what can be chosen, what does not fit."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import models
from explorer.models import checkpoints, shelf
from explorer.models.checkpoints import Choice, Contents, Unreadable, read_bytes
from explorer.models.checkpoints.choosing import answers, embeddings, readouts
from tests.models.checkpoints.helper import CLOSE, network, saved

SYMBOLS = tuple("abcdef ")


def contents_of(given: nn.Module, **more: object) -> Contents:
    """As it is read from the file that torch writes."""
    return read_bytes(saved({"model": given.state_dict(), **more}))


def made(contents: Contents, choice: Choice | None = None) -> models.Model:
    return checkpoints.own(contents, choice or checkpoints.likely(contents), name="own-1", title="mine.pt")


def test_the_whole_network_answers_as_it_did() -> None:
    """Embedding, two layers in both directions, readout: found by name and shape, and equal in what they say."""
    theirs = network(layers=2, both=True)
    model = made(contents_of(theirs, vocabulary=list(SYMBOLS)))
    ids = torch.tensor([0, 1, 2, 6, 5])
    with torch.no_grad():
        expected = theirs(ids).numpy()
    assert np.abs(explorer.predict(model, "abc f") - expected).max() < CLOSE
    assert model.labels == SYMBOLS
    assert model.card is not None
    assert (model.card.cell, model.card.hidden_size, model.card.rows, model.card.tokens) == ("lstm", 4, 4, "characters")
    assert model.card.own and not model.card.measured and not model.card.untrained and not model.card.wired


def test_without_a_vocabulary_ids_are_read() -> None:
    theirs = network()
    model = made(contents_of(theirs))
    with torch.no_grad():
        expected = theirs(torch.tensor([3, 6])).numpy()
    assert np.abs(explorer.predict(model, "3 6") - expected).max() < CLOSE
    assert model.card is not None and model.card.tokens == "ids"


def test_a_vocabulary_of_another_size_is_refused() -> None:
    contents = contents_of(network())
    with pytest.raises(Unreadable, match="has 3 symbols, but the embedding “embedding” has 7 places"):
        made(contents, replace(checkpoints.likely(contents), vocabulary=("a", "b", "c")))


def test_a_vocabulary_of_something_else_in_the_file_is_left_out() -> None:
    assert checkpoints.likely(contents_of(network(), vocabulary=["x", "y"])).vocabulary == ()


def test_bare_layers_read_numbers_and_answer_with_their_h() -> None:
    """Whatever can be asked of an answer can then be asked of h."""
    torch.manual_seed(0)
    theirs = nn.GRU(3, 5, bidirectional=True)
    model = made(read_bytes(saved(theirs.state_dict())))
    x = np.random.default_rng(0).standard_normal((6, 3), dtype=np.float32)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(x))[0].numpy()
    assert np.abs(explorer.predict(model, x) - expected).max() < CLOSE
    assert model.card is not None
    assert model.card.labels[7] == "h of unit 7"
    assert explorer.trace(model, model.card.show.text).steps == 40, "waves of numbers, to begin with"


def test_a_plain_rnn_can_be_taken_as_relu() -> None:
    """Weights do not tell: both are measured against torch's own."""
    torch.manual_seed(0)
    theirs = nn.RNN(3, 4, nonlinearity="relu")
    contents = read_bytes(saved(theirs.state_dict()))
    choice = replace(checkpoints.likely(contents), rather="relu")
    x = np.random.default_rng(0).standard_normal((6, 3), dtype=np.float32)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(x))[0].numpy()
    model = made(contents, choice)
    assert np.abs(explorer.predict(model, x) - expected).max() < CLOSE
    assert np.abs(explorer.predict(made(contents), x) - expected).max() > 0.1, "taken as tanh"
    found = checkpoints.parity(model, checkpoints.choosing.layers_of(contents, choice))
    assert found is not None and found.holds


def test_symbols_one_hot() -> None:
    torch.manual_seed(0)
    theirs = nn.RNN(3, 4)
    contents = read_bytes(saved(theirs.state_dict()))
    model = made(contents, checkpoints.likely(contents, ("a", "b", "c")))
    with torch.no_grad():
        expected = theirs(torch.eye(3)[[2, 0]])[0].numpy()
    assert np.abs(explorer.predict(model, "ca") - expected).max() < CLOSE


def test_a_single_score_before_a_sigmoid_is_two_classes() -> None:
    """softmax([0, s]) = [1 - σ(s), σ(s)]."""
    theirs = network()
    theirs.out = nn.Linear(4, 1)
    contents = contents_of(theirs)
    model = made(contents, replace(checkpoints.likely(contents), answer="class", labels=("no", "yes")))
    with torch.no_grad():
        score = theirs.out(theirs.rnn(theirs.embedding(torch.tensor([1, 2])))[0]).double().sigmoid().numpy()[:, 0]
    assert np.exp(explorer.predict(model, "1 2")[:, 1]) == pytest.approx(score, rel=CLOSE)
    assert model.labels == ("no", "yes")


def test_what_is_likely_stands_first() -> None:
    """By its name, and by its shape."""
    theirs = network()
    theirs.register_parameter("positions", nn.Parameter(torch.zeros(9, 3)))
    theirs.add_module("other", nn.Linear(4, 2))
    contents = contents_of(theirs)
    recurrent = contents.recurrent[0]
    assert embeddings(contents, recurrent)[0] == "embedding"
    assert readouts(contents, recurrent) == ["out", "other"]
    reader = checkpoints.choosing.reader(contents, checkpoints.likely(contents))
    assert answers(recurrent, 7, reader)[0] == "next token"
    assert answers(recurrent, 2, reader)[0] == "class"


def test_layers_of_one_name_are_told_apart() -> None:
    """A module and a cell may both be called "rnn"."""
    layers, cell = nn.GRU(3, 4), nn.GRUCell(3, 4)
    both = {f"rnn.{name}": weight for module in (layers, cell) for name, weight in module.state_dict().items()}
    names = [found.where for found in read_bytes(saved(both)).recurrent]
    assert len(names) == len(set(names)) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recurrent": "nowhere"}, "no recurrent layers “nowhere” in the file; it has 'rnn'"),
        ({"embedding": "out"}, "no table “out”"),
        ({"readout": "rnn"}, "no linear layer “rnn”"),
        ({"rather": "relu"}, "cannot be “relu”; choose from nothing"),
        ({"answer": "poetry"}, "cannot mean “poetry”; choose from next token, class"),
        ({"answer": "class", "labels": ("a", "b")}, "2 names for 7 outputs"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, object], says: str) -> None:
    contents = contents_of(network())
    with pytest.raises(Unreadable, match=says):
        made(contents, replace(checkpoints.likely(contents), **change))  # type: ignore[arg-type]


def test_parity_is_measured() -> None:
    """Against torch itself; with a weight changed behind its back it is not close any more."""
    contents = contents_of(network(layers=2))
    model = made(contents)
    found = checkpoints.parity(model, contents.recurrent[0])
    assert found is not None and found.holds and found.framework.startswith("torch.nn.LSTM")
    model.stack.cell.weight_hh.add_(0.1)
    changed = checkpoints.parity(model, contents.recurrent[0])
    assert changed is not None and not changed.holds
    assert 0 < found.rounding < 1e-6
    assert replace(found, difference=3e-5, rounding=1e-5).holds, "weights that magnify rounding"
    assert not replace(found, difference=5e-5, rounding=1e-5).holds
    assert checkpoints.parity(model, replace(contents.recurrent[0], kernel=None)) is None


def test_parity_with_a_nan_does_not_hold() -> None:
    theirs = network()
    theirs.rnn.weight_hh_l0.data[0, 0] = torch.nan
    contents = contents_of(theirs)
    found = checkpoints.parity(made(contents), contents.recurrent[0])
    assert found is not None and not found.holds


def test_a_path_is_opened_like_a_name(tmp_path: Path) -> None:
    """`explorer.load`, with a file of symbols beside it."""
    path, symbols = tmp_path / "mine.pt", tmp_path / "vocabulary.json"
    path.write_bytes(saved(network().state_dict()))
    symbols.write_text(json.dumps(SYMBOLS), encoding="utf-8")
    assert explorer.trace(explorer.load(path), "1 2 3").tokens == ("1", "2", "3")
    assert explorer.trace(explorer.load(str(path), symbols), "abc").tokens == ("a", "b", "c")
    with pytest.raises(ValueError, match=r"unknown model .*nothing\.pt'; choose from"):
        explorer.load(tmp_path / "nothing.pt")


def test_the_larger_a_network_the_fewer_steps_it_reads() -> None:
    steps = checkpoints.limits.steps
    assert steps(128, 1, 76) == 1000
    assert steps(1024, 4, 10) == 61
    assert steps(128, 1, 50_000) == 80
    assert steps(2048, 16, 100_000) == 7


@pytest.fixture
def guest() -> Iterator[models.Model]:
    """A network of somebody's own, as a session would show it."""
    contents = contents_of(network(), vocabulary=list(SYMBOLS))
    model = checkpoints.own(contents, checkpoints.likely(contents), name="own-abc", title="mine.pt")
    models.welcome(lambda name: model if name == "own-abc" else None)
    yield model
    models.welcome(lambda _: None)


def test_a_guest_is_found_by_its_name(guest: models.Model) -> None:
    """And untrained networks beside it; nobody else's name finds anything."""
    assert models.load("own-abc") is guest
    assert models.card_of("own-abc") is guest.card
    assert [card.name for card in models.siblings("own-abc")] == ["own-abc"]
    beside = models.by_cell("own-abc")["gru"]
    assert beside == "own-abc~gru~0"
    assert models.load(beside).vocabulary is guest.vocabulary or models.load(beside).labels == SYMBOLS
    card = models.card_of(beside)
    assert card.untrained and not card.own
    assert [card.name for card in models.siblings(beside)] == ["own-abc", beside]
    with pytest.raises(ValueError, match="'own-def' is not here: an uploaded network exists only in the session"):
        models.card_of("own-def")


def test_nothing_of_a_guest_is_kept() -> None:
    """When the session lets go of it, it is gone, and what stood beside it."""
    contents = contents_of(network())
    here = [checkpoints.own(contents, checkpoints.likely(contents), name="own-abc", title="mine.pt")]
    models.welcome(lambda name: here[0] if here and name == "own-abc" else None)
    models.card_of("own-abc~mgu~0")
    gone = weakref.ref(here[0])
    here.clear()
    gc.collect()
    assert gone() is None
    assert not len(shelf._beside)
    models.welcome(lambda _: None)


def test_examples_go_the_way_of_any_file() -> None:
    """The shipped network as somebody would have saved it says what it says; the other one forgets at every step."""
    from explorer.models.checkpoints.examples import SHOWN, forgetful, healthy

    text = "He paused."
    well = made(read_bytes(healthy()))
    assert np.array_equal(explorer.predict(well, text), explorer.predict(explorer.load(SHOWN), text))
    assert (
        explorer.trace(made(read_bytes(forgetful())), text)["f"].mean() < 0.2 < explorer.trace(well, text)["f"].mean()
    )


@pytest.mark.parametrize(
    ("answer", "reads", "outputs"),
    [("forecast", "ids", 3), ("forecast", "ids", 7), ("next token", "ids", 3), ("next token", "numbers", 3), ("forecast", "numbers", 4)],
)  # fmt: skip
def test_an_answer_that_the_text_has_no_place_for_is_refused(answer: str, reads: str, outputs: int) -> None:
    """The next value of ids, the next token of numbers, or a forecast of more columns than are read."""
    parts = nn.ModuleDict({"emb": nn.Embedding(7, 3), "lstm": nn.LSTM(3, 4), "fc": nn.Linear(4, outputs)})
    contents = contents_of(parts)
    choice = replace(checkpoints.likely(contents), embedding="emb" if reads == "ids" else None, answer=answer)
    with pytest.raises(Unreadable, match=f"cannot be “{answer}”.*{reads}.*{outputs} outputs; choose from "):
        made(contents, choice)
