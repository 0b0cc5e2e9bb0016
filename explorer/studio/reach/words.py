"""Sentences about gradients, computed from the numbers of this very reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.analysis.numbers import number, share
from explorer.analysis.reach import FLOOR, Spread
from explorer.figures.squashing import SQUASHES, composed
from explorer.models import Elman, Paths, Spectra
from explorer.signals import Array
from explorer.studio.sentences import counted, glyph

FAR = 10
"""A bound that is so many times too large has to be explained."""


def size(value: float) -> str:
    """A gradient's size as it is read aloud: 3e-05 as 3 × 10⁻⁵, and what is no number, or nothing, as such."""
    if not np.isfinite(value):
        return "no finite number"
    if value < FLOOR:
        return "nothing that float32 can hold"
    return number(value, 2)


def of_deletions(changes: Mapping[str, Array], reach: Mapping[str, Array], tokens: Sequence[str], target: int) -> str:
    """Which token matters most when it is left out, and whether the gradient had pointed to it; the target's own and the one before it
    aside, which nearly always matter."""
    parts = []
    for name, change in changes.items():
        before = np.abs(change[: max(target - 1, 0)])
        before = np.where(np.isfinite(before), before, 0)
        if not before.any():
            known = np.isfinite(change[: max(target - 1, 0)]).any() or target < 2
            parts.append(f"**{name.upper()}** {'none of them' if known else 'no finite number comes of any'}")
            continue
        most = int(before.argmax())
        rank = 1 + int((reach[name][: target - 1] > reach[name][most]).sum())
        sign = "−" if change[most] < 0 else "+"
        parts.append(
            f"**{name.upper()}** {sign}{size(before[most])} without {glyph(tokens[most])} {counted(target - most)} before "
            f"(number {rank} by gradient)"
        )
    return (
        "A gradient is the effect of a *tiny* change. The test beside it: **leave a token out** and read again. Of all but the last two, "
        f"which one moves the result most? {'; '.join(parts)}."
    )


def of_pair(found: Mapping[str, Array], tokens: Sequence[str], target: int, source: int) -> str:
    """What the chosen pair is in each network."""
    values = "; ".join(f"**{name.upper()}** {size(float(matrix[target, source]))}" for name, matrix in found.items())
    return (
        f"A tiny change of h at {glyph(tokens[source])} (step {source + 1}) moves the result at {glyph(tokens[target])} "
        f"(step {target + 1}), {counted(target - source)} later, by: {values}. Click a matrix to choose another pair."
    )


def of_distances(spreads: Mapping[str, Spread]) -> str:
    """How the median falls with distance: at 10, 40 and the longest that enough pairs have."""
    steps = len(next(iter(spreads.values())).median)
    asked = [d for d in (1, 10, 40, 100) if d < steps - 5] or [1]
    parts = []
    for name, spread in spreads.items():
        values = [size(float(spread.median[d])) for d in asked]
        parts.append(f"**{name.upper()}** {', '.join(values if len(set(values)) > 1 else values[:1])}")
    where = ", ".join([*map(str, asked[:-1]), counted(asked[-1])])
    return (
        f"The median over all pairs at a distance of {where}: {'; '.join(parts)}. One text, one network of each kind."
    )


def of_paths(paths: Paths, to: int, since: int) -> str:
    """Both paths between the chosen steps, and where they part."""
    direct, full = float(paths.direct[since].max()), float(paths.spectral[since])
    distance = to - since
    return (
        f"{counted(distance)} back, the direct path keeps at most {size(direct)} of a unit, "
        f"the full derivative stretches by up to {size(full)}: {_verdict(direct, full)}.{_parted(paths, to)}"
    )


def _parted(paths: Paths, to: int) -> str:
    """From which distance on the two differ at every farther step; where there is none, at how many steps they do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (paths.spectral[:to] / paths.direct[:to].max(1))[::-1]  # [distance - 1]
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
    """What the other paths make of the direct one."""
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


def of_spectra(spectra: Spectra, to: int) -> str:
    """How fast the largest singular value changes a step, and how many directions are left halfway."""
    largest = spectra.h[: to + 1, 0]
    if to < 1:
        return "there is no step before the target."
    if not np.isfinite(largest).all():
        broken = np.flatnonzero(~np.isfinite(largest[::-1]))
        return f"from {counted(int(broken[0]))} back the largest singular value is no finite number."
    if not (largest > 0).all():
        return f"nothing is left after {counted(int(np.flatnonzero(largest[::-1] == 0)[0]))}."
    rate = float((largest[0] / largest[to]) ** (1 / to))
    changes = f"the largest singular value changes by a factor of {rate:.3g} a step, on average over {counted(to)}"
    if spectra.h.shape[1] == 1:
        return f"{changes}."
    half = to // 2
    alive = int((spectra.h[half] > 0.01 * spectra.h[half, 0]).sum())
    verb = "is" if alive == 1 else "are"
    return (
        f"{changes}; {counted(to - half)} back, {alive} of {spectra.h.shape[1]} directions {verb} stretched at least a hundredth as "
        "much as the most stretched one."
    )


def of_elman(said: Elman, to: int) -> str:
    """The three numbers that textbooks give, and what they foretell here."""
    exact, bound = float(said.exact[0]), float(said.bound[0])
    foretold = "must vanish" if said.sigma * said.gamma < 1 else "is free to explode"
    apart = float(said.apart[max(0, to - 10)])
    loose = (
        " The bound takes every slope φ′ to be γ and every step to go where W stretches most, which is not so here."
        if exact * FAR < bound
        else ""
    )
    off = (
        f" The product in the order in which it is often printed is off by {share(apart)} after {counted(min(10, to))}: "
        "matrices do not commute."
        if np.isfinite(apart) and apart >= 0.005  # numbers do, and so does W with slopes that are all alike
        else ""
    )
    return (
        f"ρ(W) = {said.radius:.3g}, σ_max(W) = {said.sigma:.3g}, γ = {said.gamma:g}. By σ_max·γ = {said.sigma * said.gamma:.3g} the "
        f"gradient {foretold}: over {counted(to)} the bound allows {size(bound)}, and {size(exact)} is what happens.{loose}{off}"
    )


def of_squashing(times: int) -> str:
    """The steepest slope that is left of each."""
    at = np.linspace(-6, 6, 2401)
    steepest = {name: float(composed(name, times, at)[1].max()) for name in SQUASHES}
    found = ", ".join(f"{name} {size(slope)}" for name, slope in steepest.items())
    often = "once" if times == 1 else f"{times} times"
    return (
        f"The slope of σ is at most ¼, that of tanh and relu at most 1. Applied {often}, the steepest place that is left: {found}. "
        "This is the squashing alone; the weights between may make up for it, or make it worse."
    )
