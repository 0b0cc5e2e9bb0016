"""How good a next-character model is on a text."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.models.model import Model


@torch.inference_mode()
def bits_per_character(model: Model, text: str) -> float:
    """-mean log2 p(character t+1 | characters 0…t), read in one go from the zero state; T-1 predictions."""
    ids = model.prepare(text).ids
    assert ids is not None
    scores, _ = model(ids[:-1, None])
    return float(cross_entropy(scores, ids[1:, None])) / math.log(2)


def cross_entropy(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean loss in nats: scores [step, batch, label], targets [step, batch]."""
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten())
