"""Marks, sums, and the baseline of a guess without a memory."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.models.recipes import adding
from explorer.models.recipes.adding import RECIPE

TOKENS = ["0.50 1", "0.25 0", "0.30 1", "0.90 0"]


def test_the_sum_so_far() -> None:
    np.testing.assert_allclose(adding.memory_of_sum(TOKENS), [0.5, 0.5, 0.8, 0.8])
    assert adding.marks_seen(TOKENS).tolist() == [1, 1, 2, 2]
    assert adding.from_memory(TOKENS).tolist() == [1, 3]
    assert RECIPE.truth is not None and RECIPE.truth(TOKENS) == pytest.approx([0.5, 0.5, 0.8, 0.8])


def test_a_fresh_sequence_reads_as_what_it_was_made_from() -> None:
    for seed in range(20):
        example = adding.example(np.random.default_rng(seed))
        read = adding.READER.encode(example.text)
        assert read.values[:, 1].sum() == 2 and 10 <= len(read.tokens) <= 100
        np.testing.assert_allclose(adding.memory_of_sum(read.tokens), example.answer, atol=1e-9)


def test_a_batch_asks_for_the_sum_at_each_row() -> None:
    batch = adding.batch(np.random.default_rng(0), 5)
    x, lengths = batch.inputs, batch.weight.sum(0).long()  # type: ignore[union-attr]
    assert batch.targets[lengths - 1, range(5), 0].tolist() == pytest.approx((x[..., 0] * x[..., 1]).sum(0).tolist())
    assert not x[lengths[0] :, 0].any()


def test_the_baseline_is_that_of_saying_one() -> None:
    answers = np.array([example.answer[-1] for example in adding.fixed(5000, seed=9)])
    assert ((answers - 1) ** 2).mean() == pytest.approx(adding.WITHOUT_MEMORY, abs=0.01)


def test_the_held_out_set_is_always_the_same_and_none_of_it_is_trained_on() -> None:
    held_out = {example.text for example in adding.fixed(500, seed=0)}
    assert held_out == {example.text for example in RECIPE.data().held_out} and len(held_out) == 500
    assert not held_out & set(RECIPE.data().chosen_on)
    assert not held_out & {example.text for example in adding.validation()}
