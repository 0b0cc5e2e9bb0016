"""One training step, opened: `itemised` takes the gradient of the mean loss apart, `training_step` makes one update of the weights."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from explorer.backend import clipping
from explorer.backend import itemised as terms
from explorer.backend.back import Progress, rows_of
from explorer.backend.device import choose
from explorer.models.model import Model, as_numpy
from explorer.models.reach import targets_of
from explorer.models.reading import Reader, Reading, State, initial_of, on_device
from explorer.signals import Array

OPTIMISERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class Truncated:
    """Rest of the gradient when its terms with T - t ≥ k are dropped.

    lost   ‖g - g_k‖ / ‖g‖, 0 if nothing is lost; it may exceed 1, since terms may cancel
    angle  between g and g_k, in degrees
    norm   ‖g_k‖
    """

    k: int
    lost: float
    angle: float
    norm: float


@dataclass(frozen=True)
class Itemised:
    """Gradient of the mean loss by the recurrent layers' weights, split into terms.

    shares     [target, source], ≥ 0: the norm of the term from the loss at step T to the use of the weights at step t (1/n L_T, so that
               the terms, not their norms, add up to `gradient`)
    losses     [target], nats: L_T
    gradient   name -> as in the layers' state dict: the sum of all terms
    norm       of `gradient`
    truncated  one for each requested k
    """

    shares: Array
    losses: Array
    gradient: dict[str, Array]
    norm: float
    truncated: tuple[Truncated, ...]


def itemised(
    reader: Reader,
    given: Any,
    truncate: Sequence[int] = (),
    *,
    label: str | int | None = None,
    target: float | None = None,
    device: str = "auto",
    state: State | None = None,
    progress: Progress | None = None,
) -> Itemised:
    """Backpropagation through time, itemised: docs/design.md, “Truncation”. With the loss from truncation at each k in `truncate`.

    Raises ValueError for a network without a readout, a text of one token, a k below 1, or a truncation of a bidirectional network.
    """

    def compute(reading: Reading) -> Itemised:
        for k in truncate:
            _at_least_one(k)
        apart, losses = _apart(reading, [None, *truncate], label, target, progress)
        whole = apart.gradient[0]
        truncated = tuple(
            Truncated(k, terms.lost(whole, part), terms.angle(whole, part), terms.norm_of(part))
            for k, part in zip(truncate, apart.gradient[1:], strict=True)
        )
        gradient = {name: as_numpy(value) for name, value in whole.items()}
        return Itemised(as_numpy(apart.shares), as_numpy(losses), gradient, terms.norm_of(whole), truncated)

    return on_device(compute, reader, given, _with_float64(device), state)


@dataclass(frozen=True)
class TrainingStep:
    """One update of the weights, on a copy.

    model      the copy after it; hand the whole step in as `after` for the next one
    before     [target], nats: the losses that the update was made from
    after      [target]: of the same text with the new weights
    gradient   name -> as in the model's state dict: what the update used, truncated and clipped; embedding and readout included
    norm       of the gradient before it was clipped
    factor     what clipping by norm multiplied it by; 1 where it did nothing
    share      of the entries that clipping by value cut
    angle      between the gradient before and after clipping, in degrees
    """

    model: Model
    before: Array
    after: Array
    gradient: dict[str, Array]
    norm: float
    factor: float
    share: float
    angle: float
    moments: dict[str, Any] = field(repr=False)


def training_step(
    reader: Reader,
    given: Any,
    *,
    learning_rate: float,
    k: int | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    optimiser: str = "sgd",
    after: TrainingStep | None = None,
    label: str | int | None = None,
    target: float | None = None,
    device: str = "auto",
    state: State | None = None,
) -> TrainingStep:
    """The gradient of the mean loss of one text, truncated at `k` steps, clipped by norm and then by value, and one update with it.

    The model that is handed in stays as it is: the update is made on a copy. `after` goes on from an earlier step: from its model and,
    for Adam, its moments. Raises ValueError for an unknown optimiser, a rate, limit or k out of range, and as `itemised` does.
    """
    if optimiser not in OPTIMISERS:
        raise ValueError(f"unknown optimiser {optimiser!r}; choose from {', '.join(OPTIMISERS)}")
    if not learning_rate >= 0:
        raise ValueError(f"the learning rate is {learning_rate}; it must be at least 0")
    if k is not None:
        _at_least_one(k)

    def compute(reading: Reading) -> TrainingStep:
        whole, before = _gradient(reading, k, label, target)
        clipped, factor, share = whole, 1.0, 0.0
        if clip_norm is not None:
            by_norm = clipping.by_norm(clipped, clip_norm)
            clipped, factor = by_norm.gradient, by_norm.factor or 0.0
        if clip_value is not None:
            by_value = clipping.by_value(clipped, clip_value)
            clipped, share = by_value.gradient, by_value.share or 0.0
        model = copy.deepcopy(reading.model)
        moments = _update(model, clipped, learning_rate, optimiser, after)
        now = Reading(model, model.prepare(given), initial_of(model, state), ())
        return TrainingStep(
            model=model,
            before=as_numpy(before),
            after=as_numpy(_losses(now, label, target)),
            gradient={name: as_numpy(value) for name, value in clipped.items()},
            norm=terms.norm_of(whole),
            factor=factor,
            share=share,
            angle=terms.angle(whole, clipped),
            moments=moments,
        )

    return on_device(compute, reader if after is None else after.model, given, _with_float64(device), state)


def _with_float64(device: str) -> str:
    """The device that the terms can be added up on: mps has no float64."""
    return "cpu" if choose(device).type == "mps" else device


def _at_least_one(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}; a truncated gradient goes back at least 1 step")


def _apart(
    reading: Reading,
    lengths: Sequence[int | None],
    label: str | int | None,
    target: float | None,
    progress: Progress | None = None,
) -> tuple[terms.Itemised, Tensor]:
    """The mean loss's gradient by the layers, for each length, and the losses."""
    _check_parts(reading.model)
    rows = rows_of(reading.model.stack, reading.input.x, reading.initial)
    targets = targets_of(reading, rows, "loss", label=label, target=target)
    apart = terms.itemised(reading.model.stack, rows, targets.times(1 / len(targets)), lengths, progress)
    return apart, _losses(reading, label, target)


