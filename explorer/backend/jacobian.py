"""Derivatives of a state by an earlier state of the same row: Jacobians, a belt's two channels, and the bounds known
for Elman networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.backend.back import Passed, Progress, Row, Targets, along, walking
from explorer.backend.gradients import HEADROOM, handed_on
from explorer.cells import Cell
from explorer.cells.activations import activation
from explorer.cells.esn import radius_of


def jacobian(row: Row, to: int, since: int, of: str, by: str | None = None) -> Tensor:
    """d of_to / d by_since [to-unit, since-unit]: the total derivative by state `by` (`of` itself if None) at an earlier step."""
    matrices = dict(jacobians(row, to, of, by or of, only=since))
    return matrices.get(since, torch.zeros_like(next(iter(matrices.values()))))


def jacobians(
    row: Row, to: int, of: str, by: str, *, only: int | None = None, progress: Progress | None = None
) -> Iterator[tuple[int, Tensor]]:
    """(step, d of_to / d by_step [to-unit, step-unit]) from `to` back to the first step that the row has read; what comes later than
    `to` in the reading does not move it. With `only`, `to` and that step alone.

    The walk has headroom; each row of a matrix that overflows by it is taken from a second walk without.
    """
    for step, large in _passing(row, to, of, by, HEADROOM, progress):
        if only is None or step in (to, only):
            derivative = large / HEADROOM
            if not derivative.isfinite().all():
                break
            yield step, derivative
        if step == only:
            return
    else:
        return
    for after, derivative in _passing(row, to, of, by, 1.0, progress):
        if row.at(after) <= row.at(step) and (only is None or after == only):
            yield after, derivative
        if after == only:
            return


def _passing(
    row: Row, to: int, of: str, by: str, factor: float, progress: Progress | None
) -> Iterator[tuple[int, Tensor]]:
    for passed in _walked(along(row, _each_unit(row, to, (of,), factor), progress)):
        yield passed.step, passed.here[by].clone()


def _walked(walk: Iterator[Passed]) -> Iterator[Passed]:
    """Each step of a walk in its own mode: what happens between two steps is not the walk's."""
    while True:
        with walking():
            passed = next(walk, None)
        if passed is None:
            return
        yield passed


def _each_unit(row: Row, to: int, states: tuple[str, ...], factor: float = 1.0) -> Targets:
    """Every unit of these states at one step as a target of its own, one state after the other."""
    sizes = [row.s[name].shape[-1] for name in states]
    seeds = torch.eye(sum(sizes), dtype=row.s["h"].dtype, device=row.s["h"].device) * factor
    return Targets([to] * sum(sizes), dict(zip(((row.number, s) for s in states), seeds.split(sizes, 1), strict=True)))


@dataclass(frozen=True)
class Paths:
    """The two channels from each step to one later step, of the belt's units. Steps that are read after it have 0.

    direct     [step, unit]: Π keep over the steps between
    diagonal   [step, unit]: of the full derivative, each unit by itself
    frobenius  [step]: the size of the full derivative, and
    spectral   [step]: the most that it stretches anything; what to compare the largest of `direct` with
    """

    direct: Tensor
    diagonal: Tensor
    frobenius: Tensor
    spectral: Tensor


def belt_of(cell: Cell) -> str:
    """The state that is the cell's belt. Raises ValueError where it has none."""
    if not cell.belts:
        raise ValueError(
            f"{cell.name} has no belt: its state is made anew at every step, so there is no direct channel; "
            "the full derivative is the jacobian"
        )
    return cell.belts[0].state


def direct(row: Row, to: int) -> Tensor:
    """Π keep over the steps since+1 … to, for every `since` [step, unit], float64; 0 where `since` is read after `to`."""
    belt_of(row.cell)
    keep = torch.as_tensor(row.cell.belts[0].kept(row.s))[:, 0].cpu().double()  # [step, unit] in the order of reading
    end = row.at(to)
    products = torch.zeros_like(keep)
    products[end] = 1
    if end:
        products[:end] = keep[1 : end + 1].flip(0).cumprod(0).flip(0)
    return products.flip(0) if row.direction else products


def channels(row: Row, to: int, since: int) -> tuple[Tensor, Tensor]:
    """The direct channel [unit] and the full derivative of the belt [to-unit, since-unit]."""
    state = belt_of(row.cell)
    return direct(row, to)[since], jacobian(row, to, since, state)


def paths(row: Row, to: int, progress: Progress | None = None) -> Paths:
    """Both channels from every step to `to`."""
    state = belt_of(row.cell)
    along_belt = direct(row, to)
    diagonal, frobenius = torch.zeros_like(along_belt), along_belt.new_zeros(len(row))
    spectral = frobenius.clone()
    for step, full in jacobians(row, to, state, state, progress=progress):
        full = full.cpu().double()
        diagonal[step], frobenius[step], spectral[step] = full.diagonal(), full.norm(), largest(full)
    return Paths(along_belt, diagonal, frobenius, spectral)


