"""Sentences of the start-up lab: the name of a cell, its curve, and the expectation from its initialisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from explorer.analysis.numbers import number
from explorer.analysis.startup import Course, spread
from explorer.models.starts import OPEN, USUAL_RADIUS, AtStart, Start
from explorer.studio import sentences


def name_of(start: Start) -> str:
    """Name a cell in a few words."""
    scaled = start.radius != USUAL_RADIUS if start.cell == "rnn" else start.gain != 1
    drawn = "" if start.recurrent == "uniform" else f"{start.recurrent} "
    if start.cell == "rnn":
        return f"{drawn}{start.nonlinearity} RNN{f', ρ {start.radius:g}' if scaled else ''}"
    keep = (
        f"chrono {start.chrono}"
        if start.chrono
        else "forget gate open"
        if start.keep == OPEN
        else f"{'forget' if start.cell == 'lstm' else 'keep'} bias {_signed(start.keep or 0)}"
    )
    return f"{drawn}{start.cell.upper()}, {keep}{f', × {start.gain:g}' if scaled else ''}"


def of_course(found: Course, each: Sequence[Course] = ()) -> str:
    """Describe a curve, the median over draws, with distance; the range over the draws `each` stands beside it."""
    last = _between([one.last for one in each])
    if not found.half and not found.double and abs(found.last - 1) < 0.01:
        return f"Does not decay: **{found.last:.3f}** of it is left after {sentences.counted(found.steps)}{last}."
    halves, doubles = [one.half for one in each], [one.double for one in each]
    parts = [f"never falls to half{_though(halves)}"]
    if found.half:
        parts = [f"falls to half after **{sentences.counted(found.half)}**{_draws(halves)}"]
    elif found.double:
        parts = [f"has doubled after **{sentences.counted(found.double)}**{_draws(doubles)}"]
    if found.floor:
        floors = _draws([one.floor for one in each])
        parts.append(f"reaches the floor of float32 after **{sentences.counted(found.floor)}**{floors}")
    elif found.ceiling:
        ceilings = _draws([one.ceiling for one in each])
        parts.append(f"overflows float32 after **{sentences.counted(found.ceiling)}**{ceilings}")
    elif 0 < found.lowest < found.steps and found.half:
        parts.append(
            f"is lowest after {found.lowest} ({number(found.least, 2)}) and **{number(found.last, 2)}** after {found.steps}{last}"
        )
    else:
        parts.append(f"is **{number(found.last, 2)}** after {sentences.counted(found.steps)}{last}")
    sentence = ", ".join(parts)
    if found.over and not (found.half and found.lowest < found.over):
        sentence += f": × {number(found.factor)} a step on average"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _draws(distances: Sequence[int | None]) -> str:
    """Say in which draws and after how many steps: " (4 to 9 over 5 draws)", " (in 3 of 5 draws, 4 to 9)"; empty for one draw."""
    steps = [distance for distance in distances if distance]
    if len(distances) < 2 or not steps:
        return ""
    between = f"{min(steps)} to {max(steps)}" if min(steps) < max(steps) else f"{steps[0]}"
    if len(steps) < len(distances):
        return f" (in {len(steps)} of {len(distances)} draws, {between})"
    return f" ({between} over {len(steps)} draws)" if min(steps) < max(steps) else f" (in all {len(steps)} draws)"


def _though(distances: Sequence[int | None]) -> str:
    """Say that some draws do what the median does not."""
    return _draws(distances).replace(" (in", " (but does in")


def _between(values: Sequence[float]) -> str:
    """Give the range of a value over draws; empty for one draw."""
    if len(values) < 2:
        return ""
    low, high = number(min(values), 2), number(max(values), 2)
    return "" if low == high else f" ({low} to {high} over {len(values)} draws)"


def of_start(start: Start, found: AtStart, steps: int) -> str:
    """State the expectation from the initialisation."""
    if start.cell == "rnn":
        sigmas = found.sigmas or (found.sigma,)
        vanish = sum(sigma * start.steepest < 1 for sigma in sigmas)
        slope = "¼" if start.steepest == 0.25 else "1"
        follows = (
            "so it must vanish"
            if vanish == len(sigmas)
            else f"so it must vanish in {vanish} of {len(sigmas)} draws"
            if vanish
            else "so it need not vanish"
        )
        spread_ = f" ({min(sigmas):.2f} to {max(sigmas):.2f} over {len(sigmas)} draws)" if len(sigmas) > 1 else ""
        return (
            f"σ_max(W) = {found.sigma:.2f}{spread_} and φ′ ≤ {slope}: never more than × {found.sigma * start.steepest:.2f} a step, "
            f"{follows}."
        )
    if start.chrono:
        begins = f"Keep gates spread from σ(0) = 0.5 to σ(ln {start.chrono - 1}) = {1 - 1 / start.chrono:.3f}"
    else:
        bias = start.keep or 0.0
        begins = f"Keep gates begin near σ({_signed(bias)}) = {1 / (1 + math.exp(-bias)):.3g}"
    begins += f", measured {found.keep:.3g} on average"
    if found.direct is None:
        return f"{begins}. h reaches the memory only through gates and candidate, hence the first drop."
    alone = number(float(spread(found.direct).middle[-1]), 2) + _between(found.direct[:, -1].tolist())
    return f"{begins}. By themselves they would leave {alone} after {steps} steps; the rest comes back through h and the other gates."


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
