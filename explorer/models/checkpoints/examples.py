"""Example checkpoints for users without a file of their own: a shipped model as PyTorch saves it, and a faulty copy of it."""

from __future__ import annotations

import io

import torch

from explorer.models.zoo import load

SHOWN = "english-lstm"
SHUT = -5.0
"""Forget bias that erases almost the whole cell state at each step: σ(-5) = 0.007."""


def healthy() -> bytes:
    """Return a PyTorch training checkpoint with its vocabulary."""
    return _save(shut=False)


def forgetful() -> bytes:
    """Return the same checkpoint with every forget bias set to SHUT."""
    return _save(shut=True)


def _save(*, shut: bool) -> bytes:
    model = load(SHOWN)
    assert model.vocabulary is not None
    units, weights = model.stack.hidden_size, model.state_dict()
    if shut:  # torch orders the gate blocks i, f, g, o
        weights["stack.bias_ih_l0"][units : 2 * units] = SHUT
        weights["stack.bias_hh_l0"][units : 2 * units] = 0.0
    named = {name.replace("stack.", "encoder.rnn."): weight for name, weight in weights.items()}
    file = io.BytesIO()
    torch.save({"epoch": 1, "model": named, "vocabulary": list(model.vocabulary.labels)}, file)
    return file.getvalue()
