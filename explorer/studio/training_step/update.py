"""The update: successive steps of the weights, on a copy, and the effect of each."""

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
    """A session's updates with the same settings: `target` of them, the first losses, the means after each, and the last update."""

    of: Hashable
    target: int = 1
    first: Array | None = None
    means: tuple[float, ...] = ()
    last: TrainingStep | None = None

    @property
    def finite(self) -> bool:
        """True if all losses are finite, so that further updates are possible."""
        return self.last is None or bool(np.isfinite(self.last.after).all())

    def ask(self) -> None:
        """Request one more update."""
        self.target = len(self.means)


def draw(view: View) -> None:
    """Draw the settings, the buttons, and the effect of the updates."""
    how = _settings(view)
    key = (view.here.model, view.here.text, *sorted(view.right.items()), *sorted(how.items(), key=str))
    progress = st.session_state.get(UPDATES)
    if progress is None or progress.of != key:
        progress = st.session_state[UPDATES] = Progress(key)
    _advance(view, progress, how)
    assert progress.last is not None and progress.first is not None
    _buttons(progress)
    st.markdown(" ".join(_told(view, progress, how)))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        where = min(view.here.step, len(progress.first) - 1)
        unit = f",{view.unit}" if view.unit else ""
        figure = figures.losses(progress.first, progress.last.after, view.tokens, view.theme, unit, where)
        chart(figure, "losses", "The loss of each step before any update and now, and by how much it fell or rose.")
        if len(progress.means) > 2:
            st.markdown(words.of_course(progress.means, view.unit))
            chart(figures.course(progress.means, view.theme, unit), "course_fits", "The mean loss after each update.")
    with right:
        _predictions(view, progress.last)


def _settings(view: View) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        where = [st.container(width=width) for width in (210, 150, 240, 190)]
    rate = settings.rate(where[0])
    optimiser = settings.optimiser(where[1])
    by, limit = settings.clipping(where[2])
    k = settings.truncates(where[3], view.here.card, [one.k for one in view.apart.truncated])
    return {"learning_rate": rate, "optimiser": optimiser, "k": k} | ({f"clip_{by}": limit} if by else {})


def _advance(view: View, progress: Progress, how: Mapping[str, Any]) -> None:
    """Run the requested updates that are still missing."""
    with st.spinner("Updating the weights …", show_time=False):
        while len(progress.means) <= progress.target and progress.finite:
            model = service.model(view.here.model)
            step = models.training_step(model, view.here.text, after=progress.last, **how, **view.right)
            if progress.first is None:
                progress.first, progress.means = step.before, (float(step.before.mean()),)
            progress.last, progress.means = step, (*progress.means, float(step.after.mean()))


def _buttons(progress: Progress) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Next update",
            key="next update",
            type="primary",
            icon=":material/stairs:",
            on_click=progress.ask,
            disabled=not progress.finite,
        )
        if len(progress.means) > 2:
            st.button("Begin again", key="begin again", on_click=st.session_state.pop, args=(UPDATES,))
        st.caption("On a copy: the network that all pages read with stays as it is. Another setting begins again.")


def _told(view: View, progress: Progress, how: Mapping[str, Any]) -> list[str]:
    step = progress.last
    assert step is not None
    sentences = [
        words.of_update(len(progress.means) - 1, step.before, step.after, view.tokens, view.unit, view.of_next)
    ]
    if how["optimiser"] == "sgd":
        used = float(np.sqrt(sum(np.square(value).sum() for value in step.gradient.values())))
        if how["k"] is None:
            old, new = float(step.before.mean()), float(step.after.mean())
            sentences.append(
                words.of_forecast(step.norm, used, np.nan_to_num(step.angle), how["learning_rate"], old, new)
            )
    else:
        sentences.append(words.of_adam(how["learning_rate"]))
    if "clip_norm" in how:
        sentences.append(f"Clipping multiplied the gradient by {words.number(step.factor)}.")
    if "clip_value" in how:
        sentences.append(
            f"Clipping cut {words.share(step.share)} of its entries and turned it by {words.angle(step.angle)}."
        )
    return sentences


def _predictions(view: View, last: TrainingStep) -> None:
    """Draw the network's answer before and now: at the user's step, or along the text for numbers."""
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
