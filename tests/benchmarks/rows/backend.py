"""A trace, the gradients and the gradient matrix against torch's modules: 128 units, 200 steps, on one thread of the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

import explorer
from explorer import models
from tests.benchmarks.measure import Row, against, medians, milliseconds

INPUT, UNITS, STEPS = 32, 128, 200
BUDGET = {"LSTM": 2.5}
"""At most so many times as long as the peer; the others are measured without a budget."""
MATRIX_BUDGET = 1 / 20
LENGTHS = {50: 21, 200: 21, 1000: 5}
"""Steps of a matrix, and in how many rounds it is timed."""


def rows() -> Iterator[Row]:
    torch.set_num_threads(1)
    yield from readings()
    yield from matrices()
    yield from itemised()


def readings() -> Iterator[Row]:
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


def matrices() -> Iterator[Row]:
    """Each step's h of one unit by each step's h. The peer is what one writes without a sweep: a loop over the cell, then one call of
    autograd a target."""
    torch.manual_seed(0)
    module = nn.LSTM(INPUT, UNITS)
    model, cell = explorer.wrap(module), nn.LSTMCell(INPUT, UNITS)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in module.state_dict().items()})
    x = torch.randn(STEPS, INPUT)
    array = x.numpy()

    def one_by_one() -> torch.Tensor:
        h, c, hs = torch.zeros(1, UNITS), torch.zeros(1, UNITS), []
        for x_t in x:
            h, c = cell(x_t[None], (h, c))
            hs.append(h)
        found = torch.zeros(STEPS, STEPS)
        for t, h in enumerate(hs):
            found[t, : t + 1] = torch.cat(torch.autograd.grad(h[0, 0], hs[: t + 1], retain_graph=True)).norm(dim=1)
        return found

    def matrix() -> torch.Tensor:
        return torch.from_numpy(explorer.gradient_matrix(model, array, of="h", unit=0, device="cpu"))

    # The same numbers, down to where the squares in the peer's norms are no float32 any more.
    torch.testing.assert_close(matrix().float(), one_by_one(), rtol=1e-3, atol=1e-18)
    times = medians({"matrix": matrix, "peer": one_by_one}, rounds=5)
    yield against(
        "gradient matrix / one autograd call a target, LSTMCell", times["matrix"], times["peer"], MATRIX_BUDGET
    )
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        other = explorer.wrap(kind(INPUT, UNITS))
        for steps, rounds in LENGTHS.items():
            given = torch.randn(steps, INPUT).numpy()
            found = medians(
                {"": lambda: explorer.gradient_matrix(other, given, of="h", unit=0, device="cpu")}, rounds=rounds
            )
            yield Row(what=f"gradient matrix, {kind.__name__}, {steps} steps", value=milliseconds(found[""]))


def itemised() -> Iterator[Row]:
    """Backpropagation through time taken apart, with ten truncations."""
    layers = explorer.wrap(nn.LSTM(INPUT, UNITS)).stack
    model = models.Model(layers, readout=nn.Linear(UNITS, 8), answer="number")
    given, lengths = torch.randn(STEPS, INPUT).numpy(), (1, 2, 3, 5, 10, 20, 30, 50, 100, 200)
    found = medians({"": lambda: models.itemised(model, given, lengths, target=0.0, device="cpu")}, rounds=21)
    yield Row(what=f"itemised gradient, LSTM, {STEPS} steps, ten truncations", value=milliseconds(found[""]))
