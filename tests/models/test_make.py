"""A recipe carried out: the same seed gives the same card, a broken-off run the same as a whole one, and the scores are right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import explorer
from explorer.backend.training import Progress, TrainingDiverged, unrolled
from explorer.models import Card, Example, Model, held_out
from explorer.models.make import loss_of, make, saved_at, untrained
from explorer.models.recipes import RECIPES, Recipe
from explorer.models.scoring import bits_per_token
from explorer.models.zoo import SETTING
from tests.helpers import DEVICES
from tests.models.tiny import (
    CLASSES,
    EVERY_ANSWER,
    FORECASTS,
    HELD_OUT,
    LABELS,
    NUMBERS,
    RECIPE,
    SHORT,
    WIRED,
    asked,
    judged,
)

DROPPED = replace(SHORT, steps=130, noise=0.2, dropout=0.3)


def made(
    out: Path,
    cell: str = "lstm",
    seed: int | None = None,
    resume: Path | None = None,
    stop: int = 0,
    recipe: Recipe = RECIPE,
) -> Card | None:
    """The card of a run into `out`; None if it was broken off after `stop` steps."""
    for event in make(recipe, cell, out, seed=seed, resume=resume):
        if event.step == stop:
            return None
    return Card.read(out / f"{recipe.task}-{cell}.json")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, not yet there; the tiny tasks are among the recipes."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    for recipe in (*EVERY_ANSWER, WIRED):
        monkeypatch.setitem(RECIPES, recipe.task, recipe)
    return tmp_path / "models"


@pytest.mark.cases(1)
@pytest.mark.parametrize("cell", sorted({cell for recipe in RECIPES.values() for cell in recipe.cells}))
def test_a_run_can_be_repeated(cell: str, shelf: Path, tmp_path: Path) -> None:
    """The same weights and scores, of every cell that some task is trained with; what was written can be loaded, and scores alike."""
    card = made(shelf, cell)
    assert card == made(tmp_path / "again" / "models", cell)
    assert card is not None
    model = explorer.load(f"tiny-{cell}")
    assert held_out("tiny") == (Example(HELD_OUT[:200]),)
    for examples, name in (((Example(HELD_OUT),), "held_out"), (held_out("tiny"), "excerpt")):
        assert bits_per_token(model, examples) == pytest.approx(card.scores[f"{name}_bits_per_character"], abs=1e-4)
    assert card.scores["held_out_bits_per_character"] < np.log2(6)  # better than not to know anything
    assert card.score == card.scores["held_out_bits_per_character"]
    assert (card.seed, card.seeds, card.vocabulary) == (3, (), tuple("abcde"))
    assert card.options == RECIPE.cells.get(cell, {})
    assert card.command.endswith(f"train tiny --cell {cell} --seed 3")
    assert card.sha256 == hashlib.sha256((shelf / f"tiny-{cell}.safetensors").read_bytes()).hexdigest()


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


@pytest.mark.full
def test_noise_and_dropout_can_be_repeated(tmp_path: Path) -> None:
    """They have a generator of their own for each update: the same card again, also where a run was broken off; without them another."""
    recipe = replace(CLASSES, budget=DROPPED)
    whole = made(tmp_path / "whole", recipe=recipe)
    assert made(tmp_path / "broken", recipe=recipe, resume=tmp_path / "run.pt", stop=101) is None
    torch.rand(1)  # what else was drawn in between is of no matter
    assert made(tmp_path / "broken", recipe=recipe, resume=tmp_path / "run.pt") == whole
    plain = made(tmp_path / "plain", recipe=replace(recipe, budget=replace(DROPPED, noise=0.0, dropout=0.0)))
    assert whole is not None
    assert plain is not None
    assert plain.sha256 != whole.sha256


class Recorder(nn.Linear):
    """A readout that keeps what reaches it."""

    def forward(self, h: Tensor) -> Tensor:
        self.seen = h.detach()
        return super().forward(h)


@pytest.mark.parametrize("recipe", [NUMBERS, CLASSES], ids=lambda recipe: recipe.answer)
def test_noise_and_dropout_are_as_large_as_they_are_said_to_be(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise moves each number before the readout by its standard deviation; dropout sets a share of them to 0, and stretches the others
    so that the mean stays. What an embedding gives is dropped as well; numbers that are read are not."""
    data = recipe.data()
    model = untrained(recipe, "gru", data)
    model.readout = readout = Recorder(4, len(recipe.labels))
    batches = data.batches(replace(SHORT, batch=1000), 1)
    read: list[Tensor] = []
    monkeypatch.setattr(
        "explorer.models.make.unrolled", lambda stack, x, *rest: read.append(x) or unrolled(stack, x, *rest)
    )

    def h_with(noise: float = 0.0, dropout: float = 0.0, seed: int = 1) -> Tensor:
        loss_of(model, batches, replace(SHORT, noise=noise, dropout=dropout), seed, False)(0, None)
        return readout.seen

    h = h_with()
    moved = h_with(noise=0.3) - h
    assert float(moved.mean()) == pytest.approx(0, abs=0.03)  # of 1,600 numbers at least
    assert float(moved.std()) == pytest.approx(0.3, abs=0.03)
    assert torch.equal(h_with(noise=0.3) - h, moved)
    assert not torch.equal(h_with(noise=0.3, seed=2) - h, moved)
    assert float((h_with(dropout=0.25) == 0).float().mean()) == pytest.approx(0.25, abs=0.04)
    x, dropped = read[0], read[-1]
    if model.embedding is None:
        kept = h_with(dropout=0.25) / h
        torch.testing.assert_close(kept[kept != 0].mean(), torch.tensor(1 / 0.75))
        assert torch.equal(dropped, x)
    else:
        kept = dropped / x
        assert float((kept == 0).float().mean()) == pytest.approx(0.25, abs=0.04)
        torch.testing.assert_close(kept[kept != 0].mean(), torch.tensor(1 / 0.75))


