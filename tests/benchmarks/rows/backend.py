"""A trace and the gradients against torch's fused modules: 128 units, 200 steps, on one thread of the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

import explorer
from tests.benchmarks.measure import Row, against, medians

INPUT, UNITS, STEPS = 32, 128, 200
BUDGET = {"LSTM": 2.5}
"""At most so many times as long as the peer; the others are measured without a budget."""


def rows() -> Iterator[Row]:
    torch.set_num_threads(1)
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        torch.manual_seed(0)
        module = kind(INPUT, UNITS)
        model = explorer.wrap(module)
        x = torch.randn(STEPS, 1, INPUT)
        array = x[:, 0].numpy()

        @torch.inference_mode()
        def forward(module: nn.Module = module, x: torch.Tensor = x) -> None:
            module(x)

        def backward(last: bool, module: nn.Module = module, x: torch.Tensor = x) -> None:
            module.zero_grad()
            out, _ = module(x)
            (out[-1] if last else out).sum().backward()

        times = medians(
            {
                "forward": forward,
                "trace": lambda: explorer.trace(model, array, device="cpu"),
                "sum": lambda: backward(False),
                "last": lambda: backward(True),
                "gradients": lambda: explorer.gradients(model, array, of="h", unit=0, device="cpu"),
            }
        )
        name, budget = kind.__name__, BUDGET.get(kind.__name__)
        yield against(f"trace, every signal / nn.{name} forward", times["trace"], times["forward"], budget)
        yield against(f"gradients / nn.{name} forward + sum.backward", times["gradients"], times["sum"], budget)
        yield against(f"gradients / nn.{name} forward + last step's sum.backward", times["gradients"], times["last"])
