"""Sentences about the charts of one training step, computed from the numbers of this text and network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.analysis import numbers
from explorer.models import Truncated
from explorer.models.clipping import Clipped
from explorer.signals import Array
from explorer.studio.sentences import counted, glyph

CANCELLED = "Terms may cancel: a share counts their norms, which add up to more than the norm of their sum."
NEGLIGIBLE = 0.01
"""Share of the gradient below which a loss is called little."""


def of_all(shares: Array, norm: float) -> str:
    """Say how far back the losses reach, all together."""
    sizes = np.nan_to_num(shares)
    total = sizes.sum()
    if not total > 0:
        return NO_GRADIENT
    distances = np.abs(np.subtract.outer(np.arange(sizes.shape[0]), np.arange(sizes.shape[1])))
    by_distance = np.bincount(distances.ravel(), sizes.ravel()) / total
    reached = by_distance.cumsum()
    half, most = (int(np.searchsorted(reached, share - 1e-12)) for share in (0.5, 0.9))
    return (
        f"Of all that the losses send back, **{share(by_distance[0])}** is for the weights' use at the loss's own step; half of it "
        f"stays {_within(half)}, nine tenths **{_within(most)}**. {_together(float(np.sqrt((sizes**2).sum())), norm)}"
    )


def _together(independent: float, norm: float) -> str:
    """Say whether the terms reinforce one another or cancel: the norm of their sum against √Σ‖term‖², its norm if they pointed in
    independent (orthogonal) directions."""
    verdict = "about as much"
    if norm > ALIKE * independent:
        verdict = f"{numbers.number(norm / independent, 2)} times as much: they reinforce one another"
    elif norm * ALIKE < independent:
        verdict = f"{numbers.number(norm / independent, 2)} of that: they cancel in part"
    return (
        f"If the terms pointed in independent directions, their sum would have the norm {number(independent)}; it has {verdict}. It is the "
        f"gradient of the recurrent layers' weights, with the norm **{number(norm)}**."
    )


ALIKE = 1.1
"""Factor within which two norms count as about the same."""
NO_GRADIENT = (
    "**There is no gradient here**: every loss of this text has zero gradient with respect to every weight, so nothing can be "
    "learned from it."
)
NOT_FINITE = "**The gradient is NaN or infinite here**, so it cannot be decomposed."


def _within(steps: int) -> str:
    return f"within {counted(steps)}" if steps else "at that step"


def of_target(shares: Array, losses: Array, target: int, tokens: Sequence[str], unit: str, of_next: bool) -> str:
    """Say where the chosen loss sends its gradient: its own step and the few before, and how far back it is still noticeable."""
    row = np.nan_to_num(shares[target])
    what = f"The loss at step {target + 1} ({_met(tokens, target, of_next)}: {number(losses[target])}{unit})"
    if not row.sum() > 0:
        return f"{what} has zero gradient with respect to every weight."
    near = row[max(0, target - 3) : target + 1].sum() / row.sum()
    steps = min(3, target)
    own = "its own step" + (f" and the {_few(steps)} before" if steps else "")
    most, first = int(row.argmax()), int(np.flatnonzero(row >= NEGLIGIBLE * row.max()).min())
    strongest = (
        f"; its strongest pull is at step {most + 1} ({glyph(tokens[most])}), {counted(target - most)} back"
        if most < target
        else ""
    )
    far = f" A hundredth of its strongest pull is felt {counted(target - first)} back." if first < most else ""
    return f"{what} gets **{share(near)}** of its pull from {own}{strongest}.{far}"


def _met(tokens: Sequence[str], step: int, of_next: bool) -> str:
    """Name the subject of a loss: the token that comes next, if that is the right answer."""
    token = glyph(tokens[step])
    return f"after {token} comes {glyph(tokens[step + 1])}" if of_next else token


def _few(count: int) -> str:
    return {1: "one", 2: "two", 3: "three"}[count]


def of_source(shares: Array, source: int, tokens: Sequence[str]) -> str:
    """Say which losses act on the weights at the chosen step."""
    column = np.nan_to_num(shares[:, source])
    what = f"The weights as step {source + 1} ({glyph(tokens[source])}) uses them"
    if not column.sum() > 0:
        return f"{what} receive no gradient from any loss."
    strongest = int(column.argmax())
    who = "its own loss" if strongest == source else f"the loss at step {strongest + 1} ({glyph(tokens[strongest])})"
    later = column[source + 1 :].sum() / column.sum() if source + 1 < len(column) else 0.0
    return f"{what} are pulled at most by {who}; **{share(later)}** of their pull comes from losses after it."


def of_truncation(truncated: Sequence[Truncated], norm: float, steps: int, k: int) -> str:
    """Say how much of the gradient a window of k steps drops, and which window loses little."""
    here = next(one for one in truncated if one.k == k)
    if k >= steps:
        return f"**k = {k} reaches over the whole text**: truncation loses nothing at all."
    if here.lost == 0:
        return f"Going back **{counted(k)}** only, truncation loses nothing: what is farther back gets no gradient that a float32 can hold."
    enough = next((one.k for one, rest in _tails(truncated) if all(each.lost < NEGLIGIBLE for each in rest)), None)
    little = f"{100 * NEGLIGIBLE:.0f}\u00a0%"
    needed = ""
    if enough and enough > k:
        short = max(one.k for one in truncated if one.k < enough)
        not_yet = "" if short == enough - 1 else f" of those tried ({short} are too few)"
        needed = f" To throw away less than {little}, **{counted(enough)}** are enough{not_yet}."
    beyond = (
        " (more than the gradient's own length, since what is dropped and what is kept cancel)" if here.lost > 1 else ""
    )
    return (
        f"Going back **{counted(k)}** only, truncation throws away **{share(here.lost)}** of the gradient{beyond} and turns it by "
        f"**{angle(here.angle)}**; what is left has {share(here.norm / norm)} of its norm.{needed}"
    )


def _tails(truncated: Sequence[Truncated]) -> list[tuple[Truncated, Sequence[Truncated]]]:
    return [(one, truncated[n:]) for n, one in enumerate(truncated)]


def of_norm(found: Clipped[Array], limit: float) -> str:
    """Describe the effect of clipping by norm."""
    if found.factor is None or found.factor >= 1:
        return (
            f"The gradient of all weights has the norm **{number(found.norm)}**, within {limit:g}: clipping by norm changes nothing "
            "here."
        )
    return (
        f"The gradient of all weights has the norm **{number(found.norm)}**: all of it is multiplied by "
        f"**{number(found.factor)}**. It points where it did ({angle(found.angle)}); the step is shorter."
    )


def of_value(found: Clipped[Array], limit: float, count: int, zeros: int) -> str:
    """Describe the effect of clipping by value."""
    none = f" {zeros:,} of the {count:,} entries are exactly 0." if zeros else ""
    if not found.share:
        return f"No entry of the {count:,} is larger than {limit:g}: clipping by value changes nothing here.{none}"
    after = float(np.sqrt(sum(np.square(value).sum() for value in found.gradient.values())))
    return (
        f"**{share(found.share)}** of the {count:,} entries are cut to ±{limit:g}. That turns the gradient by "
        f"**{angle(found.angle)}**, and leaves {share(after / found.norm)} of its norm.{none}"
    )


def of_parts(before: Mapping[str, float], by_norm: float, by_value: Mapping[str, float]) -> str:
    """Name the part of the gradient that clipping by value reduces most, beside what clipping by norm leaves of each."""
    remainders = {name: by_value[name] / size for name, size in before.items() if size > 0}
    most, least = min(remainders, key=lambda name: remainders[name]), max(remainders, key=lambda name: remainders[name])
    same = f"By norm, each part keeps **{share(by_norm)}** of its norm"
    if remainders[most] > 0.9995:
        return f"{same}; by value, all of it."
    return f"{same}; by value, from **{share(remainders[most])}** (`{most}`) to {share(remainders[least])} (`{least}`)."


def of_update(count: int, before: Array, after: Array, tokens: Sequence[str], unit: str, of_next: bool) -> str:
    """Describe the effect of the latest update on the losses."""
    old, new = float(before.mean()), float(after.mean())
    if not np.isfinite(new):
        return (
            f"**Update {count} diverges**: with these weights the loss is NaN or infinite. A smaller learning rate, or "
            "clipping, keeps the step within reach."
        )
    change = after - before
    change_of_mean = f" ({_grown(new / old)})" if old > 0 else ""
    went = f"the mean loss from {number(old)} to **{number(new)}**{unit}{change_of_mean}"
    if new > old:
        return (
            f"**Update {count} overshoots: the loss rises**, {went}. The gradient is right about the direction of a tiny step; this "
            "step is too long for it."
        )
    fell = int((change < 0).sum())
    best = int(change.argmin())
    return (
        f"**Update {count}** brings {went}. It falls at {fell} of {len(change)} steps, most at step {best + 1} "
        f"({_met(tokens, best, of_next)}): {number(before[best])} → {number(after[best])}."
    )


def _grown(factor: float) -> str:
    """Format a change in percent, or as a factor where that is easier to grasp."""
    return f"{number(factor)} times as much" if factor >= 3 else signed_share(factor - 1)


def of_forecast(norm: float, used: float, turned: float, rate: float, old: float, new: float) -> str:
    """Give the loss predicted by the gradient: linear along the step."""
    forecast = old - rate * norm * used * np.cos(np.radians(turned))
    if not np.isfinite(new) or not np.isfinite(forecast):
        return ""
    return (
        f"The step has the length {number(rate * used)}. Were the loss a plane, it would now be {number(forecast)}"
        f"{', less than it can be: the step leaves the part that is straight.' if forecast < 0 else '.'}"
    )


def of_adam(rate: float) -> str:
    """Say how far Adam moves, independent of the gradient's size."""
    return (
        f"Adam divides each entry by its own recent size: with the first update every weight that has a gradient moves by about "
        f"{rate:g}, however small that gradient is."
    )


