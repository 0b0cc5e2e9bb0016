"""Widgets of the accounts: units, belt, score, and the credit given to a token."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from explorer.analysis.ledger import By
from explorer.analysis.tokens import visible
from explorer.models.answers import CLASS
from explorer.signals import Belt, Trace
from explorer.studio import compare, service, style
from explorer.studio.compare import right
from explorer.studio.components.account import Whose
from explorer.studio.ledger import View

WHOSE: dict[str, Whose] = {"The pinned unit": "one", "All units": "all"}
LIKELIEST, RIGHT = "what it says", "what is right"
BY: dict[str, By] = {"what is left of its write": "writes", "how the memory moved (β)": "states"}


def whose(where: DeltaGenerator) -> Whose:
    """Ask for the account of the pinned unit, or of all units together."""
    chosen = where.segmented_control(
        "Whose memory",
        list(WHOSE),
        key="whose",
        bind="query-params",
        default=next(iter(WHOSE)),
        required=True,
        label_visibility="collapsed",
    )
    return WHOSE[chosen or next(iter(WHOSE))]


def belt(trace: Trace, where: DeltaGenerator) -> Belt:
    """Return the belt; ask for it if the cell declares several."""
    belts = {belt.state: belt for belt in trace.belts}
    first = next(iter(belts))
    if len(belts) == 1:
        return belts[first]
    chosen = where.segmented_control(
        "Belt",
        list(belts),
        key="of_belt",
        bind="query-params",
        default=first,
        required=True,
        help="; ".join(f"{state}: {trace.signals[state].label}" for state in belts),
    )
    return belts[chosen or first]


def by(where: DeltaGenerator) -> By:
    """Ask what a token is credited with."""
    chosen = where.segmented_control(
        "A token is credited with", list(BY), key="credit", bind="query-params", default=next(iter(BY)), required=True
    )
    return BY[chosen or next(iter(BY))]


def score(view: View, where: DeltaGenerator) -> tuple[int, int | None]:
    """Return the column of the score, and of the score subtracted from it; None if none is."""
    if view.answer.numbers:
        return 0, None
    names = scores(view)
    chosen = where.selectbox(
        "The score of",
        list(names),
        key="score",
        bind="query-params",
        help="A score (logit) is what the readout gives before it becomes a probability; it counts only against the other scores.",
    )
    return names.get(chosen or "", next(iter(names.values())))


def scores(view: View) -> dict[str, tuple[int, int | None]]:
    """Return all choices, as shown on the page and in the link. For two classes the difference, which decides, comes first."""
    labels, step = service.model(view.here.model).labels, view.here.step
    answers = service.predictions(view.here.model, view.here.text)[step]
    favourite = service.likeliest_column(view.here.card, answers)
    choices: dict[str, tuple[int, int | None]] = {}
    if view.answer is CLASS and len(labels) == 2:
        choices[f"{labels[1]} against {labels[0]}"] = (1, 0)
    choices[LIKELIEST] = (favourite, None)
    if any(due is not None for due in dues(view)):
        due = dues(view)[step]
        choices[RIGHT] = (favourite if due is None else int(due), None)
    for column in service.guesses(view.here.card, len(labels)).tolist():
        label = labels[column]
        name = visible(label)
        choices[name if name not in choices else f"{name} ({column})"] = (column, None)  # cut, two may look the same
    return choices


def is_known(view: View) -> bool:
    """Return whether the text or a rule gives the right answer at this step."""
    return dues(view)[view.here.step] is not None


def dues(view: View) -> list[right.Due]:
    """Return the column of the right label at each step; None where it is unknown."""
    return right.due(compare.View(view.here, (), view.trace.tokens, style.theme()))
