"""What is to be said, when; and the baseline of a guess without a memory."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from explorer.models.recipes import copying
from explorer.models.zoo import assemble

TEXT = "abc..>..."


def test_the_letters_are_asked_after_the_mark() -> None:
    assert "".join(copying.right(TEXT)) == "......abc"
    assert copying.text_of("abc", 3) == TEXT
    assert "".join(copying.right("ab>....")) == "...ab.."
    assert "".join(copying.right("ab....")) == "......"
    assert "".join(copying.right(">a>a")) == "...."


def test_properties() -> None:
    assert copying.after_mark(TEXT).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert copying.letters_to_say(TEXT).tolist() == [1, 2, 3, 3, 3, 3, 2, 1, 0]
    assert copying.first_held(TEXT).tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert copying.answer_steps(TEXT).tolist() == [6, 7, 8]
    assert copying.first_due(TEXT).tolist() == [6]
    assert not copying.first_held("b" + TEXT).any() and not len(copying.first_due("b" + TEXT))


def test_a_batch_is_what_the_rule_says() -> None:
    batch = copying.batch(np.random.default_rng(0), 4)
    for column in range(4):
        length = int(batch.weight[:, column].sum())  # type: ignore[index]
        text = "".join(copying.READER.labels[k] for k in batch.inputs[:length, column])
        assert 21 <= length <= 40
        assert [copying.LABELS[k] for k in batch.targets[:length, column]] == copying.right(text)


def test_the_baseline_is_that_of_knowing_when_but_not_what() -> None:
    """T + 20 steps of which ten are a guess of one in eight; one that finds all nine labels alike at each step is far worse."""
    model = assemble("rnn", 8, 4, copying.READER, answer="label", labels=copying.LABELS)
    with torch.no_grad():
        model.readout.weight.zero_()  # type: ignore[union-attr]
        model.readout.bias.zero_()  # type: ignore[union-attr]
    scores = copying.score(model, copying.fixed(3, seed=0))
    assert scores["held_out_nats_per_step"] == pytest.approx(math.log(9), abs=1e-5)
    longest = [copying.Example(copying.text_of("abcdefghab", 20))] * 3
    assert copying.without_memory(longest) == pytest.approx(10 * math.log(8) / 40)
