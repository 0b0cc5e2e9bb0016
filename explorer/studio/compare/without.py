"""With-and-without tab: each network's prediction at the playhead, and its prediction if one token is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.comparing import likeliest
from explorer.analysis.tokens import visible
from explorer.figures import compare as figures
from explorer.models import Card
from explorer.models.answers import CLASS, LABEL
from explorer.signals import Array
from explorer.studio import sentences, service
from explorer.studio.compare import Network, View, beginning, right, words
from explorer.studio.controls import number
from explorer.studio.page import chart
from explorer.studio.waiting import affordable, stoppable

KEY = "without"
GUESSES = 6
"""Number of likeliest next tokens to show."""
LABELS = 9
"""Maximum number of labels to show."""
NEAR = 2
"""Number of last tokens that are not left out by default: their removal nearly always matters most."""


@dataclass(frozen=True)
class Answers:
    """Each network's answer at one step [label or output], by its label: with the token, and without it."""

    whole: dict[str, Array]
    less: dict[str, Array]


def draw(view: View) -> None:
    """Draw the whole tab."""
    step, tokens = view.here.step, view.tokens
    if len(tokens) < 2:
        st.info(f"The text has only one {view.here.card.reader.one}. Type at least two.")
        return
    if step == 0:
        st.info(
            f"Before the first step there is nothing to leave out. Move the playhead above to a later {view.here.card.reader.one}."
        )
        return
    due = right.due(view)[step]
    if not affordable(view.shipped, step + 1, step + 1, "Reading the text once without each token"):
        return
    changes = _changes(view, followed_column(view, due))
    out = _chosen(view, changes)
    answers = answers_of(view, out)
    st.markdown(words.of_without(view, answers.whole, answers.less, out, followed_column(view, due), due))
    chart(
        figures.left_out(changes, tokens, view.theme, step=step, without=out),
        "leave_out",
        "The text once for each network; a token's colour is by how much the answer changes if it is left out. A click leaves it out.",
        picked=_pick,
    )
    marked = words.RIGHT if due is not None and not view.answer.numbers else ""
    st.caption(words.KEY_TO_ROWS.format(what=words.moved(view), right=marked))
    chart(_bars(view, answers, due), "predictions", "What each network predicts with the token and without it.")


def answers_of(view: View, out: int) -> Answers:
    """Return every network's answers at the playhead. Without its own last token a network answers at the step before."""
    shorter, at = shortened(view.here.card, view.tokens, out), view.here.step - 1
    return Answers(
        {label: service.predictions(one.name, view.here.text)[view.here.step] for label, one in view.siblings.items()},
        {label: service.predictions(one.name, shorter)[at] for label, one in view.siblings.items()},
    )


def shortened(card: Card, tokens: tuple[str, ...], out: int) -> str:
    """Return the text without one token, such that all other tokens are unchanged."""
    return service.spelled(card, tokens[:out] + tokens[out + 1 :])


def followed_column(view: View, due: right.Due) -> int | None:
    """Return the column whose probability is compared: the right answer, else the shipped network's answer. None for numbers."""
    if view.answer.numbers:
        return None
    if due is not None:
        return int(due)
    return service.likeliest_column(
        view.shipped, service.predictions(view.shipped.name, view.here.text)[view.here.step]
    )


def _changes(view: View, column: int | None) -> dict[str, Array]:
    """Return, for each network, the change of its answer at the playhead from leaving out each token: of the number, or of log₂ P of
    `column` in bits."""
    real = view.answer.in_text and view.here.step < len(view.tokens) - 1  # the text itself gives the column
    label = None if column is None or real else service.model(view.here.model).labels[column]
    of, text, step = ("logit" if view.answer.numbers else "log_prob"), view.here.text, view.here.step

    def of_one(one: Network) -> Array:
        return stoppable(
            f"Taking one token out after the other, {one.label}",
            ("without", one.name, text, step, label),
            lambda told: service.deletions(one.name, text, of, step, label=label, progress=told),
        ) / (1.0 if view.answer.numbers else np.log(2))

    return {label: of_one(one) for label, one in view.siblings.items()}


def most_telling(changes: Array, step: int) -> int:
    """Return the token whose removal moves the answer at `step` most, excluding the last few if there are others."""
    sizes = np.where(np.isfinite(changes), np.abs(changes), 0)
    earlier = sizes[: step + 1 - NEAR]
    return int((earlier if len(earlier) and earlier.any() else sizes[: step + 1]).argmax())


def _chosen(view: View, changes: dict[str, Array]) -> int:
    whose = view.label_of(view.shipped.name)
    left, right_, said = st.columns([1, 1, 3], vertical_alignment="bottom")
    one, usual = view.here.card.reader.one, most_telling(changes[whose], view.here.step)
    out = int(number(left, f"Leave out {one} number", 1, view.here.step + 1, usual + 1, KEY)) - 1
    telling = view.here.warm + beginning.telling_step(view.shipped, view.here.own)
    right_.button(
        "Where it matters",
        icon=":material/my_location:",
        on_click=_go,
        args=(telling,),
        disabled=telling == view.here.step,
        help="Moves the playhead to where something is due that depends on what came long before.",
    )
    said.caption(
        f":material/info: While you choose none: of all but the last {NEAR}, the {one} whose removal moves the {whose}'s answer at "
        f"step {view.here.step + 1} most."
        if out == usual
        else f"Of all but the last {NEAR}, {sentences.glyph(view.tokens[usual])} (step {usual + 1}) moves the {whose}'s answer most."
    )
    return out


def _go(step: int) -> None:
    """Move the playhead to `step` and restart the stage."""
    st.session_state.step, st.session_state.play = step, None
    st.session_state.restarts = st.session_state.get("restarts", 0) + 1


def _pick() -> None:
    """Leave out the clicked token, unless it comes after the playhead."""
    points = st.session_state["leave_out"].selection.points
    if points and int(points[0]["x"]) <= st.session_state.step:
        st.session_state[KEY] = int(points[0]["x"]) + 1
        st.session_state.pop(f"{KEY}_default", None)  # an explicit choice, even if it equals the default


def _bars(view: View, answers: Answers, due: right.Due) -> go.Figure:
    styles = figures.styles({label: one.cell for label, one in view.siblings.items()}, view.theme)
    if view.answer.numbers:
        value = None if due is None else float(due)
        return figures.numbers(
            {label: (float(answers.whole[label][0]), float(answers.less[label][0])) for label in answers.whole},
            styles,
            view.theme,
            right=value,
        )
    columns = shown_columns(view, answers, due)
    names = service.model(view.here.model).labels
    return figures.bars(
        {
            label: (np.exp(answers.whole[label][columns]), np.exp(answers.less[label][columns]))
            for label in answers.whole
        },
        [visible(names[column]) for column in columns],
        styles,
        view.theme,
        right=columns.index(int(due)) if due in columns else None,
    )


def shown_columns(view: View, answers: Answers, due: right.Due) -> list[int]:
    """Return the columns with bars: all of a few labels, in order; of next tokens the likeliest, and always the real one."""
    everything = [*answers.whole.values(), *answers.less.values()]
    if view.answer in (CLASS, LABEL) and len(everything[0]) <= LABELS:
        return list(range(len(everything[0])))
    columns = [
        int(column) for column in likeliest(everything, GUESSES, service.guesses(view.shipped, len(everything[0])))
    ]
    return columns if due is None or due in columns else [*columns[:-1], int(due)]
