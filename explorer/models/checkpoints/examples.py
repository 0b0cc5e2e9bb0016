"""Files for those who have none at hand: a shipped network as somebody would have saved it, and the same with a fault in it."""

from __future__ import annotations

import io

import torch

from explorer.models.zoo import load

SHOWN = "english-lstm"
SHUT = -5.0
"""A forget bias with which hardly anything is kept: σ(-5) = 0.007."""


def healthy() -> bytes:
    """A training checkpoint of PyTorch, with its vocabulary."""
    return _saved(shut=False)


def forgetful() -> bytes:
    """The same with every forget bias at SHUT."""
    return _saved(shut=True)


def _saved(*, shut: bool) -> bytes:
    model = load(SHOWN)
    assert model.vocabulary is not None
    units, weights = model.stack.hidden_size, model.state_dict()
    if shut:  # torch's blocks stand in the order i, f, g, o
        weights["stack.bias_ih_l0"][units : 2 * units] = SHUT
        weights["stack.bias_hh_l0"][units : 2 * units] = 0.0
    named = {name.replace("stack.", "encoder.rnn."): weight for name, weight in weights.items()}
    file = io.BytesIO()
    torch.save({"epoch": 1, "model": named, "vocabulary": list(model.vocabulary.labels)}, file)
    return file.getvalue()
