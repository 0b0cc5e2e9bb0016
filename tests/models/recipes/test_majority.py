"""What is right for a majority, and how each cell counts."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.models.recipes import majority
from tests.models.recipes.test_wiring import network


def said(cell: str, text: str) -> list[str]:
    model = network(majority.RECIPE, cell)
    return [model.labels[k] for k in explorer.predict(model, text).argmax(1)]


def test_the_lead_decides() -> None:
    assert majority.lead("a.bba").tolist() == [1, 1, 0, -1, 0]
    assert majority.right("a.bba") == ["more a", "more a", "equal", "more b", "equal"]
    assert majority.where_ahead("a.bba").tolist() == [0, 1]


@pytest.mark.parametrize(("cell", "memory"), [("lstm", "c"), ("rnn", "h")])
def test_the_unit_is_the_count(cell: str, memory: str) -> None:
    """Exactly, however far."""
    text = "a" * 300 + "b.b" * 200 + "a" * 101
    held = explorer.trace(network(majority.RECIPE, cell), text)[memory][0, :, 0]
    assert np.array_equal(held, majority.lead(text))
    assert said(cell, text) == majority.right(text)


def test_a_gru_loses_count() -> None:
    """After nine and eight, as the file's docstring says; one letter earlier it still knows."""
    text = "a" * 9 + "b" * 8
    assert said("gru", text[:-1]) == majority.right(text[:-1])
    assert (said("gru", text)[-1], majority.right(text)[-1]) == ("equal", "more a")
