"""A folder of our own models for the app to read with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
import torch

from explorer.models.zoo import SETTING, excerpt_path, save
from tests.helpers import TEXT, Shape, network
from tests.models.tiny import card_for

Shelve = Callable[..., str]


@pytest.fixture
def shelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelve]:
    """Puts a tiny random model into the folder that the app reads; `shelve("gru", (2, False))` returns its name.

    What the app remembers of other models is forgotten, before and after.
    """
    models = tmp_path / "models"
    models.mkdir()
    excerpt = excerpt_path(models, "tiny")
    excerpt.parent.mkdir(exist_ok=True)
    excerpt.write_text(f"{TEXT} " * 40, encoding="utf-8")
    monkeypatch.setenv(SETTING, str(models))
    monkeypatch.setattr("explorer.studio.state.FIRST_MODEL", "tiny-lstm")
    st.cache_resource.clear()

    def put(cell: str, shape: Shape = (1, False), *, units: int = 4) -> str:
        model = network((cell, {}), shape, dtype=torch.float32, units=units)
        card = replace(
            card_for(model, (cell, {}), shape), name=f"tiny-{cell}", scores={"held_out_bits_per_character": 2.5}
        )
        replace(card, sha256=save(model, models / f"{card.name}.safetensors")).write(models / f"{card.name}.json")
        return card.name

    yield put
    st.cache_resource.clear()
