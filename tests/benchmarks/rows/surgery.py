"""The account of a memory, an edited reading and the sweep over all units, on one thread of the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

import explorer
from explorer import edits, models
from tests.benchmarks.measure import Row, against, medians, milliseconds

INPUT, UNITS, STEPS, LABELS = 32, 128, 200, 64
SWEPT = 100
"""The steps of a text whose units are swept."""
LEDGER_BUDGET, SWEEP_BUDGET = 0.15, 1.0


def rows() -> Iterator[Row]:
    torch.set_num_threads(1)
    for kind in (nn.LSTM, nn.GRU):
        torch.manual_seed(0)
        stack = explorer.wrap(kind(INPUT, UNITS)).stack
        model = models.Model(stack, readout=nn.Linear(UNITS, LABELS), answer="class")
        x = torch.randn(STEPS, INPUT).numpy()
        yield from of_one(kind.__name__, model, x)


def of_one(name: str, model: models.Model, x: object) -> Iterator[Row]:
    trace = explorer.trace(model, x, device="cpu")
    account = explorer.ledger(trace)
    swept = x[:SWEPT]  # type: ignore[index]
    times = medians(
        {
            "every": account.every,
            "trace": lambda: explorer.trace(model, x, device="cpu"),
            "edited": lambda: explorer.trace(model, x, device="cpu", edits=[edits.set_to("h", 0.5, units=3)]),
            "sweep": lambda: explorer.sweep(model, swept, of="logit", token=0, device="cpu"),
        },
        rounds=21,
    )
    yield within(f"ledger, every account, {name}, {STEPS} steps × {UNITS} units", times["every"], LEDGER_BUDGET)
    yield against(f"trace with an edit / without, {name}, {STEPS} steps", times["edited"], times["trace"])
    yield within(f"unit sweep, {name}, {UNITS} units × {SWEPT} steps", times["sweep"], SWEEP_BUDGET)


def within(what: str, seconds: float, at_most: float) -> Row:
    """A row that says how long something took, and how long it may."""
    return Row(what=what, value=milliseconds(seconds), budget=f"≤ {at_most:g} s", met=seconds <= at_most)
