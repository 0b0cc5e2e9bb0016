"""What the tests of cells, backend and models share: small random networks, and every registered cell in each of its variants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings
from torch import nn

from explorer import cells
from explorer.backend.forward import zero_states
from explorer.cells import REGISTRY, Cell
from explorer.cells.rnn import NONLINEARITIES
from explorer.models.model import Model
from explorer.models.vocabulary import Characters
from explorer.signals import Array
from tests.amount import FULL

ACTIVATED: dict[str, Any] = {"gate": "hard_sigmoid(0.2, 0.5)", "candidate": "elu(0.5)", "output": "selu"}
"""An LSTM with other activations than its own; each function by itself is held in tests/cells/test_activations.py."""
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "rnn": [{"nonlinearity": one} for one in NONLINEARITIES],
    "jordan": [{}, {"output_size": 2, "nonlinearity": "sigmoid", "output_nonlinearity": "linear"}],
    "lstm": [{}, {"forget_bias": 3.0}, {"chrono": 20}, ACTIVATED],
    "gru": [{}, {"candidate": "sigmoid"}, {"candidate": "softsign", "gate": "hard_sigmoid"}],
    "clockwork": [{}, {"periods": [1, 3]}],
    "gru-cho": [{}, {"update": "takes", "candidate": "sigmoid"}],
    "lstm-peephole": [{}, {"peephole": "full"}, {"gates": "io", "forget_bias": 1.0}],
    "lstm-coupled": [{}, {"forget_bias": 1.0}],
    **{f"lstm-{name}": [{}, {"peephole": "diagonal"}] for name in ("nig", "nfg", "nog", "niaf", "noaf", "fgr")},
}
"""The options that a cell is tested with; a cell that is not named here is tested without."""

VARIANTS = [
    pytest.param((name, options), id="-".join([name, *(f"{key}={value}" for key, value in options.items())]))
    for name in cells.names()
    for options in OPTIONS.get(name, [{}])
]
Variant = tuple[str, dict[str, Any]]

SHAPES = [
    pytest.param((layers, both), id=f"{layers}-{'both' if both else 'forward'}")
    for layers in (1, 2, 3)
    for both in (False, True)
]
"""(layers, bidirectional)"""
Shape = tuple[int, bool]

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
"""What parity and gradients are tested on; tests/backend/test_device.py is skipped, visibly, where there is no GPU."""

SYMBOLS = tuple("abcde ")
TEXT = "abcdeed cab"
INPUT, UNITS = 3, 4

FEW = settings(max_examples=60 if FULL else 20)
"""For hypothesis."""
FEWER = settings(max_examples=15 if FULL else 6)
"""For hypothesis, where every cell is asked."""


def network(
    variant: Variant,
    shape: Shape = (1, False),
    *,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
    units: int = UNITS,
) -> Model:
    """A random next-character model with that cell, reading SYMBOLS."""
    torch.manual_seed(seed)
    (name, options), (layers, both) = variant, shape
    vocabulary = Characters(SYMBOLS)
    return Model(
        cells.build(name, INPUT, units, layers, both, **options),
        vocabulary=vocabulary,
        embedding=nn.Embedding(len(vocabulary), INPUT),
        readout=nn.Linear(units * (2 if both else 1), len(vocabulary)),
    ).to(dtype)


def state_of(model: Model, seed: int = 1) -> dict[str, Array]:
    """A random initial state, [layer, unit] each."""
    random = np.random.default_rng(seed)
    return {name: random.normal(0, 0.5, values[:, 0].shape) for name, values in zero_states(model.stack, 1).items()}


def steps_of(width: int, steps: int = 7, seed: int = 2) -> Array:
    """A random x [step, input] for a network without a vocabulary."""
    return np.random.default_rng(seed).normal(size=(steps, width))


def without_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes every way back that is written by hand away, so that gradients come from autograd through the cell's own `step`."""
    for cell in REGISTRY.values():
        monkeypatch.setattr(cell, "sweep", Cell.sweep)
        monkeypatch.setattr(cell, "backwards", Cell.backwards)


def flushes_denormals() -> bool:
    """Whether this thread counts denormal floats as 0."""
    return bool(torch.tensor(1e-40) * 1.0 == 0)


@contextmanager
def flushing(on: bool) -> Iterator[None]:
    """With the flag set one way or the other; off again after it, which is torch's default."""
    torch.set_flush_denormal(on)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
