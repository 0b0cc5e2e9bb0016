"""Sentences of the accounts, computed from the numbers of this forward pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.analysis import numbers
from explorer.analysis.ledger import Account, By
from explorer.signals import Array
from explorer.studio.reach.words import size
from explorer.studio.sentences import counted, glyph, plain

NO_ACCOUNT = (
    "**{cell} has no account.** Each step makes its state anew: all units of the state before, mixed by weights, and the input go through "
    "a squashing together. Nothing that one step wrote is carried on as such, so no part of the state belongs to one step. An LSTM or GRU "
    "carries its memory on a belt, which does add up: choose one at the left. What a tiny change at each step would do here is on the "
    "page *Gradients*."
)
SIZES = "A token's size is Σ|contribution| over all units (not the Euclidean norm, in which the few largest units would hide all others)."
BETA = (
    "β (Murdoch & Szlam 2017) credits a token with how the memory moved when it was read, seen through the gate of now. The sum is the "
    "same; but what was erased since is credited as well, and held against the token that erased it."
)
WRITES = "A token counts by what is left of its own write; what was erased since counts for nothing."
SQUASHED = "Where the memory is squashed on its way out, contributions are counted in the order in which they came."

MOST, NOTABLE = 3, 0.05
"""Maximum number of tokens to name, and the smallest share of the largest contribution worth naming."""


def of_writers(
    tokens: Sequence[str], steps: Sequence[int], written: Array, share: Array, values: Array, unit: int
) -> str:
    """Say which token wrote most of one unit's present memory, and how much of it is left. `steps` and `written` are in reading order;
    `share` and `values` start with the initial state."""
    now, whole = float(values.sum()), float(np.abs(values).sum())
    start = f"Unit {unit} carries **{signed(now)}** now"
    if not np.isfinite(whole):
        return f"{start}: its memory is NaN or infinite, so it has no account."
    if whole == 0:
        return f"{start}: nothing written so far is still there."
    row = int(np.abs(values).argmax())
    if row == 0:
        return f"{start}. The largest part comes from before the text: {signed(float(values[0]))} is left of the initial state."
    wrote, left = float(written[row - 1]), float(share[row])
    ago = len(steps) - row
    when = f"step {steps[row - 1] + 1}, {counted(ago)} ago" if ago else f"step {steps[row - 1] + 1}, just now"
    remainder = f"of the **{signed(wrote)}** that it wrote, **{part(left)}** is left: {signed(float(values[row]))}"
    return f"{start}. The largest part is from {glyph(tokens[steps[row - 1]])} ({when}): {remainder}{_others(values, row)}."


def _others(values: Array, row: int) -> str:
    """Return the total of all other contributions, in words."""
    rest = float(values.sum() - values[row])
    return f"; all others together {signed(rest)}" if len(values) > 2 else ""


def of_all_writers(tokens: Sequence[str], steps: Sequence[int], values: Array) -> str:
    """Say which tokens wrote most of all units' present memory; `values` [row, unit] starts with the initial state."""
    sizes = np.abs(values).sum(1)
    whole = float(sizes.sum())
    if not np.isfinite(whole):
        return "The memory of some unit is NaN or infinite, so the sizes of all units cannot be added up."
    if whole == 0:
        return "Nothing written so far is still there."
    parts = []
    for row in np.argsort(-sizes, kind="stable")[:MOST]:
        who = (
            "the state before the text" if row == 0 else f"{glyph(tokens[steps[row - 1]])} (step {steps[row - 1] + 1})"
        )
        parts.append(f"{who} **{part(float(sizes[row]) / whole)}**")
    return f"Of all that is on the belt now, most is from {', '.join(parts)}. {SIZES}"


def of_score(tokens: Sequence[str], account: Account, step: int, what: str) -> str:
    """Say which tokens add most to a score and take most from it, and when they were read."""
    values = account.contributions
    if not np.isfinite(values).all():
        return f"Some contributions to {plain(what)} are NaN or infinite, so they cannot be added up."
    least = NOTABLE * np.abs(values).max()
    parts: list[str] = []
    for says, sign in (("adds to", 1), ("takes from", -1)):
        order = np.argsort(-sign * values, kind="stable")[:MOST]
        most = [_writer(tokens, int(row), float(values[row]), step) for row in order if sign * values[row] > least]
        if most:
            parts.append(f"most {says} {plain(what) if not parts else 'it'}: {', '.join(most)}")
    if not parts:
        return f"At step {step + 1} nothing on the belt moves {plain(what)}."
    return f"At step {step + 1}, {'; '.join(parts)}."


def _writer(tokens: Sequence[str], row: int, value: float, step: int) -> str:
    if row == 0:
        return f"the state before the text **{signed(value)}**"
    ago = step + 1 - row
    return f"{glyph(tokens[row - 1])} (step {row}, {f'{counted(ago)} ago' if ago else 'just now'}) **{signed(value)}**"


def of_sum(account: Account, own: float, what: str) -> str:
    """Give the sum of contributions and bias, beside the network's own number."""
    parts, apart = float(account.contributions.sum()), abs(account.total - own)
    same = "0" if apart == 0 else size(apart)
    return (
        f"Sum of contributions **{signed(parts)}** + bias **{signed(account.bias)}** = **{signed(account.total)}**; "
        f"the network's own {plain(what.removeprefix('the '))} is **{signed(own)}** (difference {same})."
    )


def about(by: By, squashed: bool, top: bool, share: str) -> list[str]:
    """Return the notes needed to read an account: the credit, the layer, the resulting probability."""
    return [
        WRITES if by == "writes" else BETA,
        *([SQUASHED] if squashed and by == "writes" else []),
        *([] if top else ["The answer is read from the top layer: this is the account of that one."]),
        *([share] if share else []),
    ]


def signed(value: float) -> str:
    """Format a number with its sign, to four digits."""
    if not np.isfinite(value):
        return "NaN or infinite"
    digits = f"{abs(value):#.4g}" if 1e-3 <= abs(value) < 1e4 else size(abs(value)) if value else "0"
    return f"{'−' if value < 0 else '+' if value else ''}{digits}"


def part(share: float) -> str:
    """Format a share with a non-breaking space before its sign."""
    return numbers.share(share).replace(" ", "\N{NO-BREAK SPACE}")
