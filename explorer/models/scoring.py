"""Quality of a model on sequences that it never saw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from explorer.models.answers import NEXT_TOKEN
from explorer.models.example import Example
from explorer.models.model import Model, as_numpy
from explorer.signals import Array


@torch.inference_mode()
def scores_of(model: Model, texts: Sequence[str], batch: int = 256) -> Iterator[tuple[int, Array]]:
    """For each text (its number, raw scores [step, output]), from the zero state. Texts of like length are read side by side."""
    inputs = [model.prepare(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda k: len(inputs[k].tokens))
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        longest = len(inputs[chosen[-1]].tokens)
        x = torch.zeros(longest, len(chosen), model.stack.input_size, dtype=model.dtype, device=model.device)
        for column, k in enumerate(chosen):
            x[: len(inputs[k].tokens), column] = inputs[k].x[:, 0]
        h, _ = model.read_out(x)
        for column, k in enumerate(chosen):
            yield k, as_numpy(h[: len(inputs[k].tokens), column])


def bits_per_token(model: Model, examples: Sequence[Example]) -> float:
    """-mean log2 p(token t+1 | tokens 0…t), each text from the zero state; T-1 predictions a text."""
    total, count = 0.0, 0
    for k, scores in scores_of(model, [example.text for example in examples]):
        ids = model.prepare(examples[k].text).ids
        assert ids is not None
        losses = NEXT_TOKEN.losses(torch.from_numpy(scores[:-1].copy()), ids[1:].cpu())
        total, count = total + float(losses.double().sum()), count + len(losses)
    return total / count / math.log(2)


def class_accuracy(model: Model, examples: Sequence[Example]) -> float:
    """Share of sequences whose answer at the last token is right."""
    right = [
        model.labels[int(scores[-1].argmax())] == examples[k].answer
        for k, scores in scores_of(model, [example.text for example in examples])
    ]
    return float(np.mean(right))


def label_accuracy(model: Model, examples: Sequence[Example]) -> tuple[float, float]:
    """Share of labelled steps whose label is right, and of sequences that are right at all of them."""
    steps: list[bool] = []
    whole: list[bool] = []
    for k, scores in scores_of(model, [example.text for example in examples]):
        labelled = [(t, label) for t, label in enumerate(examples[k].answer) if label is not None]
        right = [model.labels[int(scores[t].argmax())] == label for t, label in labelled]
        steps += right
        whole.append(all(right))
    return float(np.mean(steps)), float(np.mean(whole))


def squared_error(model: Model, examples: Sequence[Example]) -> float:
    """Mean squared error at the last step, against the number that is its answer (the last one, where there is one a step)."""
    errors = [
        (float(scores[-1, 0]) - float(np.ravel(examples[k].answer)[-1])) ** 2
        for k, scores in scores_of(model, [example.text for example in examples])
    ]
    return float(np.mean(errors))