BARS = {"tiny": 2.3, "tiny-class": 0.85, "tiny-label": 0.9, "tiny-number": 0.07, "tiny-forecast": 0.03}
"""What a few updates reach of each headline; knowing nothing would give 2.6, 0.5, 0.5, 0.083 and 0.5."""


@pytest.mark.parametrize("recipe", EVERY_ANSWER, ids=lambda recipe: recipe.answer)
def test_every_answer_from_recipe_to_prediction(recipe: Recipe, shelf: Path) -> None:
    """Trained, written, loaded: the card is whole, the score is found again, and the predictions are what they are said to be."""
    card, data = made(shelf, "gru", recipe=recipe), recipe.data()
    assert card is not None
    model = explorer.load(card.name)
    assert model.card == card
    assert (card.answer, card.labels, card.tokens) == (recipe.answer, recipe.labels, data.reader.kind)
    assert card.vocabulary == data.reader.symbols
    assert recipe.score(model, data.held_out) == pytest.approx(
        {name: score for name, score in card.scores.items() if name.startswith("held_out")}, abs=1e-4
    )
    assert (card.score < BARS[recipe.task]) if card.headline.better == "lower" else (card.score > BARS[recipe.task])
    text = card.show.text
    answers, steps = explorer.predict(model, text), len(data.reader.encode(text).tokens)
    assert answers.shape == (steps, len(model.labels))
    if recipe in (NUMBERS, FORECASTS):
        assert np.abs(answers).max() < 3
    else:
        np.testing.assert_allclose(np.exp(answers).sum(-1), 1, atol=1e-5)  # float32
    (found,), (wanted,) = card.findings, recipe.properties
    assert (found.follows, found.foretells) == (wanted.name, wanted.foretells)
    assert found.measured == ("value" if recipe in (NUMBERS, FORECASTS) else "log₂ P")
    assert 0 <= found.step < steps
    assert found.places > 0
    assert held_out(recipe.task) == (data.shipped or data.held_out)


