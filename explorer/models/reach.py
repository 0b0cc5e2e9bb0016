"""How far a gradient reaches: `gradient_matrix`, `jacobian`, `channels`, and from one target back: `paths`, `spectra`, `elman`.

Indices count from 0 and may be negative. Results for a row (layer) are about that row's own states; a network that reads both ways
has two rows a layer, and there the backward one's states depend on later tokens.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from explorer.backend import jacobian as chain
from explorer.backend.back import INPUT, Progress, Row, Targets, paced, rows_of, seeds_at_top
from explorer.backend.gradients import CARRIED, by_carried_state, gradients
from explorer.backend.matrix import matrix
from explorer.models.model import as_numpy
from explorer.models.reading import OBJECTIVES, Reader, Reading, State, index, on_device
from explorer.signals import Array


def gradient_matrix(
    reader: Reader,
    given: Any,
    of: str | None = None,
    unit: int | None = None,
    layer: int = -1,
    *,
    by: str | None = None,
    wrt: str = "h",
    token: str | int | None = None,
    label: str | int | None = None,
    target: float | None = None,
    device: str = "auto",
    state: State | None = None,
    progress: Progress | None = None,
) -> Array:
    """‖∂ objective at step T / ∂ h at step t‖₂ for every pair: [target T, source t], float64, ≥ 0.

    of      "loss" (nats; if the text holds the right answer the last row is NaN, since no token follows it; else with `label` or
            `target`) | "logit" | "log_prob" (of `token`, or of the real next one, or the likeliest) | "h" | "c" (of `unit`, in row
            `layer`); None: "loss" if the text holds the right answer, else "logit"
    layer   the row of the source, and of `unit`
    by      the source: "state", all that step t hands to the next one, each state (h and c) a variable of its own, so that the way
            c_t → h_t within the step is not counted twice; or one state by itself, "h" or "c", all paths counted; or "x", the input of
            the first layer
    wrt     the earlier name of `by`, used if that is None

    Total derivatives, absolute: nothing is divided by a row's largest, which would hide that a gradient vanishes. 0 if the target
    does not depend on the source: above the diagonal, in a network that reads forwards. Entries below float32's smallest normal number
    are past the floor of a float32 network. Same numbers as the norms of `gradients` for each target (docs/design.md).

    `progress` is called periodically with the fraction done (0 to 1), and may raise to cancel. Raises ValueError for an unknown
    objective or state.
    """

    def compute(reading: Reading) -> Array:
        row, source = reading.row(layer), by or wrt
        if source not in ("x", CARRIED):
            reading.has_state(source)
        if of not in ("h", "c") and not reading.model.is_local:
            return _target_by_target(reading, of, row, source, progress, token=token, label=label, target=target)
        rows = rows_of(reading.model.stack, reading.input.x, reading.initial)
        targets = targets_of(reading, rows, of, unit, row, token=token, label=label, target=target)
        norms = matrix(rows, targets, INPUT if source == "x" else row, source, progress)
        steps = len(reading.input.tokens)
        if len(norms) < steps:
            norms = torch.cat([norms, norms.new_full((steps - len(norms), steps), torch.nan)])
        return as_numpy(norms)

    return on_device(compute, reader, given, device, state)


def _target_by_target(
    reading: Reading, of: str | None, row: int, source: str, progress: Progress | None, **answer: Any
) -> Array:
    """The matrix of a network whose answer at a step depends on earlier h by more than the layers: one reverse sweep a target."""
    of = of or ("loss" if reading.model.answer.in_text else "logit")
    check_objective(of)
    steps = len(reading.input.tokens)
    _, count = reading.each(of, **answer)
    norms = np.full((steps, steps), np.nan)
    report = paced(progress)
    for at in range(count):
        short = reading.up_to(of, at)
        each, _ = short.each(of, **answer)
        objective = short.objective_at(each, at)
        compute = by_carried_state if source == CARRIED else gradients
        rows = compute(short.model.stack, short.input.x, objective, short.initial, short.tap_at)
        if source == CARRIED:
            rows[row] |= {CARRIED: torch.cat(list(rows[row].values()), -1)}
        by = rows[0]["x"] if source == "x" else rows[row][source]  # [step, unit]
        norms[at] = 0.0
        norms[at, : len(by)] = as_numpy(by.double().norm(dim=-1))
        report((at + 1) / count)
    return norms


def check_objective(of: str) -> None:
    """Raise ValueError unless it is an objective of every step."""
    if of not in OBJECTIVES or of == "mean":
        choices = ", ".join(name for name in OBJECTIVES if name != "mean")
        raise ValueError(f"a gradient matrix has no objective {of!r}; choose from {choices}")


def targets_of(
    reading: Reading,
    rows: list[Row],
    of: str | None,
    unit: int | None = None,
    row: int = -1,
    *,
    token: str | int | None = None,
    label: str | int | None = None,
    target: float | None = None,
) -> Targets:
    """One target a step. An objective at a step depends on the top layer's h of that step alone, so the gradient of their sum holds the
    seeds of all of them."""
    of = of or ("loss" if reading.model.answer.in_text else "logit")
    if of in ("h", "c"):
        number = reading.unit(of, unit)
        where = rows[row]
        seed = where.s[of].new_zeros(len(where), where.s[of].shape[-1])
        seed[:, number] = 1
        return Targets(list(range(len(where))), {(row, of): seed})
    check_objective(of)
    each, count = reading.each(of, token, label, target)
    if not reading.model.is_local:
        raise ValueError(
            "the answer at a step depends on earlier steps by more than the layers shown, so its gradient cannot be split by step"
        )
    top = rows[-reading.model.stack.directions :]
    seeds = seeds_at_top(top, lambda h: each(reading.scores(h[:count])).sum())
    return Targets(list(range(count)), {where: seed[:count] for where, seed in seeds.items()})


def jacobian(
    reader: Reader,
    given: Any,
    *,
    to: int,
    since: int,
    of: str = "h",
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
) -> Array:
    """∂h_to/∂h_since [to-unit, since-unit], exact, in row `layer`; of="c": ∂c_to/∂c_since.

    The total derivative by all units of h at step `since`: by every path that leads from there to h at step `to`. By h it does not go
    through c of the same step, which does not depend on it; by c it goes through the h that shows it as well. The identity if
    to = since, 0 if `to` is read before `since`. Computed in float64, returned in the network's dtype. Raises ValueError for an unknown
    step, row or state.
    """

    def compute(reading: Reading) -> Array:
        reading.has_state(of)
        row = _row(reading, layer)
        derivative = chain.jacobian(row, index("to", to, len(row)), index("since", since, len(row)), of)
        return as_numpy(derivative.to(reading.model.dtype))

    return on_device(compute, reader, given, device, state)


def channels(
    reader: Reader,
    given: Any,
    *,
    to: int,
    since: int,
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
) -> tuple[Array, Array]:
    """The two ways along the belt from step `since` to step `to`, in row `layer`.

    direct  [unit], float64: Π keep over the steps since+1 … to, the part of the belt that is carried by itself (an LSTM's f, a GRU's z)
    full    [to-unit, since-unit]: the total derivative of the belt, by all paths: its diagonal is not `direct`, since the belt also
            moves the gates

    Raises ValueError for a cell without a belt, and for an unknown step or row.
    """

    def compute(reading: Reading) -> tuple[Array, Array]:
        chain.belt_of(reading.model.cell)
        row = _row(reading, layer)
        direct, full = chain.channels(row, index("to", to, len(row)), index("since", since, len(row)))
        return as_numpy(direct), as_numpy(full.to(reading.model.dtype))

    return on_device(compute, reader, given, device, state)


@dataclass(frozen=True)
class Paths:
    """The two channels of the belt from each step to one later step. 0 at the steps that are read after it.

    direct     [step, unit]: Π keep over the steps between
    diagonal   [step, unit]: of the full derivative, each unit by itself
    frobenius  [step]: ‖full‖, Frobenius
    spectral   [step]: the largest singular value of `full`; the direct channel's would be max |direct|
    """

    direct: Array
    diagonal: Array
    frobenius: Array
    spectral: Array


@dataclass(frozen=True)
class Spectra:
    """Singular values between each step and one later step, the largest first; NaN at the steps that are read after it.

    h      [step, unit]: of ∂h_to/∂h_step, the exact total derivative
    full   [step, states*unit]: of the full state's Jacobian, ∂(h, c)_to/∂(h, c)_step, which is the product of those of single steps
    noise  [step]: what rounding alone makes of a singular value of `full`; nothing can be told of those below it
    """

    h: Array
    full: Array
    noise: Array


@dataclass(frozen=True)
class Elman:
    """Bounds and exact norms of ∂h_to/∂h_step in an Elman network. Curves are [step], NaN at the steps that are read after `to`.

    radius      ρ(W_hh), the largest eigenvalue's size
    sigma       σ_max(W_hh), the largest singular value
    gamma       the steepest slope of the nonlinearity: 1 for tanh, relu and linear, ¼ for sigmoid
    exact       ‖∂h_to/∂h_step‖₂ = ‖Π diag(φ') W_hh‖₂
    bound       (σ_max γ)^(to-step): `exact` is never larger (Pascanu et al. 2013)
    misordered  ‖W_hh^(to-step) diag(Π φ')‖₂, as the product is often printed; matrices do not commute
    apart       ‖that matrix - the exact one‖ / ‖the exact one‖, Frobenius
    """

    radius: float
    sigma: float
    gamma: float
    exact: Array
    bound: Array
    misordered: Array
    apart: Array


def paths(
    reader: Reader,
    given: Any,
    *,
    to: int,
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
    progress: Progress | None = None,
) -> Paths:
    """`channels` from every step to step `to`, summed up. Raises ValueError for a cell without a belt."""

    def compute(reading: Reading) -> Paths:
        chain.belt_of(reading.model.cell)
        row = _row(reading, layer)
        return Paths(**_arrays(chain.paths(row, index("to", to, len(row)), progress)))

    return on_device(compute, reader, given, device, state)


def spectra(
    reader: Reader,
    given: Any,
    *,
    to: int,
    layer: int = -1,
    device: str = "auto",
    state: State | None = None,
    progress: Progress | None = None,
) -> Spectra:
    """Singular values of ∂h_to/∂h_t, and of the full state's Jacobian, by distance; in float64."""

    def compute(reading: Reading) -> Spectra:
        row = _row(reading, layer)
        return Spectra(**_arrays(chain.spectra(row, index("to", to, len(row)), progress)))

    return on_device(compute, reader, given, device, state)


def elman(
    reader: Reader, given: Any, *, to: int, layer: int = -1, device: str = "auto", state: State | None = None
) -> Elman:
    """Spectral radius, Pascanu's bound and the product in the wrong order, against what happens; in float64. Raises ValueError for
    another cell than rnn."""

    def compute(reading: Reading) -> Elman:
        row = _row(reading, layer)
        return Elman(**_arrays(chain.elman(row, index("to", to, len(row)))))

    return on_device(compute, reader, given, device, state)


def _row(reading: Reading, layer: int) -> Row:
    """A row of the same reading in float64, whatever the network's dtype is. In float32 a saturated unit has but a digit or two of
    1 - h², and an entry of a Jacobian in which many terms cancel may have none."""
    row = reading.row(layer)
    device = torch.device("cpu") if reading.model.device.type == "mps" else reading.model.device  # mps has no float64
    stack = copy.deepcopy(reading.model.stack).to(device, torch.float64)
    initial = {name: values.to(device, torch.float64) for name, values in reading.initial.items()}
    return rows_of(stack, reading.input.x.to(device, torch.float64), initial)[row]


def _arrays(found: Any) -> dict[str, Any]:
    """The fields of a dataclass of tensors, as arrays."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return {name: as_numpy(value) if isinstance(value, torch.Tensor) else value for name, value in values.items()}
