"""Training by truncated backpropagation through time, budgeted in steps so that a run can be repeated."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explorer.backend.forward import States

LossOf = Callable[[int, States | None], tuple[Tensor, States]]
"""The loss (nats a token) of the batch at a step, read from the given state on, and the state after it."""


class TrainingDiverged(RuntimeError):
    """The loss became NaN or infinite."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a run may spend, and how. `length` is the number of tokens that the gradient goes back."""

    steps: int
    batch: int
    length: int
    learning_rate: float
    warmup: int = 50
    clip: float = 1.0
    reset: float = 0.1
    """The share of streams that start a batch from the zero state, so that a model is used to a cold start."""

    def rate(self, step: int) -> float:
        """The learning rate at a step: a linear rise, then half a cosine down to 2 %."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)


@dataclass(frozen=True)
class Progress:
    """An event of a run: after `step` of `steps`, with the loss of that step in nats a token."""

    step: int
    steps: int
    loss: float
    seconds: float


def train(
    module: nn.Module, loss_of: LossOf, budget: Budget, seed: int, checkpoint: Path | None = None
) -> Iterator[Progress]:
    """Trains `module` in place with Adam, yielding an event a step.

    With `checkpoint` the run is saved there every 100 steps and goes on from there, to the same result as an unbroken run. Raises
    TrainingDiverged where the loss is not finite, ValueError where the file is no checkpoint, or that of another run.
    """
    optimiser = torch.optim.Adam(module.parameters(), lr=budget.learning_rate)
    run = {"seed": seed} | asdict(budget)
    states: States | None = None
    first = 0
    if checkpoint and checkpoint.exists():
        saved = _read(checkpoint)
        if saved["run"] != run or _shapes(saved["module"]) != _shapes(module.state_dict()):
            raise ValueError(
                f"{checkpoint} belongs to another run ({saved['run']}); remove it, or name another with --resume"
            )
        module.load_state_dict(saved["module"])
        optimiser.load_state_dict(saved["optimiser"])
        states, first = saved["states"], saved["step"]
    started = time.perf_counter()
    for step in range(first, budget.steps):
        for group in optimiser.param_groups:
            group["lr"] = budget.rate(step)
        loss, states = loss_of(step, _fresh(states, budget, seed, step))
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                f"the loss became {loss.item()} at step {step + 1}; try a smaller learning rate or clip"
            )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), budget.clip)
        optimiser.step()
        states = {name: state.detach() for name, state in states.items()}
        if checkpoint and ((step + 1) % 100 == 0 or step + 1 == budget.steps):
            _write(
                checkpoint,
                {
                    "run": run,
                    "step": step + 1,
                    "module": module.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "states": states,
                },
            )
        yield Progress(step + 1, budget.steps, loss.item(), time.perf_counter() - started)


def _write(checkpoint: Path, values: dict[str, Any]) -> None:
    """Beside it first, so that a run that is killed here leaves the checkpoint before."""
    beside = checkpoint.with_name(f"{checkpoint.name}.part")
    torch.save(values, beside)
    beside.replace(checkpoint)


def _read(checkpoint: Path) -> dict[str, Any]:
    try:
        saved = torch.load(checkpoint, weights_only=True)
        if {"run", "step", "module", "optimiser", "states"} <= set(saved):
            return dict(saved)
    except Exception as error:  # a zip, pickle or runtime error of any kind means the same to the caller
        raise ValueError(f"{checkpoint} is not a checkpoint of a run; remove it ({error})") from error
    raise ValueError(f"{checkpoint} is not a checkpoint of a run; remove it")


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in weights.items()}


def _fresh(states: States | None, budget: Budget, seed: int, step: int) -> States | None:
    """The carried states, those of a random few streams set to zero; which ones depends on seed and step alone."""
    if states is None:
        return None
    draw = torch.rand(budget.batch, generator=torch.Generator().manual_seed(seed * 1_000_003 + step))
    keep = (draw >= budget.reset).float()[None, :, None]  # [1, batch, 1]
    return {name: state * keep.to(state) for name, state in states.items()}
