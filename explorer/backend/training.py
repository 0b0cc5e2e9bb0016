"""Training by backpropagation through time, full or truncated, budgeted in steps so that a run can be repeated."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explorer.backend import forward
from explorer.backend.forward import States
from explorer.cells import Stack

LossOf = Callable[[int, States | None], tuple[Tensor, States]]
"""The loss (nats a token, or a squared error) of the batch at a step, read from the given state on, and the state after it."""

OPTIMISERS = ("adam", "adamw", "sgd", "rmsprop", "adagrad")
SCHEDULES = ("cosine", "linear", "constant")


class TrainingDiverged(RuntimeError):
    """The loss became NaN or infinite."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Budget and schedule of a training run.

    steps, batch     updates, and sequences in each
    length           of streams: tokens that an update reads, which is also how far its gradient goes back
    truncate         of drawn sequences: steps that the gradient goes back; None: to the beginning (full BPTT)
    optimiser        one of OPTIMISERS, with learning_rate, weight_decay, and momentum (sgd, rmsprop)
    warmup, schedule the rate rises linearly for `warmup` updates, then follows one of SCHEDULES down to 2 %, or stays
    clip, clip_value the gradient's norm is limited to `clip`, then each entry to ±`clip_value`; None: no limit
    reset            of streams: the share that starts an update from the zero state, so that a model is used to a cold start
    noise            standard deviation of the noise added to h before the readout while training
    dropout          share of the embedding's and of h's numbers before the readout that is dropped while training
    check, patience  validation score every `check` updates; after `patience` scores without a better one the run stops early
    """

    steps: int
    batch: int
    length: int = 0
    learning_rate: float = 1e-3
    warmup: int = 50
    schedule: str = "cosine"
    clip: float | None = 1.0
    clip_value: float | None = None
    optimiser: str = "adam"
    weight_decay: float = 0.0
    momentum: float = 0.0
    truncate: int | None = None
    reset: float = 0.1
    noise: float = 0.0
    dropout: float = 0.0
    check: int = 100
    patience: int | None = None

    def __post_init__(self) -> None:
        for name, choices in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; choose from {', '.join(choices)}")

    def rate(self, step: int) -> float:
        """The learning rate at a step."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        factor = {"cosine": (1 + math.cos(math.pi * done)) / 2, "linear": 1 - done, "constant": 1.0}[self.schedule]
        return self.learning_rate * (0.02 + 0.98 * factor)

    def optimiser_of(self, module: nn.Module) -> torch.optim.Optimizer:
        """torch's own, over all weights of the module."""
        weights, rate = module.parameters(), self.learning_rate
        match self.optimiser:
            case "adam":
                return torch.optim.Adam(weights, rate, weight_decay=self.weight_decay)
            case "adamw":
                return torch.optim.AdamW(weights, rate, weight_decay=self.weight_decay)
            case "rmsprop":
                return torch.optim.RMSprop(weights, rate, momentum=self.momentum, weight_decay=self.weight_decay)
            case "adagrad":
                return torch.optim.Adagrad(weights, rate, weight_decay=self.weight_decay)
            case _:
                return torch.optim.SGD(weights, rate, momentum=self.momentum, weight_decay=self.weight_decay)


@dataclass(frozen=True)
class Progress:
    """An event of a run: after `step` of `steps`, with the loss of that step (nats, or a squared error).

    gradient    the gradient's norm before it was clipped
    validation  the score that was taken at this step (higher is better); None where none was
    ended       whether this is the last event: the budget is spent, or no better score came
    """

    step: int
    steps: int
    loss: float
    seconds: float
    gradient: float = 0.0
    validation: float | None = None
    ended: bool = False


