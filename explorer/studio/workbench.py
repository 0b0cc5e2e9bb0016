"""The workbench: what is read, by which network. The same in the sidebar of every page."""

from __future__ import annotations

import string
from dataclasses import replace

import streamlit as st

from explorer.models import Card
from explorer.studio import service, state
from explorer.studio.state import Place

PLACE = "place_now"


def workbench() -> Place | None:
    """Draws the sidebar and says where the reader is; None while there is nothing to read, which the page has then been told."""
    state.begin()
    with st.sidebar:
        card = _network()
        text, more = _text(card)
        layer = _layer(card)
    if st.session_state.notices:
        st.warning("\n\n".join(map(_plain, st.session_state.notices)), icon=":material/link_off:")
        st.session_state.notices = []
    if not text:
        _nothing_to_read()
        return None
    return state.follow(card, text, layer, more)


def place() -> Place:
    """Where the reader is, for the page that is being drawn, or for the fragment of it that the stage has asked for."""
    here: Place = st.session_state[PLACE]
    return replace(here, unit=st.session_state.unit, step=st.session_state.step)


def _network() -> Card:
    cards = {card.name: card for card in service.siblings(st.session_state.read_model)}
    st.session_state.setdefault("model", st.session_state.read_model)
    name = st.segmented_control(
        "Network",
        list(cards),
        format_func=lambda name: cards[name].cell.upper(),
        key="model",
        persist_state="session",
        required=True,
        width="stretch",
        help="Networks with the same number of units, trained on the same text for the same number of steps.",
    )
    card = cards[name or st.session_state.read_model]
    bits = card.scores["held_out_bits_per_character"]
    st.caption(
        f"Trained on {card.reads} to guess the next character; {bits:.2f} bits a character on chapters it never saw."
    )
    return card


def _text(card: Card) -> tuple[str, int]:
    """What is read of what was typed, and how many characters of it are left after that."""
    typed = st.text_area(
        "Text",
        key="text",
        height=150,
        persist_state="session",
        placeholder="Type a sentence; press Ctrl+Enter to read it",
        help="Ctrl+Enter (⌘+Enter) or a click elsewhere lets the network read it.",
    )
    typed = (typed or "").replace("\r\n", "\n")
    text, more = _window(typed)
    if text:
        for message in service.trace(card.name, text).notices:
            st.caption(f":material/info: {_plain(message)}")
    st.markdown("**Try**")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for label, example in card.examples.items():
            st.button(label, on_click=state.read_example, args=(example,), key=f"example {label}", type="tertiary")
        st.button(
            "Another excerpt",
            on_click=lambda: state.read_example(service.random_excerpt(card.task)),
            key="random",
            type="tertiary",
            help="A random piece of the chapters that these networks never saw.",
        )
    return text, more


def _window(typed: str) -> tuple[str, int]:
    """At most WINDOW characters of what was typed, from a place of the reader's choice; and how many follow them."""
    if len(typed) <= service.WINDOW:
        return typed, 0
    last = len(typed) - service.WINDOW
    first = st.number_input(
        "Read from character", 1, last + 1, 1, step=service.WINDOW // 2, key="from", persist_state="session"
    )
    start = int(first) - 1
    st.caption(
        f":material/info: The text has {len(typed):,} characters. The network reads {service.WINDOW:,} of them, "
        f"from number {start + 1:,} on; a link carries these alone."
    )
    return typed[start : start + service.WINDOW], last - start


def _layer(card: Card) -> int:
    if card.rows == 1:
        return 0
    row = st.selectbox(
        "Layer", range(card.rows), key="layer", bind="query-params", help="Layers count from 0, the lowest."
    )
    return int(row or 0)


def _nothing_to_read() -> None:
    st.title("Nothing to read yet")
    st.markdown("The text box is empty. Type at least one character, or pick an example under **Try** at the left.")


def _plain(message: str) -> str:
    """A message that may quote what was typed, with nothing in it for Markdown to interpret."""
    return "".join(f"\\{c}" if c in string.punctuation else c for c in message)
