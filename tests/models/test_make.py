"""A recipe carried out: the same seed gives the same card, a broken-off run the same as a whole one, and the scores are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import explorer
from explorer import cells
from explorer.models import Card
from explorer.models.make import make
from explorer.models.scoring import bits_per_character
from explorer.models.zoo import SETTING, excerpt
from tests.helpers import network
from tests.models.tiny import RECIPE, SPLIT


def made(
    out: Path, cell: str = "lstm", seed: int | None = None, resume: Path | None = None, stop: int = 0
) -> Card | None:
    """The card of a run into `out`; None if it was broken off after `stop` steps."""
    for event in make(RECIPE, cell, out, seed=seed, resume=resume):
        if event.step == stop:
            return None
    return Card.read(out / f"tiny-{cell}.json")


@pytest.mark.parametrize("cell", cells.names())
def test_a_run_can_be_repeated(cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every cell: the same weights and scores; what was written can be loaded, and scores the same again."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    card = made(tmp_path / "models", cell)
    assert card == made(tmp_path / "again" / "models", cell)
    assert card is not None
    model = explorer.load(f"tiny-{cell}")
    assert excerpt("tiny") == SPLIT.held_out[:200]
    for text, name in ((SPLIT.held_out, "held_out"), (excerpt("tiny"), "excerpt")):
        assert bits_per_character(model, text) == pytest.approx(card.scores[f"{name}_bits_per_character"], abs=1e-4)
    assert card.scores["held_out_bits_per_character"] < np.log2(6)  # better than not to know anything
    assert (card.seed, card.vocabulary, card.options) == (3, tuple("abcde"), RECIPE.options.get(cell, {}))
    assert card.command.endswith(f"train tiny --cell {cell} --seed 3")


def test_another_seed_is_another_model(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one", seed=1), made(tmp_path / "other", seed=2)
    assert one is not None
    assert other is not None
    assert one.sha256 != other.sha256
    assert (one.seed, other.seed) == (1, 2)


def test_a_broken_off_run_goes_on_to_the_same_model(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole")
    assert made(tmp_path / "broken", resume=tmp_path / "run.pt", stop=110) is None
    assert not (tmp_path / "broken").exists()  # nothing is written before the end
    assert made(tmp_path / "broken", resume=tmp_path / "run.pt") == whole
    assert made(tmp_path / "later", resume=tmp_path / "run.pt") == whole  # from the end: scored and written once more


def test_bits_per_character_is_the_mean_surprise() -> None:
    """-log2 of what the model gave the character that came; for a readout of zeros, log2 of the number of labels."""
    model, text = network(("gru", {})), SPLIT.held_out[:50]
    log_p, ids = explorer.predict(model, text), model.prepare(text).ids
    assert ids is not None
    surprise = [-log_p[step, ids[step + 1]] / np.log(2) for step in range(len(text) - 1)]
    assert bits_per_character(model, text) == pytest.approx(np.mean(surprise))
    assert model.readout is not None
    for weight in model.readout.parameters():
        weight.data.zero_()
    assert bits_per_character(model, text) == pytest.approx(np.log2(len(model.labels)))
