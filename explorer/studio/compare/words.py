"""Sentences of the Compare page, computed from the numbers of this forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.analysis import numbers
from explorer.analysis.comparing import Spreads
from explorer.analysis.numbers import share
from explorer.analysis.tokens import visible
from explorer.models import Card
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.compare import View
from explorer.studio.compare.right import Due
from explorer.studio.reach.words import size
from explorer.studio.sentences import counted, glyph, plain

STAYS = 0.1
"""Relative change below which a probability, or a number as a share of all answers' range, counts as unchanged."""
LEAST = 0.01
"""Smallest change of probability worth mentioning."""
KEY_TO_ROWS = (
    "Above, a token's colour is by how much {what} changes without it: purple falls, orange rises. The framed step is the playhead's; its "
    "own token and the one before it nearly always matter most. Below, **full bars are with the token, hatched ones without it**{right}."
)
RIGHT = "; ✓ is the right answer"


NO_SCORES = (
    "**The quality of your network was not measured**: its training data is unknown, so no sequence is certain to be new to it. "
    "Its error on this text, beside that of untrained networks, is under *Differences*."
)


def moved(view: View) -> str:
    """Return the quantity that changes when a token is left out, in words."""
    if view.answer.numbers:
        return "the number that is answered"
    if view.answer.in_text:
        return f"log₂ P of the real next {view.here.card.reader.one}"
    return "log₂ P of that answer"


def of_without(
    view: View, whole: Mapping[str, Array], less: Mapping[str, Array], out: int, column: int | None, due: Due
) -> str:
    """Compare each network's prediction with and without the token: the number, or the probability of the label `column`."""
    token, ago = glyph(view.tokens[out]), view.here.step - out
    where = f"{counted(ago)} before the playhead" if ago else "the playhead's own"
    start = f"Without {token} (step {out + 1}, {where})"
    if column is None:
        truth = "" if due is None else f" Right is **{_number(float(due))}**."
        parts = [_of_number(name, float(whole[name][0]), float(less[name][0]), whole) for name in whole]
        return f"{start}, the answer at step {view.here.step + 1}: {'; '.join(parts)}.{truth}"
    name = visible(service.model(view.here.model).labels[column])
    what = f"P({glyph(name)})" if due is None else f"P({glyph(name)}), the right answer,"
    parts = [_of_share(key, float(np.exp(whole[key][column])), float(np.exp(less[key][column]))) for key in whole]
    return f"{start}, {what} at step {view.here.step + 1}: {'; '.join(parts)}."


def _of_share(name: str, whole: float, less: float) -> str:
    if abs(whole - less) < max(LEAST, STAYS * whole):
        return f"**{plain(name)}** stays about the same ({share(whole)}, {share(less)})"
    return f"**{plain(name)}** {'falls' if less < whole else 'rises'} from {share(whole)} to {share(less)}"


def _of_number(name: str, whole: float, less: float, everyone: Mapping[str, Array]) -> str:
    largest = max(abs(float(values[0])) for values in everyone.values())
    verb = "stays near" if abs(whole - less) < STAYS * largest else "falls from" if less < whole else "rises from"
    if verb == "stays near":
        return f"**{plain(name)}** stays near {_number(whole)} ({_number(less)})"
    return f"**{plain(name)}** {verb} {_number(whole)} to {_number(less)}"


def _number(value: float) -> str:
    return numbers.number(value)


def of_gates(means: Mapping[str, float | None]) -> str:
    """Say how open each network's keep gates are on average on this text."""
    parts = [
        f"**{plain(name)}** has no belt" if mean is None else f"**{plain(name)}** {mean:.2f}"
        for name, mean in means.items()
    ]
    return f"The share of its memory that a step keeps, the mean over all units and this text: {'; '.join(parts)}."


def of_reaches(behind: Mapping[str, Array], at: int, carried: str) -> str:
    """Compare the effect of a tiny change at the first step read and at the playhead itself on the answer there; `behind` [distance]
    goes back from the playhead, `carried` names the changed state."""
    distance = max(len(curve) for curve in behind.values()) - 1
    if distance == 0:
        return "Move the playhead on to see how far back a tiny change still moves the answer."
    parts = [f"**{plain(name)}** {size(float(curve[-1]))} ({size(float(curve[0]))})" for name, curve in behind.items()]
    return (
        f"By how much a tiny change of all that is carried on ({carried}), {counted(distance)} earlier, moves "
        f"the answer at step {at + 1} (and one at that step itself): {'; '.join(parts)}."
    )


def of_sizes(sizes: Mapping[str, tuple[int, int]], card: Card) -> str:
    """Say how many units and parameters each network has; untrained ones have about as many parameters as the chosen one."""
    parts = [
        f"**{plain(name)}** {units} unit{'' if units == 1 else 's'}, {weights:,} parameters"
        for name, (units, weights) in sizes.items()
    ]
    return (
        f"{' · '.join(parts)}. An untrained network reads through the embedding of the {plain(card.cell.upper())}, and has as "
        f"many units as bring its parameters closest to that one's {card.parameters:,}."
    )


def of_differences(apart: Mapping[str, Array], tokens: Sequence[str], reference: str, *, numbers: bool) -> str:
    """Say how far the answers are apart on average, and where most."""
    parts = []
    for name, values in apart.items():
        sizes = np.where(np.isfinite(values), values, 0)
        most = int(sizes.argmax())
        parts.append(
            f"**{plain(name)}** {sizes.mean():.2g} on average, most at step {most + 1} ({glyph(tokens[most])}): {sizes[most]:.2g}"
        )
    what = (
        "the difference of the two numbers"
        if numbers
        else "the total variation, the share of the probability that lies elsewhere: 0 is the same answer, 1 has nothing in common"
    )
    return f"How far each answer is from that of **{plain(reference)}** ({what}): {'; '.join(parts)}."


NO_UNITS = (
    "Units are not compared one by one: which number a unit has, and its sign, is arbitrary, also between two seeds of one cell. What "
    "can be compared is what they do together: the answers."
)


def of_losses(losses: Mapping[str, Array], unit: str) -> str:
    """Give each network's mean error on this text."""
    measured = [name for name, values in losses.items() if np.isfinite(values).any()]
    if not measured:
        return ""
    parts = [f"**{plain(name)}** {np.nanmean(losses[name]):.3g}" for name in measured]
    count = int(np.isfinite(losses[measured[0]]).sum())
    return f"Mean {unit} over {counted(count)} of this text: {'; '.join(parts)}. One text says little about which is better."


def of_spreads(found: Spreads, networks: int, says: str, *, share: bool) -> str:
    """Say whether cells differ more than the seeds of one cell do. No order is claimed."""

    def apart(value: float) -> str:
        return f"{100 * value:.3g} percentage points" if share else f"{value:.2g}"

    if networks < 2:
        return "There is only one network of this task."
    between = f"The cells' scores ({says}) lie **{apart(found.between)}** apart"
    if found.within is None:
        return (
            f"{between}, from the lowest to the highest. One seed of each was trained, so nothing here says whether another seed "
            "would have changed that."
        )
    within = f"seeds of one and the same cell lie up to **{apart(found.within)}** apart"
    if found.between > found.within:
        verdict = "Here the cell makes more difference than the seed."
    else:
        verdict = "The seed makes as much difference as the cell, or more: of these cells none can be said to be better on this task."
    few = f" {found.seeds} seeds of each are few." if found.seeds < 5 else ""
    return f"{between} (medians over seeds); {within}. {verdict}{few}"
