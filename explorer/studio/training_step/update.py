"""The update: one step of the weights after the other, on a copy, and what each changed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer import models
from explorer.figures import training_step as figures
from explorer.models import TrainingStep
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.page import chart
from explorer.studio.state import UPDATES
from explorer.studio.training_step import View, settings, words


@dataclass
class Progress:
    """The updates that a session has made with these very settings: how many it wants, the first losses, the means, the last update."""

    of: Hashable
    wanted: int = 1
    first: Array | None = None
    means: tuple[float, ...] = ()
    last: TrainingStep | None = None

    @property
    def finite(self) -> bool:
        """Whether one can go on from here."""
        return self.last is None or bool(np.isfinite(self.last.after).all())

    def ask(self) -> None:
        """One more."""
        self.wanted = len(self.means)


def draw(view: View) -> None:
    """The settings, the buttons, and what is different now."""
    how = _settings(view)
    key = (view.here.model, view.here.text, *sorted(view.right.items()), *sorted(how.items(), key=str))
    made = st.session_state.get(UPDATES)
    if made is None or made.of != key:
        made = st.session_state[UPDATES] = Progress(key)
    _advance(view, made, how)
    assert made.last is not None and made.first is not None
    _buttons(made)
    st.markdown(" ".join(_told(view, made, how)))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        where = min(view.here.step, len(made.first) - 1)
        unit = f",{view.unit}" if view.unit else ""
        figure = figures.losses(made.first, made.last.after, view.tokens, view.theme, unit, where)
        chart(figure, "losses", "The loss of each step before any update and now, and by how much it fell or rose.")
        if len(made.means) > 2:
            st.markdown(words.of_course(made.means, view.unit))
            chart(figures.course(made.means, view.theme, unit), "course_fits", "The mean loss after each update.")
    with right:
        _predictions(view, made.last)


def _settings(view: View) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        where = [st.container(width=width) for width in (210, 150, 240, 190)]
    rate = settings.rate(where[0])
    optimiser = settings.optimiser(where[1])
    by, limit = settings.clipping(where[2])
    k = settings.truncates(where[3], view.here.card, [one.k for one in view.apart.truncated])
    return {"learning_rate": rate, "optimiser": optimiser, "k": k} | ({f"clip_{by}": limit} if by else {})


def _advance(view: View, made: Progress, how: Mapping[str, Any]) -> None:
    """Makes the updates that are wanted and not there yet."""
    with st.spinner("Updating the weights …", show_time=False):
        while len(made.means) <= made.wanted and made.finite:
            model = service.model(view.here.model)
            step = models.training_step(model, view.here.text, after=made.last, **how, **view.right)
            if made.first is None:
                made.first, made.means = step.before, (float(step.before.mean()),)
            made.last, made.means = step, (*made.means, float(step.after.mean()))


def _buttons(made: Progress) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Next update",
            key="next update",
            type="primary",
            icon=":material/stairs:",
            on_click=made.ask,
            disabled=not made.finite,
        )
        if len(made.means) > 2:
            st.button("Begin again", key="begin again", on_click=st.session_state.pop, args=(UPDATES,))
        st.caption("On a copy: the network that all pages read with stays as it is. Another setting begins again.")


def _told(view: View, made: Progress, how: Mapping[str, Any]) -> list[str]:
    step = made.last
    assert step is not None
    told = [words.of_update(len(made.means) - 1, step.before, step.after, view.tokens, view.unit, view.of_next)]
    if how["optimiser"] == "sgd":
        used = float(np.sqrt(sum(np.square(value).sum() for value in step.gradient.values())))
        if how["k"] is None:
            old, new = float(step.before.mean()), float(step.after.mean())
            told.append(words.of_forecast(step.norm, used, np.nan_to_num(step.angle), how["learning_rate"], old, new))
    else:
        told.append(words.of_adam(how["learning_rate"]))
    if "clip_norm" in how:
        told.append(f"Clipping multiplied the gradient by {words.number(step.factor)}.")
    if "clip_value" in how:
        told.append(
            f"Clipping cut {words.share(step.share)} of its entries and turned it by {words.angle(step.angle)}."
        )
    return told


def _predictions(view: View, last: TrainingStep) -> None:
    """What the network says at the reader's step, or along the text where it answers with numbers: before and now."""
    here, step = view.here, view.here.step
    before = service.predictions(here.model, here.text)
    now = models.predict(last.model, here.text)
    if last.model.answer.numbers:
        right = _right_numbers(view, len(before))
        st.markdown(words.of_numbers(before[: len(right), 0], now[: len(right), 0], right))
        figure = figures.answers(before[:, 0], now[:, 0], right, view.tokens, view.theme, step)
        chart(
            figure,
            "answers",
            "What the network answers at each step before any update and now, beside the right number.",
        )
        return
    labels = list(last.model.labels)
    right_label = view.right.get("label") or (view.tokens[step + 1] if step + 1 < len(view.tokens) else None)
    if right_label in labels:
        st.markdown(words.of_prediction(labels, before[step], now[step], str(right_label), step, view.tokens[step]))
    else:
        st.markdown(words.no_right_answer(step))
    figure = figures.predictions(
        labels, before[step], now[step], view.theme, right_label, service.guesses(here.card, len(labels))
    )
    chart(figure, "predictions_fits", f"The likeliest answers after step {step + 1} before any update and now.")


def _right_numbers(view: View, steps: int) -> Array:
    if "target" in view.right:
        return np.full(steps, view.right["target"])
    return service.trace(view.here.model, view.here.text)["x"][1:, 0]