def of_course(means: Sequence[float], unit: str) -> str:
    """Summarise all updates so far."""
    count = len(means) - 1
    if not np.isfinite(means[-1]):
        return f"After {counted(count).replace('step', 'update')} there is no finite loss left."
    so_far = f"{counted(count).replace('step', 'update')} on this one text: {number(means[0])} → **{number(means[-1])}**{unit}."
    if means[-1] > means[0]:
        return f"{so_far} That is more than before the first: at this rate they do not lead downhill."
    return f"{so_far} The network learns this text by heart; that says nothing of any other."


def of_prediction(labels: Sequence[str], before: Array, now: Array, right: str, step: int, token: str) -> str:
    """Give the right answer's probability at one step, before and now."""
    place = list(labels).index(right)
    old, new = float(np.exp(before[place])), float(np.exp(now[place]))
    rank = int((now > now[place]).sum()) + 1
    return (
        f"After step {step + 1} ({glyph(token)}) the right answer is {glyph(right)}: P from {share(old)} to **{share(new)}**, now "
        f"rank {rank} of {len(labels)}."
    )


def of_numbers(before: Array, now: Array, right: Array) -> str:
    """Give the root mean square error of the answers, before and now."""
    old, new = (float(np.sqrt(np.square(values - right).mean())) for values in (before, now))
    return (
        f"The answers are off by {number(old)} before and by **{number(new)}** now (the root of the mean square over "
        f"{counted(len(right))})."
    )


def no_right_answer(step: int) -> str:
    """Say that the last step of a text has no right answer."""
    return f"After step {step + 1} the right answer is unknown: the text ends here, so this step has no loss."


def share(value: float) -> str:
    """Format a share with one decimal."""
    return numbers.share(value, 1)


def signed_share(value: float) -> str:
    """Format a change in percent, with its sign."""
    return f"{'+' if value >= 0 else '−'}{share(abs(value))}"


def angle(degrees: float) -> str:
    """Format an angle; NaN means that one of the vectors is 0."""
    return "no angle, since one of them is 0" if np.isnan(degrees) else f"{degrees:.1f}°"


def number(value: float) -> str:
    """Format a number with three significant digits, including trailing zeros."""
    size = abs(float(value))
    if not 1e-3 <= size < 100:
        return numbers.number(value)
    return f"{value:#.3g}".rstrip(".").replace("-", "−")