def train(
    module: nn.Module,
    loss_of: LossOf,
    budget: Budget,
    seed: int,
    checkpoint: Path | None = None,
    *,
    validate: Callable[[], float] | None = None,
    snapshots: Path | None = None,
) -> Iterator[Progress]:
    """Trains `module` in place, wherever its weights lie, yielding an event a step.

    checkpoint  the run is saved there every 100 steps and goes on from there, to the same result as an unbroken run
    validate    a score, higher is better, taken every `budget.check` steps; with `budget.patience` the best weights are kept
    snapshots   a folder that gets the weights every `budget.check` steps, and before the first: `<step>.pt`

    Raises TrainingDiverged where the loss is not finite, ValueError where the file is no checkpoint, or that of another run.
    """
    optimiser = budget.optimiser_of(module)
    run = {"seed": seed} | asdict(budget)
    states: States | None = None
    first, over = 0, False
    best: dict[str, Any] = {"score": -math.inf, "step": 0, "weights": {}}
    if checkpoint and checkpoint.exists():
        saved = _read(checkpoint)
        if saved["run"] != run or _shapes(saved["module"]) != _shapes(module.state_dict()):
            raise ValueError(
                f"{checkpoint} belongs to another run ({saved['run']}); remove it, or name another with --resume"
            )
        module.load_state_dict(saved["module"])
        optimiser.load_state_dict(saved["optimiser"])
        states, first, over, best = saved["states"], saved["step"], saved["over"], saved["best"]
    if snapshots:
        snapshots.mkdir(parents=True, exist_ok=True)
        if first == 0:
            _write(snapshots / "0.pt", module.state_dict())
    if over:
        return
    started = time.perf_counter()
    for step in range(first, budget.steps):
        for group in optimiser.param_groups:
            group["lr"] = budget.rate(step)
        module.train()
        loss, states = loss_of(step, _fresh(states, budget, seed, step))
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                f"the loss became {loss.item()} at step {step + 1}; try a smaller learning rate or clip"
            )
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(module.parameters(), math.inf if budget.clip is None else budget.clip)
        if budget.clip_value is not None:
            nn.utils.clip_grad_value_(module.parameters(), budget.clip_value)
        optimiser.step()
        states = {name: state.detach() for name, state in states.items()}
        done = step + 1
        checked = done % budget.check == 0 or done == budget.steps
        score = validate() if validate and checked else None
        if score is not None and score > best["score"]:
            best = {"score": score, "step": done, "weights": {k: w.clone() for k, w in module.state_dict().items()}}
        if snapshots and checked:
            _write(snapshots / f"{done}.pt", module.state_dict())
        tired = budget.patience is not None and done - best["step"] >= budget.patience * budget.check
        over = done == budget.steps or (tired and score is not None)
        if over and budget.patience is not None and best["weights"]:
            module.load_state_dict(best["weights"])
        if checkpoint and (done % 100 == 0 or over):
            _write(
                checkpoint,
                {
                    "run": run,
                    "step": done,
                    "over": over,
                    "module": module.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "states": states,
                    "best": best,
                },
            )
        yield Progress(done, budget.steps, loss.item(), time.perf_counter() - started, float(norm), score, over)
        if over:
            return


def unrolled(stack: Stack, x: Tensor, states: States | None, truncate: int | None) -> tuple[Tensor, States]:
    """The top layer's h over x [step, batch, input], and the last state. The gradient of a step goes back at most to the start of its
    stretch of `truncate` steps (Williams & Peng 1990 with k1 = k2), or to the beginning where that is None."""
    if truncate is None:
        return forward.run(stack, x, states)
    hs: list[Tensor] = []
    for stretch in x.split(truncate):
        states = states and {name: state.detach() for name, state in states.items()}
        h, states = forward.run(stack, stretch, states)
        hs.append(h)
    assert states is not None
    return torch.cat(hs), states


def _write(path: Path, values: Mapping[str, Any]) -> None:
    """Beside it first, so that a run that is killed here leaves the file that was there before."""
    beside = path.with_name(f"{path.name}.part")
    torch.save(dict(values), beside)
    beside.replace(path)


def _read(checkpoint: Path) -> dict[str, Any]:
    try:
        saved = torch.load(checkpoint, weights_only=True)
        if {"run", "step", "over", "module", "optimiser", "states", "best"} <= set(saved):
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
