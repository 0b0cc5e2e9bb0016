"""The page's initial step: one where a memory effect is visible."""

from __future__ import annotations

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.models.answers import ANSWERS
from explorer.models.shelf import shipped
from explorer.studio import service
from explorer.studio.workbench import place

EARLIEST = 3
"""Earliest useful step: before it there is too little text to leave anything out."""


def where_it_shows() -> None:
    """Start at a step whose answer depends on a token long before, if the session begins on this page with a link that names no step.

    A user who comes from another page stays at the current step.
    """
    state, here = st.session_state, place()
    first = not state.get("arrival") and not state.get("shown_before")
    if first and "step" not in st.query_params:
        state.step, state.play = here.warm + telling_step(models.card_of(shipped(here.model)), here.own), None


def telling_step(card: Card, text: str) -> int:
    """Return the first step, from 0, at which the value that the card's unit predicts is due; else the last one with a next token."""
    tokens = card.reader.encode(text).tokens
    how = service.recipe(card.task)
    properties = how.properties if how else ()
    due = [
        int(step)
        for one in properties
        if one.name == card.show.follows and len(tokens) > 1
        for step in one.foretold(tokens)
        if EARLIEST <= step < len(tokens)
    ]
    return due[0] if due else max(0, len(tokens) - 1 - ANSWERS[card.answer].in_text)
