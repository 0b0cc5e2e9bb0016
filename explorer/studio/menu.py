"""The menu of tasks: sequences, scores, known units, and examples that show them at one click."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.models.zoo import MAIN
from explorer.studio import own, sentences, state

Chosen = Callable[[], None]


@st.dialog("What shall the network read?", width="large")
def dialog() -> None:
    """Draw the menu above any page; it closes when the user chooses a task."""
    tasks("menu")
    st.subheader("Your own", anchor=False)
    st.page_link(own.PAGE, label="Drop a file of weights, or open the one you dropped", icon=":material/upload_file:")


def tasks(key: str, after: Chosen | None = None) -> None:
    """Draw all tasks by group. After a choice, call `after` if given, else rerun the page."""
    for group, cards in groupby(models.zoo(), key=lambda card: card.group):
        st.subheader(group, anchor=False)
        main = (card for card in cards if card.cell in MAIN)
        for task, siblings in groupby(main, key=lambda card: card.task):
            with st.container(key=f"{key}_{task}", gap="xsmall"):
                _task(list(siblings), key, after)


def _task(siblings: list[Card], key: str, after: Chosen | None) -> None:
    """Draw one entry of the menu. It opens the sibling that shows most: the LSTM if there is one."""
    card = siblings[-1]
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(gap="xsmall"):
        pressed = st.button(
            f"**{card.title}**",
            key=f"{key} {card.task}",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=state.open_task,
            args=(card,),
        )
        held = [finding.follows for finding in card.findings if finding.holds]
        look = f" :small[:gray[Look for {', '.join(f'**{follows}**' for follows in held)}.]]" if held else ""
        st.markdown(f"{sentences.plain(card.sentence)}{look}")
    with right, st.container(gap="xsmall"):
        st.caption(sentences.of_siblings(siblings))
        with st.container(horizontal=True, gap="xsmall", key=f"{key}_chips_{card.task}"):
            for label, example in card.examples.items():
                pressed |= st.button(
                    label,
                    key=f"{key} {card.task} {label}",
                    type="tertiary",
                    on_click=state.open_task,
                    args=(card, example),
                )
    if pressed:
        (after or st.rerun)()
