"""The weights written by hand are those of the network, in torch's blocks; and the score over all inputs counts what is wrong."""

from __future__ import annotations

import pytest
import torch

from explorer.models import Model
from explorer.models.recipes import latch, majority, toggle, wiring
from explorer.models.recipes.base import Recipe
from explorer.models.zoo import assemble

RECIPES = (latch.RECIPE, toggle.RECIPE, majority.RECIPE)


def network(recipe: Recipe, cell: str) -> Model:
    """The wired network, as it is shipped."""
    assert recipe.wired is not None
    model = assemble(
        cell, recipe.input_size, recipe.hidden_size, recipe.data().reader,
        answer=recipe.answer, labels=recipe.labels, **recipe.cells[cell],
    )  # fmt: skip
    model.load_state_dict(recipe.wired(cell))
    return model.eval()


@pytest.mark.cases(2)
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.task)
def test_every_input_is_answered_right(recipe: Recipe, cell: str) -> None:
    """All sequences of up to twelve characters, at every step."""
    scores = recipe.score(network(recipe, cell), recipe.data().held_out)
    assert scores["every_input_accuracy"] == 1
    if (recipe.task, cell) != ("majority", "gru"):  # which cannot count far, and says so
        assert scores["held_out_label_accuracy"] == 1


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.task)
def test_an_unknown_character_changes_nothing(recipe: Recipe, cell: str) -> None:
    model, text = network(recipe, cell), recipe.examples[next(iter(recipe.examples))]
    assert torch.equal(*(model.read_out(model.prepare(t).x)[0][-1] for t in (text, text.replace(".", "?"))))


def test_all_inputs_begin_with_all_shorter_ones() -> None:
    places, answers = wiring.every_input("t.", ("off", "on"), toggle.right, length=3)
    assert places.shape == answers.shape == (3, 8)
    assert len({tuple(column) for column in places.T}) == 8
    for column, wanted in zip(places.T, answers.T, strict=True):
        assert [("off", "on")[k] for k in wanted] == toggle.right("".join("t."[k] for k in column))


def test_a_wrong_weight_is_seen() -> None:
    """A toggle whose input gate does not look at h sets the bit at every `t`."""
    model = network(toggle.RECIPE, "lstm")
    with torch.no_grad():
        model.cell.weight_hh.zero_()
    assert 0.4 < wiring.share_right(model, "t.", toggle.right) < 0.8


def test_a_weight_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing named h1"):
        wiring.weights(latch.READER, "rnn", {"h": [{"h1": 1}]}, {"off": {}})
    with pytest.raises(ValueError, match="blocks r, z, n"):
        wiring.weights(latch.READER, "gru", {"z": [{}]}, {"off": {}})
