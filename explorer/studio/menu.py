"""The menu of tasks: what there is to read, how good the networks are, what to look for, and examples that show it at one click."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.studio import sentences, state

Chosen = Callable[[], None]


@st.dialog("What shall the network read?", width="large")
def dialog() -> None:
    """The menu above any page; it closes when something was chosen."""
    tasks("menu")


def tasks(key: str, after: Chosen | None = None) -> None:
    """All tasks by group. With `after` it is called once something was chosen, else the page is drawn anew."""
    for group, cards in groupby(models.zoo(), key=lambda card: card.group):
        st.subheader(group, anchor=False)
        for task, siblings in groupby(cards, key=lambda card: card.task):
            with st.container(key=f"{key}_{task}"):
                _task(list(siblings), key, after)


def _task(siblings: list[Card], key: str, after: Chosen | None) -> None:
    """One entry of the menu. It opens by the sibling that shows most: the LSTM where there is one."""
    card = siblings[-1]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        pressed = st.button(
            f"**{card.title}**",
            key=f"{key} {card.task}",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=state.open_task,
            args=(card,),
        )
        st.markdown(card.sentence)
        if card.show.holds:
            st.caption(
                f"Look for **{card.show.follows}**: unit {card.show.unit} {sentences.of_finding(card.show, card.hidden_size)}"
            )
    with right:
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
