"""What gradients are held against: the objectives written out from their definitions, and autograd in float64 over a plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

import explorer
from explorer.models.model import Model
from explorer.signals import Array
from tests import reference
from tests.helpers import TEXT, VARIANTS, Variant

T = len(TEXT)
SHAPES = [(1, False), (2, False), (1, True), (3, True)]
KNOWN = [variant for variant in VARIANTS if variant.values[0][0] in reference.STEPS]
"""The variants that are written down a second time in tests/reference.py."""


def has(variant: Variant, of: str) -> bool:
    return of not in ("h", "c") or of in explorer.cells.REGISTRY[variant[0]].State._fields


def squashes(options: dict[str, Any]) -> dict[str, Any]:
    """Those of a cell's options that name its activations: what the others of an LSTM set is in its weights."""
    return {key: one for key, one in options.items() if key in ("nonlinearity", "gate", "candidate", "output")}


def objective_of(
    model: Model,
    rows: list[dict[str, list[Tensor]]],
    of: str,
    at: int = -1,
    token: str | int | None = None,
    unit: int = 0,
    layer: int = -1,
) -> Tensor:
    """The objective, written out from the definition. `rows` as reference.read gives them, each step [unit] or [batch, unit]."""
    if of in ("h", "c"):
        return rows[layer][of][at][..., unit]
    assert model.readout is not None and model.vocabulary is not None
    ids = model.vocabulary.encode(TEXT).values.tolist()
    W, b = model.readout.weight.double(), model.readout.bias.double()
    scores = [torch.cat([row["h"][t] for row in rows[-model.stack.directions :]], -1) @ W.T + b for t in range(T)]
    log_p = [step.log_softmax(-1) for step in scores]
    losses = [-log_p[t][..., ids[t + 1]] for t in range(T - 1)]
    if of == "loss":
        return losses[at]  # losses end at T-2, so a negative `at` counts from there
    if of == "mean":
        return torch.stack(losses).mean(0)
    label = model.vocabulary.symbols.index(token) + 1 if isinstance(token, str) else token
    if label is None:
        likeliest = log_p[-1].reshape(-1, len(model.labels))[0].argmax()  # in a batch of nudges, that of the first
        label = ids[at % T + 1] if at % T < T - 1 else int(likeliest)
    return (scores if of == "logit" else log_p)[at][..., label]


def by_autograd(
    model: Model, variant: Variant, text: str, asked: dict[str, Any], state: dict[str, Array]
) -> dict[str, Array]:
    """Every gradient in float64, by torch's autograd over reference.read: grad_<name> [row, step, unit], grad_x [step, input]."""
    assert model.vocabulary is not None and model.embedding is not None
    name, options = variant
    weights = {key: weight.double() for key, weight in model.stack.state_dict().items()}
    ids = torch.from_numpy(model.vocabulary.encode(text).values)
    x = model.embedding.weight.detach().double()[ids].requires_grad_()
    initial = {key: torch.from_numpy(values).double() for key, values in state.items()}
    layers, both = model.stack.num_layers, model.stack.bidirectional
    rows = reference.read(name, weights, x, initial, layers, both, squashes(options))
    target = objective_of(model, rows, **asked)
    asked_for = [x, *(value for row in rows for values in row.values() for value in values)]
    found = list(torch.autograd.grad(target, asked_for, materialize_grads=True))
    grads = {"grad_x": found.pop(0).numpy()}
    by_row = [{key: np.stack([found.pop(0).numpy() for _ in values]) for key, values in row.items()} for row in rows]
    return grads | {f"grad_{key}": np.stack([row[key] for row in by_row]) for key in rows[0]}
