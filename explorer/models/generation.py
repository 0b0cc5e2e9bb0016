"""Text generation: token by token, from the network's predictions."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from explorer.models.answers import NEXT_TOKEN
from explorer.models.model import Model


def generate(
    model: Model, text: str, *, temperature: float = 1.0, top_k: int | None = None, seed: int = 0
) -> Iterator[str]:
    """The tokens that follow `text`, one by one, without an end; each is drawn and then read.

    temperature  the scores are divided by it: below 1 the likely becomes likelier, at 0 the likeliest is always taken
    top_k        only so many of the likeliest tokens are drawn from; None: from all

    The unknown token is never drawn, since nobody could type it. The same arguments give the same tokens. Raises ValueError for a
    network that does not guess tokens, and for a temperature or top_k that makes no sense.
    """
    if model.answer is not NEXT_TOKEN or model.readout is None or model.embedding is None:
        raise ValueError(f"{model.name or 'this network'} does not predict the next token, so it cannot generate text")
    if not temperature >= 0:
        raise ValueError(f"temperature is {temperature}; it must be 0 or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; it must be at least 1")
    return _sample(model, text, temperature, top_k, torch.Generator().manual_seed(seed))


@torch.inference_mode()
def _sample(model: Model, text: str, temperature: float, top_k: int | None, chance: torch.Generator) -> Iterator[str]:
    ids = model.prepare(text).ids
    assert ids is not None
    unknown = None if model.vocabulary is None else model.vocabulary.unknown
    inputs = ids[:, None]  # [step, batch=1]
    steps_alone = model.is_local and (model.before is None or model.before.span == "step") and not model.rereads
    states = None
    while True:
        scores, states = model(inputs, states)
        token = _draw(scores[-1, 0].cpu(), unknown, temperature, top_k, chance)
        yield model.labels[token]
        drawn = inputs.new_tensor([[token]])
        if steps_alone:
            inputs = drawn
        else:  # the answer depends on earlier steps by more than the states: read everything again
            inputs, states = torch.cat([inputs, drawn]), None


def _draw(scores: Tensor, unknown: int | None, temperature: float, top_k: int | None, chance: torch.Generator) -> int:
    scores = scores.double()
    if unknown is not None:
        scores[unknown] = -torch.inf
    if temperature == 0:
        return int(scores.argmax())
    usable = len(scores) - (unknown is not None)
    likeliest = scores.topk(min(top_k or usable, usable))
    shares = ((likeliest.values - likeliest.values[0]) / temperature).softmax(-1)
    return int(likeliest.indices[torch.multinomial(shares, 1, generator=chance)])