def no_training_step(model: Model) -> str:
    """Reason why no training step is computed for this network: it has weights outside the embedding, the layers and a
    readout of each step by itself; empty if one is."""
    if model.before is None and model.is_local:
        return ""
    where = "before the layers" if model.before is not None else "between the layers and the answer"
    return f"a training step is not computed for this network: it has stages {where} whose weights would move as well"


def _check_parts(model: Model) -> None:
    if reason := no_training_step(model):
        raise ValueError(reason)


@torch.no_grad()
def _losses(reading: Reading, label: str | int | None, target: float | None) -> Tensor:
    each, count = reading.each("loss", label=label, target=target)
    return each(reading.every_score()[:count])


def _gradient(
    reading: Reading, k: int | None, label: str | int | None, target: float | None
) -> tuple[dict[str, Tensor], Tensor]:
    """Gradient by every weight of the model, named as in its state dict, and the losses. Truncation leaves the
    readout's as it is."""
    model = reading.model
    apart, losses = _apart(reading, [k], label, target)
    learning = apart.gradient[0] if model.cell.trained else {}  # a reservoir stays as it was drawn
    by_name = {f"stack.{name}": value for name, value in learning.items()}
    if model.embedding is not None and reading.input.ids is not None:
        rows = torch.zeros_like(model.embedding.weight, dtype=torch.float64)
        by_name["embedding.weight"] = rows.index_add(0, reading.input.ids, apart.by_x[0])
    readout = copy.deepcopy(reading.readout).requires_grad_()
    with torch.no_grad():
        h, _ = reading.run()
    with torch.enable_grad():
        each, count = reading.each("loss", label=label, target=target)
        weights = dict(readout.named_parameters())
        scores = readout(h[:count])
        grads = torch.autograd.grad(each(scores).mean(), list(weights.values()))
    return by_name | {f"readout.{name}": grad.double() for name, grad in zip(weights, grads, strict=True)}, losses


def _update(
    model: Model, gradient: dict[str, Tensor], rate: float, optimiser: str, after: TrainingStep | None
) -> dict[str, Any]:
    """Take one step of torch's own optimiser on `model`, in place, and return its moments."""
    weights = weights_of(model)
    for name, weight in weights.items():
        weight.requires_grad_()
        weight.grad = gradient[name].to(weight) if name in gradient else None
    method = OPTIMISERS[optimiser](list(weights.values()), lr=rate)
    if after is not None and after.moments:
        method.load_state_dict(after.moments | {"param_groups": method.state_dict()["param_groups"]})
    method.step()
    for weight in weights.values():
        weight.grad = None
        weight.requires_grad_(False)
    return copy.deepcopy(method.state_dict()) if optimiser == "adam" else {}


def weights_of(model: Model) -> dict[str, Any]:
    """The parameters by the names of the model's state dict."""
    suffixes = model.stack.suffixes()
    weights = {
        f"stack.{name}{suffixes[n]}": weight
        for n, row in enumerate(model.stack.rows)
        for name, weight in row.named_parameters()
    }
    for part in ("embedding", "readout"):
        module = getattr(model, part)
        if module is not None:
            weights |= {f"{part}.{name}": weight for name, weight in module.named_parameters()}
    return weights