def test_what_the_networks_learnt(shelf: Path) -> None:
    """A class at every prefix, a label at every step: read off the predictions alone."""
    for recipe in (CLASSES, LABELS):
        made(shelf, "gru", recipe=recipe)
    model = explorer.load("tiny-class-gru")
    found = [model.labels[k] for k in explorer.predict(model, "a bad film good plot").argmax(-1)]
    assert found[-1] == judged(["good"])
    assert found[1] == judged(["bad"])
    model, text = explorer.load("tiny-label-gru"), "cadbc"
    found = [model.labels[k] for k in explorer.predict(model, text).argmax(-1)]
    assert found == asked(text)


def test_the_card_is_json_that_reads_as_the_card(shelf: Path) -> None:
    """Of several seeds, too: everything on it survives."""
    card = made(shelf, "rnn", recipe=replace(CLASSES, seeds=(1, 2)))
    values = json.loads((shelf / "tiny-class-rnn.json").read_text(encoding="utf-8"))
    assert card is not None
    assert values.pop("show") == values["findings"][0]
    assert values == json.loads(json.dumps(asdict(card)))
    assert [one["seed"] for one in values["seeds"]] == [1, 2]


def by_error(sign: int) -> Recipe:
    """Three seeds of the wave, chosen by their error on waves of their own: the largest for +1, the smallest for -1."""
    texts = FORECASTS.data().chosen_on

    def select(model: Model) -> float:
        return sign * FORECASTS.score(model, [Example(text) for text in texts])["held_out_error"]

    return replace(FORECASTS, seeds=(1, 2, 3), selection=select)


@pytest.mark.full
def test_of_several_seeds_the_best_by_selection_is_kept(tmp_path: Path) -> None:
    """All are on the card with what they were chosen by and their held-out scores; the one that is shipped is the one of the highest
    selection, whatever its held-out score; it is the same model as by itself."""
    cards = {}
    for sign in (-1, 1):
        card = made(tmp_path / str(sign), "gru", recipe=by_error(sign))
        assert card is not None
        assert [one["seed"] for one in card.seeds] == [1, 2, 3]
        assert len({one["held_out_error"] for one in card.seeds}) == 3
        best = max(card.seeds, key=lambda one: one["selected_by"])
        assert card.seed == best["seed"]
        assert card.score == best["held_out_error"]
        assert card.command == "python -m explorer train tiny-forecast --cell gru"  # which trains them all again
        alone = made(tmp_path / f"{sign} alone", "gru", seed=card.seed, recipe=by_error(sign))
        assert alone is not None
        assert (alone.sha256, alone.scores, alone.seeds) == (card.sha256, card.scores, ())
        assert alone.command.endswith(f"--seed {card.seed}")
        cards[sign] = card
    assert cards[1].seed != cards[-1].seed
    assert [one["held_out_error"] for one in cards[1].seeds] == [one["held_out_error"] for one in cards[-1].seeds]


def test_of_equals_the_first_seed_is_kept(tmp_path: Path) -> None:
    """Without a selection nothing says which is better; the held-out score may not."""
    card = made(tmp_path, "gru", recipe=replace(FORECASTS, seeds=(3, 1, 2)))
    assert card is not None
    assert card.seed == 3


def test_several_seeds_are_saved_each_on_its_own(tmp_path: Path) -> None:
    """A run that was broken off in its second seed goes on there, to the same card."""
    recipe = replace(by_error(-1), seeds=(1, 2), budget=replace(SHORT, steps=110))
    whole = made(tmp_path / "whole", "gru", recipe=recipe)
    save = tmp_path / "run.pt"
    steps = [event.step for event in until(make(recipe, "gru", tmp_path / "broken", resume=save), 110 + 103)]
    assert steps == [*range(1, 111), *range(1, 104)]
    assert saved_at(save, (1, 2)) == {1: tmp_path / "run.pt.1", 2: tmp_path / "run.pt.2"}
    assert saved_at(save, (7,)) == {7: save}
    events = list(make(recipe, "gru", tmp_path / "broken", resume=save))
    assert [event.step for event in events] == list(range(101, 111))
    assert Card.read(tmp_path / "broken" / "tiny-forecast-gru.json") == whole


