"""What a network and a card say of themselves in a notebook."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import explorer
from explorer.cells import build
from explorer.models import Model
from tests.conftest import Shipped
from tests.helpers import VARIANTS, Variant, network
from tests.models.tiny import card_for


def test_a_shipped_network(shipped: Shipped) -> None:
    """What it reads, its cell, its sizes, what it answers, how good it is."""
    model = shipped["english-lstm"]
    card = model.card
    assert card is not None
    said = repr(model)
    assert said.startswith("Model english-lstm: lstm, 1 layer of 128 units\n")
    for words in (f"characters: {len(card.reader)} ids of 32 numbers each", "lstm: LSTM", f"{card.parameters:,} numbers",
                  "float32, on cpu", "what comes next", card.headline.words(card.score)):  # fmt: skip
        assert words in said


def test_networks_of_other_kinds(shipped: Shipped) -> None:
    assert "rows of 2 numbers: 'value', 'mark'" in repr(shipped["adding-gru"])
    assert "what the text so far is, 2 outputs: 'negative', 'positive'" in repr(shipped["sentiment-lstm"])
    wrapped = explorer.wrap(torch.nn.RNN(3, 4, 2, nonlinearity="relu", bidirectional=True))
    said = repr(wrapped)
    assert said.startswith("Model RNN: rnn, 2 layers of 4 units, in both directions\n")
    for words in (
        "an array [step, 3]",
        "rnn: RNN (nonlinearity='relu')",
        "none: each step",
        "nothing: it has no readout",
    ):
        assert words in said
    assert repr(Model(build("gru", 1, 1)).double()).startswith("Model without a name: gru, 1 layer of 1 unit\n")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell(variant: Variant) -> None:
    """A line each, and the same words as HTML."""
    model = network(variant)
    assert f"{variant[0]}: {model.cell.title}" in repr(model)
    assert all(len(line) < 130 for line in repr(model).splitlines())
    assert f"<b>Model without a name: {variant[0]}, 1 layer of 4 units</b>" in model._repr_html_()


def test_a_name_is_text() -> None:
    model = network(("gru", {}))
    model.name = "<i>mine</i>\n"
    assert "&lt;i&gt;mine&lt;/i&gt;" in model._repr_html_()
    assert repr(model).startswith(r"Model <i>mine</i>\n: gru")


def test_a_card_is_one_line() -> None:
    """So that the list of all of them can be read."""
    card = card_for(network(("lstm", {})), ("lstm", {}))
    assert repr(card) == "<Card tiny: lstm, 1 layer of 4 units, 2.50 bits a character>"
    assert repr(replace(card, scores={})) == "<Card tiny: lstm, 1 layer of 4 units, no score>"
