"""Names of the columns of numbers: they never make a reader of words of a network of numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.models import checkpoints
from explorer.models.checkpoints import read_bytes
from explorer.models.checkpoints.columns import are_columns, name_columns
from explorer.models.vocabulary import Numbers
from tests.models.checkpoints.helper import CLOSE, network, saved

NAMES = ("temperature", "humidity", "wind")
X = np.random.default_rng(0).standard_normal((6, 3), dtype=np.float32)


def layers() -> nn.GRU:
    torch.manual_seed(0)
    return nn.GRU(3, 4)


@pytest.mark.parametrize("readout", [None, 1, 3], ids=["no readout", "one output", "as many outputs as columns"])
def test_names_typed_as_a_vocabulary_name_the_columns(readout: int | None) -> None:
    """Numbers are read as before: torch is the referee."""
    theirs = layers()
    module = nn.ModuleDict({"rnn": theirs} | ({} if readout is None else {"out": nn.Linear(4, readout)}))
    contents = read_bytes(saved(module.state_dict()))
    model = checkpoints.own(contents, checkpoints.likely(contents, NAMES), name="own-1", title="mine.pt")
    with torch.no_grad():
        expected = theirs(torch.from_numpy(X))[0]
        expected = (expected if readout is None else module["out"](expected)).numpy()
    assert np.abs(explorer.predict(model, X) - expected).max() < CLOSE
    assert model.vocabulary == Numbers(NAMES)
    assert model.card is not None and (model.card.tokens, model.card.vocabulary) == ("numbers", NAMES)
    with pytest.raises(ValueError, match="a row needs 3 \\(temperature, humidity, wind\\)"):
        explorer.trace(model, "1 2")


def test_symbols_are_still_read_one_hot() -> None:
    """Characters, and words if that is said."""
    contents = read_bytes(saved(layers().state_dict()))
    for choice in (
        checkpoints.likely(contents, ("a", "b", "c")),
        replace(checkpoints.likely(contents, NAMES), reads="symbols"),
    ):
        model = checkpoints.own(contents, choice, name="own-1", title="mine.pt")
        assert model.embedding is not None and torch.equal(model.embedding.weight, torch.eye(3))
    named = replace(checkpoints.likely(contents, ("a", "b", "c")), reads="numbers")
    assert checkpoints.own(contents, named, name="own-1", title="mine.pt").vocabulary == Numbers(("a", "b", "c"))


def test_words_that_are_guessed_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(saved(nn.ModuleDict({"rnn": layers(), "out": nn.Linear(4, 3)}).state_dict()))
    assert explorer.load(path, NAMES).embedding is None
    assert explorer.load(path, NAMES, answer="next token").embedding is not None


def test_names_in_a_file() -> None:
    contents = read_bytes(saved({"model": layers().state_dict(), "feature_names": list(NAMES)}))
    model = checkpoints.own(contents, checkpoints.likely(contents), name="own-1", title="mine.pt")
    assert model.vocabulary == Numbers(NAMES)


@pytest.mark.parametrize(
    ("symbols", "named"),
    [
        (NAMES, True),
        (("temperature",), True),
        (("a", "b", "c"), False),
        (("<pad>", "the", "whale"), False),
        (("the", "whale", "."), False),
        (("the", "whale", "the"), False),
        ((), False),
    ],
)
def test_what_looks_like_names_of_columns(symbols: tuple[str, ...], named: bool) -> None:
    assert are_columns(symbols) is named


def test_a_table_names_columns_that_have_no_names() -> None:
    """And none that have; nothing of a name is markup."""
    contents = read_bytes(saved(layers().state_dict()))
    model = checkpoints.own(contents, checkpoints.likely(contents), name="own-1", title="mine.pt")
    assert model.vocabulary == Numbers(("x0", "x1", "x2"))
    name_columns(model, ("a", "b"))
    assert model.vocabulary == Numbers(("x0", "x1", "x2"))
    name_columns(model, ("<b>t</b>", "humidity " * 9, "wind"))
    assert model.vocabulary is not None and model.card is not None
    assert (
        model.vocabulary.symbols
        == model.card.vocabulary
        == model.card.reader.symbols
        == ("·b·t·/b·", ("humidity " * 9)[:40], "wind")
    )
    name_columns(model, NAMES)
    assert model.vocabulary.symbols[2] == "wind" and model.vocabulary.symbols[0] == "·b·t·/b·"
    assert explorer.trace(model, X).steps == 6


def test_embedded_symbols_are_never_columns() -> None:
    contents = read_bytes(saved(network().state_dict()))
    words = tuple(f"word{k}" for k in "abcdefg")
    assert (
        checkpoints.own(contents, checkpoints.likely(contents, words), name="own-1", title="mine.pt").embedding
        is not None
    )
