"""What an update is made from: it depends on seed and step alone, and nothing of the data is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.backend.training import Budget
from explorer.models.make import loss_of, untrained
from explorer.models.recipes import Recipe
from explorer.models.recipes.base import Batch, drawn, padded, picked, streams
from explorer.models.vocabulary import Characters, Numbers
from explorer.signals import Array
from tests.helpers import FEW
from tests.models.tiny import EVERY_ANSWER, RECIPE

READER = Characters(tuple("abcde "))
TEXT = "abc de cab bed " * 10


def budget(batch: int, length: int = 5) -> Budget:
    return Budget(steps=1, batch=batch, length=length)


def equal(one: Batch, other: Batch) -> bool:
    assert one.inputs.shape == other.inputs.shape
    weights = one.weight is other.weight is None or (
        one.weight is not None and other.weight is not None and torch.equal(one.weight, other.weight)
    )
    return torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets) and weights


@pytest.mark.parametrize("recipe", EVERY_ANSWER, ids=lambda recipe: recipe.answer)
def test_a_batch_depends_on_seed_and_step_alone(recipe: Recipe) -> None:
    """Whatever was drawn before, in whatever order; another step gives another batch, and so does another seed but of a stream."""
    one, again = recipe.data().batches(recipe.budget, 7), recipe.data().batches(recipe.budget, 7)
    first = [one(step) for step in range(12)]
    torch.rand(1)
    assert all(equal(first[step], again(step)) for step in reversed(range(12)))
    assert not torch.equal(first[0].targets, first[1].targets) or not torch.equal(first[0].inputs, first[1].inputs)
    other = recipe.data().batches(recipe.budget, 8)(0)
    assert recipe.data().streaming == (
        other.inputs.shape == first[0].inputs.shape and torch.equal(other.inputs, first[0].inputs)
    )


@pytest.mark.parametrize("recipe", EVERY_ANSWER, ids=lambda recipe: recipe.answer)
def test_a_batch_fits_the_network(recipe: Recipe) -> None:
    """[step, batch] of ids or [step, batch, column] of numbers; targets within the answers that there are."""
    data = recipe.data()
    batch = data.batches(recipe.budget, 1)(0)
    model = untrained(recipe, "gru", data)
    scores, _ = model(batch.inputs)
    assert batch.inputs.shape[1] == recipe.budget.batch
    assert model.answer.losses(scores, batch.targets).shape == batch.inputs.shape[:2]
    assert batch.weight is None or (batch.weight.shape == batch.inputs.shape[:2] and batch.weight.any(0).all())


@FEW
@given(st.integers(1, 7), st.integers(1, 9), st.integers(11, 60))
def test_streams_run_through_the_whole_text(batch: int, length: int, size: int) -> None:
    """Each reads on where its last batch ended, and the next token is the target; the end joins the beginning."""
    text = TEXT[:size]
    ids = torch.from_numpy(READER.encode(text).values)
    at = streams(READER, text)(budget(batch, length), 0)
    updates = [at(step) for step in range(len(ids) // length + 1)]
    assert all(update.inputs.shape == update.targets.shape == (length, batch) for update in updates)
    assert all(update.weight is None for update in updates)
    for column in range(batch):
        first = column * (len(ids) // batch)
        ring = torch.cat([ids, ids, ids])[first:]
        read = torch.cat([update.inputs[:, column] for update in updates])
        assert torch.equal(read, ring[: len(read)])
        assert torch.equal(torch.cat([update.targets[:, column] for update in updates]), ring[1 : len(read) + 1])
        assert len(read) >= len(ids)


@FEW
@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 99))
def test_a_round_of_picked_takes_each_once(lengths: list[int], batch: int, seed: int) -> None:
    """But for the few that do not fill a batch; each beside its own target and weight, in a new order each round."""
    inputs = [np.full(length, k) for k, length in enumerate(lengths)]
    at = picked(inputs, [100 + one for one in inputs], [np.ones(length) for length in lengths])(budget(batch), seed)
    a_round = max(1, len(lengths) // batch)
    rounds = []
    for first in (0, a_round):
        seen = []
        for step in range(first, first + a_round):
            update = at(step)
            assert update.weight is not None
            there = update.weight == 1
            assert there.sum(0).tolist() == [lengths[k] for k in update.inputs[0]]
            assert torch.equal(update.targets[there], 100 + update.inputs[there])
            assert not update.inputs[~there].any()
            seen += update.inputs[0].tolist()
        assert len(set(seen)) == len(seen) == min(len(lengths), a_round * batch)
        rounds.append(seen)
    if len(lengths) >= 20 and batch <= 4:
        assert rounds[0] != rounds[1]


def test_drawn_has_a_generator_of_its_own_for_each_step() -> None:
    def make(chance: np.random.Generator, batch: int) -> Batch:
        values = torch.from_numpy(chance.uniform(size=(2, batch)))
        return Batch(values, values)

    first, other = drawn(make)(budget(3), 1), drawn(make)(budget(3), 2)
    seen = [tuple(batches(step).inputs.flatten().tolist()) for batches in (first, other) for step in range(5)]
    assert len(set(seen)) == 10
    assert {len(values) for values in seen} == {6}


def test_padding_counts_for_nothing() -> None:
    """Sequences side by side, zeros of weight 0 after the end, numbers of several columns too; the loss is the mean over what is there."""

    def sequence(steps: int) -> tuple[Array, Array, Array]:
        return np.ones((steps, 2), np.float32), np.full((steps, 1), steps, np.float32), np.ones(steps)

    batch = padded([sequence(3), sequence(1)])
    assert batch.weight is not None
    assert batch.inputs[:, :, 0].tolist() == [[1, 1], [1, 0], [1, 0]]
    assert batch.targets[:, :, 0].tolist() == [[3, 1], [3, 0], [3, 0]]
    assert batch.weight.tolist() == [[1, 1], [1, 0], [1, 0]]
    assert (batch.weight.dtype, batch.inputs.dtype) == (torch.float32, torch.float32)
    alone = [padded([sequence(steps)]) for steps in (3, 1)]
    recipe = replace(RECIPE, answer="number", labels=("x",), input_size=2)
    model = untrained(recipe, "gru", replace(RECIPE.data(), reader=Numbers(("a", "b"))))
    losses = [
        float(loss_of(model, lambda _, b=b: b, budget(2), 0, False)(0, None)[0].detach()) for b in (batch, *alone)
    ]
    assert losses[0] == pytest.approx((3 * losses[1] + losses[2]) / 4)


@pytest.mark.parametrize("streaming", [True, False])
def test_a_stream_is_read_on_and_a_sequence_is_not(streaming: bool) -> None:
    """The state that is handed in is where a stream goes on; other sequences begin at zero."""
    model = untrained(RECIPE, "lstm", RECIPE.data())
    loss = loss_of(model, RECIPE.data().batches(RECIPE.budget, 1), RECIPE.budget, 1, streaming)
    fresh, states = loss(0, None)
    later, _ = loss(0, states)
    assert torch.equal(fresh, later) is not streaming
