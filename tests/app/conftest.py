"""A folder of our own models for the app to read with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import torch

from explorer.models import Card, Example
from explorer.models.make import describe, untrained
from explorer.models.recipes import RECIPES, Recipe
from explorer.models.zoo import SETTING, save, write_held_out
from tests.helpers import TEXT, Shape, network
from tests.models.tiny import card_for

Shelve = Callable[..., str]
ShelveTask = Callable[..., Card]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the app reads; empty. What the app remembers of other models is forgotten, before and after."""
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv(SETTING, str(models))
    monkeypatch.setattr("explorer.studio.state.FIRST_MODEL", "tiny-lstm")
    st.cache_resource.clear()
    yield models
    st.cache_resource.clear()


@pytest.fixture
def shelve(shelf: Path) -> Shelve:
    """Puts a tiny random network that guesses the next letter there; `shelve("gru", (2, False))` returns its name."""
    write_held_out(shelf, "tiny", [Example(f"{TEXT} " * 40)])

    def put(cell: str, shape: Shape = (1, False), *, units: int = 4, **changed: Any) -> str:
        model = network((cell, {}), shape, dtype=torch.float32, units=units)
        card = replace(card_for(model, (cell, {}), shape), name=f"tiny-{cell}", **changed)
        replace(card, sha256=save(model, shelf / f"{card.name}.safetensors")).write(shelf / f"{card.name}.json")
        return card.name

    return put


@pytest.fixture
def shelve_task(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> ShelveTask:
    """Puts a network of a tiny recipe there, untrained, and returns its card: `shelve_task(CLASSES, "gru", title="Another")`.

    The app finds the recipe, too, as it finds those of the shipped models.
    """

    def put(recipe: Recipe, cell: str = "lstm", **changed: Any) -> Card:
        monkeypatch.setitem(RECIPES, recipe.task, recipe)
        torch.manual_seed(0)
        data = recipe.data()
        model = untrained(recipe, cell, data)
        if recipe.wired:
            model.load_state_dict(recipe.wired(cell))
        card = replace(describe(model, recipe, data, cell, 0, recipe.budget, shelf), **changed)
        card.write(shelf / f"{card.name}.json")
        return card

    return put
