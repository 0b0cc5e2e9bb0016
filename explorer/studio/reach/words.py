"""Sentences about gradients, computed from the numbers of this forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from explorer.analysis.numbers import number, share
from explorer.analysis.reach import FLOOR, Spread
from explorer.figures.squashing import SQUASHES, composed
from explorer.models import Elman, Paths, Spectra
from explorer.signals import Array
from explorer.studio.sentences import counted, glyph

Found = TypeVar("Found", Paths, Spectra, Elman)

FAR = 10
"""Factor by which a bound must exceed the exact value for its looseness to be explained."""


def size(value: float) -> str:
    """Format a gradient's size for a sentence: 3e-05 as 3 × 10⁻⁵, with words for non-finite values and those below float32."""
    if not np.isfinite(value):
        return "NaN or infinite"
    if value == 0:
        return "0"
    if value < FLOOR:
        return "less than float32 can hold"
    return number(value, 2)


def going_back(found: Found, back: Sequence[int]) -> Found:
    """Return the same data ordered back from the target: each array [step, …] as [distance, …]."""
    arrays: dict[str, Any] = {field.name: getattr(found, field.name) for field in fields(found)}
    arrays = {name: values[list(back)] for name, values in arrays.items() if isinstance(values, np.ndarray)}
    return replace(found, **arrays)


def of_deletions(
    changes: Mapping[str, Array], reach: Mapping[str, Array], tokens: Sequence[str], target: int, *, both: bool = False
) -> str:
    """Say which left-out token matters most, and its rank by gradient. The target's own token and the one before it are excluded, since
    they nearly always matter. For a network that reads `both` ways, later tokens count as well."""
    parts = []
    compared = np.arange(len(tokens)) < target - 1
    if both:
        compared |= np.arange(len(tokens)) > target + 1
    for name, change in changes.items():
        size_of = np.where(compared & np.isfinite(change), np.abs(change), 0)
        if not size_of.any():
            finite = np.isfinite(change[compared]).any() or not compared.any()
            parts.append(f"**{name.upper()}** {'none of them' if finite else 'NaN or infinite for each of them'}")
            continue
        most = int(size_of.argmax())
        sign = "−" if change[most] < 0 else "+"
        where = f"{counted(abs(target - most))} {'before' if most < target else 'after'}"
        parts.append(
            f"**{name.upper()}** {sign}{size(size_of[most])} without {glyph(tokens[most])} {where} ({_rank(reach[name], compared, most)})"
        )
    aside = "the tokens beside the target" if both else "the last two"
    return (
        f"A gradient is the effect of a *tiny* change. A direct check: **leave a token out** and read again. Of all but {aside}, "
        f"which one moves the result most? {'; '.join(parts)}."
    )


def _rank(reach: Array, asked: Array, most: int) -> str:
    """Return the rank of a token by gradient among the compared tokens, in words."""
    if not np.isfinite(reach[most]):
        return "its gradient is not finite"
    if reach[most] == 0:
        return "its gradient is 0"
    return f"number {1 + int((reach[asked] > reach[most]).sum())} by gradient"


def of_pair(found: Mapping[str, Array], tokens: Sequence[str], target: int, source: int, changed: str = "of h") -> str:
    """Give the gradient of the chosen pair in each network; `changed` names the changed quantity at the source."""
    values = "; ".join(f"**{name.upper()}** {size(float(matrix[target, source]))}" for name, matrix in found.items())
    later = f"{counted(abs(target - source))} {'later' if source <= target else 'earlier in the text'}"
    return (
        f"A tiny change {changed} at {glyph(tokens[source])} (step {source + 1}) moves the result at {glyph(tokens[target])} "
        f"(step {target + 1}), {later}, by: {values}. Click a matrix to choose another pair."
    )


def of_distances(spreads: Mapping[str, Spread]) -> str:
    """Say how the median falls with distance: at 10, 40 and the longest distance with enough pairs."""
    steps = len(next(iter(spreads.values())).median)
    distances = [d for d in (1, 10, 40, 100) if d < steps - 5] or [1]
    parts = []
    for name, spread in spreads.items():
        values = [size(float(spread.median[d])) for d in distances]
        parts.append(f"**{name.upper()}** {', '.join(values if len(set(values)) > 1 else values[:1])}")
    where = ", ".join([*map(str, distances[:-1]), counted(distances[-1])])
    return (
        f"The median over all pairs at a distance of {where}: {'; '.join(parts)}. One text, one network of each kind."
    )


def of_paths(paths: Paths, distance: int) -> str:
    """Compare both paths over the chosen distance, and say where they diverge. `paths` goes back from the target: [distance, …]."""
    direct, full = float(paths.direct[distance].max()), float(paths.spectral[distance])
    return (
        f"{counted(distance)} back, the direct path keeps at most {size(direct)} of a unit, "
        f"the full derivative stretches by up to {size(full)}: {_verdict(direct, full)}.{_parted(paths)}"
    )