@dataclass(frozen=True)
class Spectra:
    """Singular values between each step and one later step, the largest first; NaN at the steps that are read after it.

    h      [step, unit]: of dh_to/dh_step, the exact total derivative
    full   [step, states*unit]: of the Jacobian of all that a step hands on, d(h, c)_to/d(h, c)_step, the product of those of single steps;
           of a Jordan network that of y
    noise  [step]: what rounding alone makes of a singular value of `full`; below it nothing can be told
    """

    h: Tensor
    full: Tensor
    noise: Tensor


def spectra(row: Row, to: int, progress: Progress | None = None) -> Spectra:
    """How the singular values evolve with the distance. To be asked of a reading in float64: the small ones are soon lost."""
    states, carried = handed_on(row.cell), row.cell.carried
    units, width = row.s["h"].shape[-1], sum(row.s[name].shape[-1] for name in carried)
    h, full = (torch.full((len(row), n), torch.nan, dtype=torch.float64) for n in (units, width))
    of_carried = torch.cat([torch.full(row.s[name].shape[-1:], name in carried) for name in states])
    for passed in _walked(along(row, _each_unit(row, to, states), progress)):
        whole = torch.cat([passed.by[name] for name in carried], 1)[of_carried].cpu()
        h[passed.step] = _singular(passed.here["h"][:units].cpu())
        full[passed.step] = _singular(whole) if carried != ("h",) else h[passed.step]
    return Spectra(h, full, full[:, 0] * width * torch.finfo(torch.float64).eps)


@dataclass(frozen=True)
class Elman:
    """Bounds and exact norms of dh_to/dh_step in an Elman network. [step] each; NaN at the steps read after `to`.

    radius      ρ(W_hh), the largest eigenvalue's size
    sigma       σ_max(W_hh)
    gamma       the steepest slope of its nonlinearity: 1 for tanh, relu, linear; ¼ for sigmoid; …
    exact       ‖dh_to/dh_step‖₂ = ‖Π diag(φ') W_hh‖₂
    bound       (σ_max γ)^(to-step), which it never exceeds (Pascanu et al. 2013)
    misordered  ‖W_hh^(to-step) Π diag(φ')‖₂, as it is often printed: the factors in the wrong order
    apart       distance of that matrix from the exact one: ‖difference‖ / ‖exact‖, Frobenius
    """

    radius: float
    sigma: float
    gamma: float
    exact: Tensor
    bound: Tensor
    misordered: Tensor
    apart: Tensor


def elman(row: Row, to: int) -> Elman:
    """The bound and the exact product, of a reading in float64. Raises ValueError for another cell."""
    if row.cell.name != "rnn":
        raise ValueError(f"{row.cell.name} is not an Elman network: its step is more than W_hh and a slope")
    squash = activation(str(row.cell.options["nonlinearity"]))
    W = row.cell.weight_hh.detach().cpu()
    radius, sigma = radius_of(W), largest(W)
    exact, bound, misordered, apart = (torch.full((len(row),), torch.nan, dtype=torch.float64) for _ in range(4))
    slopes, power = torch.ones(len(W), dtype=torch.float64), torch.eye(len(W), dtype=torch.float64)
    slope = squash.slope(row.s["h"])[:, 0].cpu()  # [place, unit]
    for distance, (step, on_device) in enumerate(jacobians(row, to, "h", "h")):
        product = on_device.cpu()
        wrong = power * slopes
        exact[step], misordered[step] = largest(product), largest(wrong)
        bound[step] = (sigma * squash.steepest) ** distance
        apart[step] = (wrong - product).norm() / product.norm()
        slopes, power = slopes * slope[row.at(step)], power @ W
    return Elman(radius, float(sigma), squash.steepest, exact, bound, misordered, apart)


def largest(matrix: Tensor) -> Tensor:
    """The largest singular value, by the eigenvalues of AᵀA, which is much faster and for the largest one as exact."""
    size: Tensor = torch.linalg.matrix_norm(matrix)
    if not (size.isfinite() and size > 0):
        return size
    scaled = matrix / size
    squares: Tensor = torch.linalg.eigvalsh(scaled.T @ scaled)
    return size * squares[-1].clamp(min=0).sqrt()


def _singular(matrix: Tensor) -> Tensor:
    """Singular values, the largest first; NaN for a matrix that is not finite."""
    if not matrix.isfinite().all():
        return matrix.new_full((min(matrix.shape),), torch.nan)
    values: Tensor = torch.linalg.svdvals(matrix)
    return values