def until(run: Iterator[Progress], count: int) -> Iterator[Progress]:
    """The first events of a run, which is then broken off."""
    return islice(run, count)


def test_a_run_that_stops_early_keeps_the_best_weights(tmp_path: Path) -> None:
    """Chosen by the recipe's selection, which here falls from the first check on: each seed stops after two more checks, and its
    weights are those of the first."""
    falling = iter(range(100, 0, -1))
    budget = replace(SHORT, steps=200, check=10, patience=2)
    recipe = replace(FORECASTS, seeds=(1, 2), budget=budget, selection=lambda model: next(falling))
    events = list(make(recipe, "gru", tmp_path, snapshots=tmp_path / "along"))
    assert [event.step for event in events] == [*range(1, 31), *range(1, 31)]
    assert [event.ended for event in events] == [False] * 59 + [True]
    assert [event.validation for event in events if event.validation] == [
        100,
        99,
        98,
        96,
        95,
        94,
    ]  # 97: of the whole run
    snapshots = sorted(int(file.stem) for file in (tmp_path / "along" / "1").iterdir())
    assert snapshots == [0, 10, 20, 30]
    weights = torch.load(tmp_path / "along" / "1" / "10.pt", weights_only=True)
    kept = load_file(tmp_path / "tiny-forecast-gru.safetensors")
    assert all(torch.equal(kept[name], weights[name]) for name in weights)


def test_a_run_that_diverges_writes_nothing(tmp_path: Path) -> None:
    recipe = replace(FORECASTS, cells={"rnn": {"nonlinearity": "linear"}})
    steep = replace(SHORT, learning_rate=1e18, clip=None, optimiser="sgd")
    with pytest.raises(TrainingDiverged, match="try a smaller learning rate or clip"):
        list(make(recipe, "rnn", tmp_path / "models", budget=steep))
    assert not (tmp_path / "models").exists()


def test_wired_by_hand(shelf: Path) -> None:
    """Nothing is trained: the weights are those that were written, exact on every text of up to six letters; the card says so."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        card = made(shelf, "rnn", recipe=WIRED)
    torch.manual_seed(6)
    assert made(shelf.parent / "again" / "models", "rnn", recipe=WIRED) == card  # torch's generator has no part in it
    assert card is not None
    assert card.wired
    assert (card.budget, card.seeds, card.parameters) == ({}, (), 14)
    assert card.command == "python -m explorer train tiny-wired --cell rnn"
    assert card.scores == {"held_out_steps": 1.0, "held_out_whole": 1.0}
    assert card.headline.words(card.score) == "100 % of the texts right throughout"
    model = explorer.load("tiny-wired-rnn")
    assert {name: weight.tolist() for name, weight in model.state_dict().items()} == {
        name: weight.tolist() for name, weight in WIRED.wired("rnn").items()
    }
    for length in range(1, 7):
        texts = ["".join(letters) for letters in product("abc", repeat=length)]
        assert WIRED.score(model, [Example(text, asked(text)) for text in texts])["held_out_whole"] == 1
    assert card.show.correlation > 0.8
    assert card.show.holds


@pytest.mark.parametrize("device", DEVICES)
def test_on_a_device(device: str, shelf: Path) -> None:
    """Trained there, with noise and a state that is carried on; written as from the CPU."""
    recipe = replace(RECIPE, budget=replace(RECIPE.budget, steps=10, noise=0.1, dropout=0.1, truncate=3))
    for _ in make(recipe, "lstm", shelf, device=torch.device(device)):
        pass
    assert explorer.load("tiny-lstm").device.type == "cpu"
