"""Which letters count, in which order, and where they stand."""

from __future__ import annotations

import numpy as np

from explorer.models.recipes import temporal_order as order


def test_the_order() -> None:
    assert order.truth("aXbYc") == [None, None, None, "XY", "XY"]
    assert order.truth("YXX") == [None, "YX", None]
    assert order.first_was_x("aXbYc").tolist() == [0, 1, 1, 1, 1]
    assert order.second_was_x("aYbXc").tolist() == [0, 0, 0, 1, 1]
    assert order.at_the_end("aXbYc").tolist() == [4]
    assert not len(order.at_the_end("aYbXc"))


def test_a_fresh_sequence() -> None:
    """Two letters that count, none among the last ten, all four orders equally often."""
    examples = order.fixed(2000, seed=5)
    for example in examples:
        assert 25 <= len(example.text) <= 60 and not set(example.text[-10:]) & set(order.COUNT)
        assert order.truth(example.text)[-1] == example.answer
    counts = [sum(example.answer == label for example in examples) for label in order.LABELS]
    assert min(counts) > 430


def test_a_batch_asks_at_the_end_alone() -> None:
    batch = order.batch(np.random.default_rng(0), 6)
    assert batch.weight is not None and batch.weight.sum(0).tolist() == [1] * 6
    for column in range(6):
        last = int(batch.weight[:, column].argmax())
        text = "".join(order.READER.labels[k] for k in batch.inputs[: last + 1, column])
        assert order.LABELS[batch.targets[last, column]] == order.truth(text)[-1]


def test_the_examples_are_what_they_are_called() -> None:
    examples = order.RECIPE.examples
    assert [order.truth(text)[-1] for text in examples.values()] == ["XY", "YX", "XX", None, "YX"]
