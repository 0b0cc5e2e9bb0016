"""One training step: backpropagation through time itemised, truncated, clipped; then the update, and what it changed."""

import streamlit as st

from explorer import models
from explorer.models.answers import ANSWERS
from explorer.studio import service, style
from explorer.studio.page import opening
from explorer.studio.training_step import View, apart, clipped, settings, truncated, update, words
from explorer.studio.waiting import affordable, stoppable

TABS = {"Itemised": apart.draw, "Truncated": truncated.draw, "Clipped": clipped.draw, "The update": update.draw}

here = opening(
    "One training step, taken apart",
    "Each step has a loss, and each loss pulls at the weights wherever they were used before it. Add all pulls up, and move the weights.",
)
answer, tokens = ANSWERS[here.card.answer], service.trace(here.model, here.text).tokens
if answer.in_text and len(tokens) < 2:
    st.info("A loss needs a next token: type at least two.")
    st.stop()

if reason := models.no_training_step(service.model(here.model)):
    st.info(f"{reason[0].upper()}{reason[1:]}.")
    st.stop()

right = settings.right_answer(here)
if not affordable(here.card, len(tokens), settings.readings(len(tokens)), "Taking the gradient apart"):
    st.stop()
itemised = stoppable(
    "Taking the gradient apart",
    ("itemised", here.model, here.text, *right.items()),
    lambda told: service.itemised(here.model, here.text, **right, progress=told),
)
view = View(here, itemised, right, "" if answer.numbers else " nats", tokens, style.theme())
if not view.moved:
    st.markdown(words.NOT_FINITE if view.broken else words.NO_GRADIENT)
    st.stop()
for tab, draw in zip(st.tabs(list(TABS), key="part", bind="query-params"), TABS.values(), strict=True):
    if tab.open:
        with tab:
            draw(view)
