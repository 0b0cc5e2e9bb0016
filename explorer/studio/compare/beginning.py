"""Where the page begins: at a step at which its effect is to be seen."""

from __future__ import annotations

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.models.answers import ANSWERS
from explorer.models.shelf import shipped
from explorer.studio import service
from explorer.studio.workbench import place

EARLIEST = 3
"""A step before this has too little before it for anything to be left out."""


def where_it_shows() -> None:
    """A session that begins on this page, by a link that names no step, begins where something is foretold that depends on what came
    long before. A reader who comes from another page stays at the step that was looked at there."""
    state, here = st.session_state, place()
    first = not state.get("arrival") and not state.get("shown_before")
    if first and "step" not in st.query_params:
        state.step, state.play = here.warm + telling_step(models.card_of(shipped(here.model)), here.own), None


def telling_step(card: Card, text: str) -> int:
    """The first step, from 0, at which what the card's own unit foretells is due; the last with a next token where none is known."""
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