def _parted(paths: Paths) -> str:
    """Say from which distance on the two differ at every step; else at how many steps they do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = paths.spectral[1:] / paths.direct[1:].max(1)  # [distance - 1]
    apart = (ratios > 2) | (ratios < 0.5)
    compared = ~np.isnan(ratios)  # where both are 0 there is nothing to compare
    if not apart.any():
        return ""
    alike = np.flatnonzero(compared & ~apart)
    since = int(alike[-1]) + 2 if len(alike) else int(np.flatnonzero(apart)[0]) + 1
    if apart[since - 1 :].any() and compared[since - 1 :].all():
        return f" From {counted(since)} back on they differ by more than a factor of 2 at every step."
    return f" They differ by more than a factor of 2 at {int(apart.sum())} of {int(compared.sum())} steps before."


def _verdict(direct: float, full: float) -> str:
    """Compare all paths with the direct one, in words."""
    if not (np.isfinite(direct) and np.isfinite(full)):
        return "these cannot be compared"
    if full < FLOOR and direct < FLOOR:
        return "neither path brings anything"
    if direct < FLOOR:
        return "all that arrives comes by way of the gates"
    if 0.9 < full / direct < 1.1:
        return "the two are the same here"
    if full > direct:
        return f"all paths together carry {size(full / direct)} times as much"
    return f"the other paths work against it: {size(full / direct)} of it is left"


def of_spectra(spectra: Spectra) -> str:
    """Say how the largest singular value changes per step, how many directions are left halfway, and how h alone compares. `spectra` goes
    back from the target: [distance, …]."""
    largest, farthest = spectra.full[:, 0], len(spectra.full) - 1
    if farthest < 1:
        return "there is no step before the target."
    if not np.isfinite(largest).all():
        broken = int(np.flatnonzero(~np.isfinite(largest))[0])
        return f"from {counted(broken)} back the largest singular value is NaN or infinite."
    if not (largest > 0).all():
        return f"nothing of the source is left after {counted(int(np.flatnonzero(largest == 0)[0]))}."
    rate = float((largest[-1] / largest[0]) ** (1 / farthest))
    changes = (
        f"the largest singular value changes by a factor of {number(rate)} a step, on average over {counted(farthest)}"
    )
    if spectra.full.shape[1] == 1:
        return f"{changes}."
    half = farthest - farthest // 2
    alive = int((spectra.full[half] > 0.01 * spectra.full[half, 0]).sum())
    verb = "is" if alive == 1 else "are"
    return (
        f"{changes}; {counted(half)} back, {alive} of {spectra.full.shape[1]} directions {verb} stretched at least a hundredth as "
        f"much as the most stretched one.{_of_h(spectra, half)}"
    )


def _of_h(spectra: Spectra, half: int) -> str:
    """Compare the norm for h alone with that for the whole state, if they differ much."""
    h, full = float(spectra.h[half, 0]), float(spectra.full[half, 0])
    if spectra.h.shape == spectra.full.shape or not full > 2 * h:
        return ""
    return f" By h alone it would be {size(h)} there, of the whole state it is {size(full)}."


def of_elman(said: Elman) -> str:
    """Give the three textbook numbers and compare their bound with the exact norm. `said` goes back from the target: [distance, …]."""
    farthest = len(said.exact) - 1
    exact, bound = float(said.exact[-1]), float(said.bound[-1])
    foretold = "must vanish" if said.sigma * said.gamma < 1 else "is free to explode"
    apart = float(said.apart[min(10, farthest)])
    loose = (
        " The bound takes every slope φ′ to be γ and every step to go where W stretches most, which is not so here."
        if exact * FAR < bound
        else ""
    )
    off = (
        f" The product in the order in which it is often printed is off by {share(apart)} after {counted(min(10, farthest))}: "
        "matrices do not commute."
        if np.isfinite(apart) and apart >= 0.005  # numbers do, and so does W with slopes that are all alike
        else ""
    )
    return (
        f"ρ(W) = {number(said.radius)}, σ_max(W) = {number(said.sigma)}, γ = {said.gamma:g}. By σ_max·γ = "
        f"{number(said.sigma * said.gamma)} the gradient {foretold}: over {counted(farthest)} the bound is {size(bound)}, "
        f"the exact norm {size(exact)}.{loose}{off}"
    )


def of_squashing(times: int) -> str:
    """Give the steepest remaining slope of each nonlinearity."""
    at = np.linspace(-6, 6, 2401)
    steepest = {name: float(composed(name, times, at)[1].max()) for name in SQUASHES}
    slopes = ", ".join(f"{name} {size(slope)}" for name, slope in steepest.items())
    often = "once" if times == 1 else f"{times} times"
    return (
        f"The slope of σ is at most ¼, that of tanh and relu at most 1. Applied {often}, the steepest place that is left: {slopes}. "
        "This is the squashing alone; the weights between may make up for it, or make it worse."
    )
