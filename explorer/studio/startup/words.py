"""What the start-up lab says: the name of a cell, what its curve does, and what was to be expected."""

from __future__ import annotations

import math

from explorer.analysis.numbers import number
from explorer.analysis.startup import Course, spread
from explorer.models.starts import OPEN, USUAL_RADIUS, AtStart, Start
from explorer.studio import sentences


def name_of(start: Start) -> str:
    """A cell in a few words."""
    scaled = start.radius != USUAL_RADIUS if start.cell == "rnn" else start.gain != 1
    drawn = "" if start.recurrent == "uniform" else f"{start.recurrent} "
    if start.cell == "rnn":
        return f"{drawn}{start.nonlinearity} RNN{f', ρ {start.radius:g}' if scaled else ''}"
    kept = (
        f"chrono {start.chrono}"
        if start.chrono
        else "forget gate open"
        if start.keep == OPEN
        else f"{'forget' if start.cell == 'lstm' else 'keep'} bias {_signed(start.keep or 0)}"
    )
    return f"{drawn}{start.cell.upper()}, {kept}{f', × {start.gain:g}' if scaled else ''}"


def of_course(found: Course) -> str:
    """What a curve does with the distance."""
    if not found.half and not found.double and abs(found.last - 1) < 0.01:
        return f"Does not decay: **{found.last:.3f}** of it is left after {sentences.counted(found.steps)}."
    parts = ["never falls to half"]
    if found.half:
        parts = [f"falls to half after **{sentences.counted(found.half)}**"]
    elif found.double:
        parts = [f"has doubled after **{sentences.counted(found.double)}**"]
    if found.floor:
        parts.append(f"reaches the floor of float32 after **{sentences.counted(found.floor)}**")
    elif found.ceiling:
        parts.append(f"overflows float32 after **{sentences.counted(found.ceiling)}**")
    elif 0 < found.lowest < found.steps and found.half:
        parts.append(
            f"is lowest after {found.lowest} ({number(found.least)}) and **{number(found.last)}** after {found.steps}"
        )
    else:
        parts.append(f"is **{number(found.last)}** after {sentences.counted(found.steps)}")
    said = ", ".join(parts)
    if found.over and not (found.half and found.lowest < found.over):
        said += f": × {found.factor:.3g} a step on average"
    return f"{said[0].upper()}{said[1:]}."


def of_start(start: Start, found: AtStart, steps: int) -> str:
    """What was to be expected from the way it begins."""
    if start.cell == "rnn":
        most = found.sigma * start.steepest
        slope = "¼" if start.steepest == 0.25 else "1"
        follows = "so it must vanish" if most < 1 else "so it need not vanish"
        return f"σ_max(W) = {found.sigma:.2f} and φ′ ≤ {slope}: never more than × {most:.2f} a step, {follows}."
    if start.chrono:
        begins = f"Keep gates spread from σ(0) = 0.5 to σ(ln {start.chrono - 1}) = {1 - 1 / start.chrono:.3f}"
    else:
        bias = start.keep or 0.0
        begins = f"Keep gates begin near σ({_signed(bias)}) = {1 / (1 + math.exp(-bias)):.3g}"
    begins += f", measured {found.keep:.3g} on average"
    if found.direct is None:
        return f"{begins}. h reaches the memory only through gates and candidate, hence the first drop."
    alone = number(float(spread(found.direct).middle[-1]))
    return f"{begins}. By themselves they would leave {alone} after {steps} steps; the rest comes back through h and the other gates."


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
