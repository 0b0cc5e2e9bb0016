"""Sentences of the What-if page, computed from the numbers of both runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from explorer.analysis import numbers
from explorer.analysis.numbers import share
from explorer.analysis.tokens import visible
from explorer.models import Finding
from explorer.models.vocabulary.encoded import shortened
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.compare.words import LEAST
from explorer.studio.sentences import glyph, plain
from explorer.studio.what_if import View
from explorer.studio.what_if.lines import Line, spans

NOTHING = "**This changes nothing**: every number of the edited run is the number that it was (to 10⁻⁷, on the same path of computation)."
NOT_EDITED = "Nothing is edited. Run one of the experiments above, or add an edit of your own."


def of_line(line: Line, quote: Callable[[str], str] | None = None) -> str:
    """Describe an edit. `quote` formats the text of a patch or replacement; the default is Markdown."""
    what = _deed(line, quote or quoted)
    where = []
    if line.units is not None and line.does != "erase":
        where.append(_counted("unit", line.units))
    if line.layer is not None:
        where.append(f"layer {line.layer}")
    if line.steps is not None and not line.of_tokens and line.does != "patch":
        first, last = (step + 1 for step in line.steps)
        where.append(f"step {first}" if first == last else f"steps {first} to {last}")
    elif line.steps is None:
        where.append("at every step")
    return ", ".join([what, *where])


def _deed(line: Line, quote: Callable[[str], str]) -> str:
    signal = " and ".join(line.signals)
    if line.does == "set":
        if line.value == 0 and line.units is None and signal in ("h_prev", "y_prev"):
            return f"the loop is cut: {signal.removesuffix('_prev')} before each step is 0"
        return f"{called(signal)} held at {number(line.value)}"
    if line.does == "scale":
        return f"{called(signal)} times {number(line.value)}"
    if line.does == "noise":
        return f"noise of size {number(line.value)} on {called(signal)}" + (f" (seed {line.seed})" if line.seed else "")
    if line.does == "freeze":
        return f"{called(signal)} frozen: it keeps what it had"
    if line.does == "erase":
        return f"{_counted('unit', line.units or ())} erased: the memory is held at 0"
    assert line.steps is not None
    step = line.steps[0] + 1
    if line.does == "patch":
        at = step if line.at is None else line.at + 1
        return f"{called(signal)} after step {step} becomes that of {quote(line.text)} after its step {at}"
    tokens = f"token {step}" if line.steps[0] == line.steps[1] else f"tokens {step} to {line.steps[1] + 1}"
    return f"{tokens} deleted" if line.does == "delete" else f"token {step} replaced by {quote(line.text)}"


def quoted(text: str) -> str:
    """Format another text for a sentence: on one line, and shortened."""
    return glyph(_on_a_line(text))


def plainly(line: Line) -> str:
    """Describe an edit without Markdown, with its name if it has one."""
    description = of_line(line, lambda text: f"“{_on_a_line(text)}”")
    return f"{line.name} ({description})" if line.name else description


def _on_a_line(text: str) -> str:
    return shortened("".join(visible(c) if c in "\n\t\r" else c for c in text), LONG)


LONG = 60
"""Maximum number of quoted characters."""


def called(signal: str) -> str:
    """Name a signal with its moment: before the nonlinearity, or as it enters a step."""
    if signal.endswith("_pre"):
        return f"{signal.removesuffix('_pre')} before the squashing"
    if signal.endswith("_prev"):
        return f"{signal.removesuffix('_prev')} as it enters the step"
    return signal


def _counted(one: str, numbers: Sequence[int]) -> str:
    return f"{one if len(numbers) == 1 else f'{one}s'} {', '.join(spans(numbers)).replace('-', '–')}"


def of_change(view: View, playhead: str = "") -> str:
    """Say what changed at the playhead, where most, and in which memory most. `playhead` replaces the first sentence."""
    if view.plan.idle:
        return NOT_EDITED
    if view.nothing:
        return NOTHING
    return " ".join(filter(None, (playhead or of_playhead(view), of_seeds(view), of_most(view), of_memory(view))))


def of_playhead(view: View) -> str:
    """Describe the followed answer at the playhead."""
    step = view.here.step
    before, after = (float(view.followed(values)[step]) for values in view.answers)
    where = f"at the playhead (step {step + 1}, {glyph(view.before.tokens[step])})"
    if not view.reaches_playhead:
        return (
            f"The playhead (step {step + 1}) comes before the first edited step, {view.first_edited + 1}: its answer cannot change. Move "
            "the playhead on."
        )
    if not np.isfinite(after):
        return f"The token at the playhead (step {step + 1}) is deleted."
    if view.column is None:
        moved = "stays at" if number(before) == number(after) else f"goes from {number(before)} to"
        return f"The answer {where} {moved} **{number(after)}**."
    return f"{what(view)} {where} {verb(before, after)}."


def of_seeds(view: View) -> str:
    """Give the followed answer at the playhead over SEEDS noise seeds; empty without noise."""
    if not view.noisy or not view.reaches_playhead:
        return ""
    values = view.over_seeds
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return ""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    low, high = float(values.min()), float(values.max())
    many = f"Over {len(values)} seeds of the noise, {what(view)} there is"
    if view.column is None:
        return f"{many} **{number(mean)}** on average, standard deviation {number(deviation)} ({number(low)} to {number(high)})."
    points = f"{numbers.number(100 * deviation, 2)} percentage points"
    return f"{many} **{share(mean)}** on average, standard deviation {points} ({share(low)} to {share(high)})."


def verb(before: float, after: float) -> str:
    """Describe the change of a probability."""
    if share(before) == share(after) or abs(after - before) < LEAST * min(1.0, max(before, after) * 10):
        return f"stays about the same (**{share(before)}**, {share(after)})"
    return f"{'falls' if after < before else 'rises'} from **{share(before)}** to **{share(after)}**"


def what(view: View) -> str:
    """Name the followed quantity: "P(`x`)", or "the answer" for a number."""
    if view.column is None:
        return "the answer"
    return f"P({glyph(visible(view.labels[view.column]))})"


def of_most(view: View) -> str:
    """Give the step at which the answers are furthest apart."""
    distances = np.where(np.isfinite(view.apart), view.apart, 0)
    step = int(distances.argmax())
    if distances[step] <= 0:
        return "No answer of this text changes."
    where = f"after {glyph(view.before.tokens[step])} (step {step + 1})"
    if view.column is None:
        return f"Along the text the answer changes most {where}, by {number(float(distances[step]))}."
    labels = [visible(view.labels[service.likeliest_column(view.here.card, values[step])]) for values in view.answers]
    turn = (
        f"it says {glyph(labels[0])} as before"
        if labels[0] == labels[1]
        else f"it said {glyph(labels[0])}, now {glyph(labels[1])}"
    )
    start = "There most changes of all" if step == view.here.step else f"Most changes {where}"
    return f"{start}: {share(float(distances[step]))} of the probability moves; {turn}."


def of_memory(view: View) -> str:
    """Give the unit whose memory moved most, among those not edited."""
    name = view.before.memory
    seen = np.tanh if name != "h" else np.asarray  # a cell state has no bounds
    moved = np.abs(seen(view.after[name][view.row]) - seen(view.before[name][view.row]))
    moved = np.where(np.isfinite(moved), moved, 0).max(0)
    done = [line for number, line in enumerate(view.lines) if line.on and number not in view.plan.refused]
    held = {unit for line in done for unit in line.units or ()}
    others = [unit for unit in range(len(moved)) if unit not in held]
    if not others or not moved[others].max() > 0:
        return f"No other unit's {name} changes." if others else ""
    most = max(others, key=lambda unit: float(moved[unit]))
    count = int((moved[others] > SHIFT).sum())
    says = "through tanh " if name != "h" else ""
    start = "Of the units that are not held themselves, unit" if held else "Unit"
    return (
        f"{start} {most} moves most ({name} {says}by {moved[most]:.2f}); "
        f"{count} of {len(others)} move by more than {SHIFT:g}."
    )


SHIFT = 0.1
"""Smallest notable change of a memory, which lies between -1 and 1 in most cells."""


CARRIERS = (
    "In one batch of readings, each of which holds another unit's whole memory still. An effect at one step of one text is no meaning: "
    "try other texts. Units that stand in for one another may each seem to matter little. Sign and number of a unit are arbitrary."
)


def of_carriers(view: View, effects: Array, order: Array, finding: Finding | None, r: Array | None) -> str:
    """Say which unit carries the answer at the playhead, and whether it also correlates most."""
    first, step = int(order[0]), view.here.step
    before = float(view.followed(view.answers[0])[step])
    if not np.abs(effects[first]) > 0:
        return f"No unit by itself changes {what(view)} at the playhead (step {step + 1})."
    if view.column is None:
        change = f"changes the answer at the playhead, {number(before)}, by **{number(float(effects[first]))}**"
    else:
        after = min(1.0, before * 2.0 ** float(effects[first]))
        change = f"takes {what(view)} at the playhead (step {step + 1}) from **{share(before)}** to **{share(after)}**"
    effect = f"Of {len(effects)} units, each held by itself, **unit {first}** matters most: that {change}."
    if finding is None or r is None:
        return effect
    ranked = np.argsort(-np.abs(r), kind="stable")
    place = int(np.flatnonzero(order == finding.unit)[0]) + 1
    best = int(ranked[0])
    if best == finding.unit == first:
        return f"{effect} It is also the first by |r| with **{finding.follows}** on this text ({abs(r[best]):.2f})."
    return (
        f"{effect} By |r| with **{finding.follows}** on this text the first is unit {best} ({abs(r[best]):.2f}), "
        f"{_nth(order, best)} by effect; unit {finding.unit}, which follows it on held-out sequences (|r| {abs(finding.correlation):.2f}), "
        f"is number {place} of {len(effects)} by effect."
    )


def _nth(order: Array, unit: int) -> str:
    return f"number {int(np.flatnonzero(order == unit)[0]) + 1}"


def of_loop(bits: Sequence[float], one: str) -> str:
    """Give the mean surprise of the real next token: original, edited, and from the present token alone."""
    whole, cut, alone = bits
    return (
        f"Mean surprise of the real next {one} on this text: **{whole:.2f}** bits as it was, **{cut:.2f}** edited; "
        f"**{alone:.2f}** if no state at all is carried on, so that only the present {one} is known, as to a table of pairs."
    )


def of_range(low: float, high: float) -> str:
    """Warn that a value is outside the signal's range."""
    return (
        f"beyond what it does on this text ({number(low)} to {number(high)}): such a state may never occur, one that is patched from "
        "another text does"
    )


def number(value: float) -> str:
    """Format a number for this page."""
    return numbers.number(value)


def of_other_units(model: str) -> str:
    """Warn that the network changed while edits name units."""
    return (
        f"The edits below name units of {plain(model)}. Units of different networks have nothing to do with one another: the same numbers "
        "are other units here."
    )


def refused(reason: str) -> str:
    """Say why an edit does not run."""
    return f"Not done: {plain(reason)}."
