"""The workbench: the text and the network that reads it. The same sidebar on every page."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.models.vocabulary import listed
from explorer.models.zoo import MAIN
from explorer.studio import menu, notation, own, sentences, sequences, service, state
from explorer.studio.state import Place

PLACE = "place_now"


def workbench() -> Place | None:
    """Draw the sidebar and return the user's place; None if there is nothing to read, after a message on the page."""
    own.welcome()
    state.begin()
    own.arrive()
    state.run_begins()
    with st.sidebar:
        card = _network()
        text, more = _text(card)
        problem = service.problem(card, text)
        if problem is None:
            _notices(card, text)
            _warm_up(card)
        _examples(card)
        layer = _layer(card)
        with st.popover("View", icon=":material/visibility:", width="stretch"):
            notation.choose()
    if st.session_state.notices:
        st.warning("\n\n".join(map(sentences.plain, st.session_state.notices)), icon=":material/link_off:")
        st.session_state.notices = []
    if problem is not None:
        _cannot_read(card, text, problem)
        return None
    prefix = state.prefix(card)
    return state.follow(card, prefix + text, layer, more, prefix)


def place() -> Place:
    """Return the user's place, for the page or for the fragment of it that the stage requested."""
    here: Place = st.session_state[PLACE]
    return replace(here, unit=st.session_state.unit, step=st.session_state.step)


def _network() -> Card:
    st.session_state.setdefault("model", st.session_state.read_model)
    cards = {card.name: card for card in service.siblings(st.session_state.model or st.session_state.read_model)}
    task = next(iter(cards.values()))
    if st.button(
        f"**{sentences.plain(task.title)}**",
        icon=":material/menu_book:",
        key="task",
        width="stretch",
        help="Choose another task: what there is to read, how good the networks are, what to look for.",
    ):
        menu.dialog()
    name = st.segmented_control(
        "Network",
        list(cards),
        format_func=lambda name: cards[name].cell.upper(),
        key="model",
        persist_state="session",
        required=True,
        width="stretch",
        help=sentences.of_choice(list(cards.values())),
    )
    card = cards[name or st.session_state.read_model]
    _other_cells(card)
    if task.own:
        st.page_link(own.PAGE, label="About your model", icon=":material/upload_file:")
    st.caption(f"{sentences.plain(card.sentence)} {sentences.of_score(card)}")
    return card


def _other_cells(card: Card) -> None:
    """Ask for a cell besides the main three: trained if the task has it, else untrained. The choice joins the networks above."""
    names = {cell: name for cell, name in models.by_cell(card.name).items() if cell not in MAIN and cell != card.cell}
    st.selectbox(
        "Another cell",
        list(names),
        index=None,
        key="another_cell",
        format_func=lambda cell: cell.upper() if models.is_shipped(names[cell]) else f"{cell.upper()}, untrained",
        placeholder="Another cell …",
        label_visibility="collapsed",
        on_change=state.open_cell,
        args=(names,),
    )


def _text(card: Card) -> tuple[str, int]:
    """Return the part of the typed text that is read, and the number of tokens after it."""
    numbers = card.tokens == "numbers"
    typed = st.text_area(
        f"Numbers, a row a step: {listed(card.vocabulary)}" if numbers else "Text",
        key="text",
        height=116,
        persist_state="session",
        placeholder="0.52" + " 0" * (len(card.vocabulary) - 1)
        if numbers
        else "Type a sentence; press Ctrl+Enter to read it",
        help="Ctrl+Enter (⌘+Enter) or a click elsewhere lets the network read it.",
    )
    typed = (typed or "").replace("\r\n", "\n")
    if card.tokens in ("numbers", "ids"):
        sequences.upload(card)
    return _window(card, typed)


def _notices(card: Card, text: str) -> None:
    for message in service.trace(card.name, text).notices:
        st.caption(f":material/info: {sentences.plain(message)}")
    if card.answer == "next token":
        sequences.go_on(card, text)


def _warm_up(card: Card) -> None:
    if service.warm_up(card.task):
        st.toggle(
            "Warm up first",
            key="warm",
            bind="query-params",
            on_change=state.warmed,
            args=(card,),
            help="The network reads a passage before your text; it is shown grey. Without it your first tokens meet a state of zeros, "
            "and what happens there is the start and not the text.",
        )


def _examples(card: Card) -> None:
    st.markdown("**Try**")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for label, example in card.examples.items():
            st.button(label, on_click=state.read_example, args=(example,), key=f"example {label}", type="tertiary")


def _window(card: Card, typed: str) -> tuple[str, int]:
    """Return as many tokens of the typed text as the network can read, from a start that the user sets; and how many follow."""
    if len(typed) <= card.window:
        return typed, 0
    pieces, one = card.reader.pieces(typed), card.reader.one
    if len(pieces) <= card.window:
        return typed, 0
    last = len(pieces) - card.window
    first = st.number_input(
        f"Read from {one}", 1, last + 1, 1, step=card.window // 2, key="from", persist_state="session"
    )
    start = int(first) - 1
    st.caption(
        f":material/info: The text has {len(pieces):,} {card.tokens}. The network reads {card.window:,} of them, "
        f"from number {start + 1:,} on; a link carries these alone."
    )
    return "".join(pieces[start : start + card.window]), last - start


def _layer(card: Card) -> int:
    if card.rows == 1:
        return 0
    row = st.selectbox(
        "Layer",
        range(card.rows),
        key="layer",
        bind="query-params",
        help="Layers count from 0, the lowest."
        + (" Each has two rows: one reads forwards, one backwards." if card.bidirectional else ""),
    )
    if card.bidirectional:
        st.caption(sentences.of_row(int(row or 0)))
    return int(row or 0)


def _cannot_read(card: Card, text: str, problem: str) -> None:
    if not text.strip():
        st.title("Nothing to read yet")
        st.markdown(
            f"The text box is empty. Type at least one {card.reader.one}, or pick an example under **Try** at the left."
        )
        return
    st.title("This cannot be read")
    st.markdown(sentences.plain(f"{problem[0].upper()}{problem[1:]}."))
    st.markdown("Your text is still in the box at the left: correct it there, or pick an example under **Try**.")
