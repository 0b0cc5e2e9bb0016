"""Choice of the cell and its weights. The workbench's network follows, so the whole choice is in the link's `model`."""

from __future__ import annotations

import streamlit as st

from explorer import models
from explorer.models import Card
from explorer.models.matching import Variant
from explorer.notations import NOTATIONS
from explorer.studio import notation, state
from explorer.studio.cells import View, family

PAGE = "cells"
"""The page's name as the stage receives it."""
TRAINED, DRAWN = "trained", "untrained"
LARGEST = 9999
FEW = 4
"""Number of steps to play after switching cells: enough to see the cell work."""


def arrive() -> None:
    """Play the last steps for a user who comes from another page; a link that names a step opens there, at rest."""
    before = st.session_state.shown_before
    if before and not before[0].endswith(f" {PAGE}"):
        run()


def run() -> None:
    """Play the last few steps up to the user's position."""
    step = st.session_state.step
    st.session_state.play = (max(0, step - FEW), step) if step else None


def walk(card: Card) -> None:
    """Draw the family line as buttons, and all other cells under "More"."""
    st.session_state.line = card.cell if card.cell in family.line() else None
    first, *_ = family.line()
    st.segmented_control(
        "The line",
        family.line(),
        format_func=lambda name: family.title(name) if name == first else f"→ {family.title(name)}",
        key="line",
        on_change=_open,
        args=("line", card.name),
        label_visibility="collapsed",
        help="Each changes the one before it.",
    )
    others = family.more()
    elsewhere = card.cell not in family.line()
    label = f"More: {family.title(card.cell)}" if elsewhere else "More"
    with st.popover(label, icon=":material/account_tree:", key="more_cells", on_change="rerun"):
        for of, names in others.items():
            key = f"more_{of}"
            st.session_state[key] = card.cell if card.cell in names else None
            st.pills(
                f"Changes of the {family.title(of)}" if of else "Others",
                names,
                format_func=family.title,
                key=key,
                on_change=_open,
                args=(key, card.name),
            )


def marks(view: View) -> bool:
    """Ask whether to mark changes to the parent in the picture and the equations."""
    if view.parent is None:
        return False
    return st.toggle(
        "Show what changed (dashed)",
        True,
        key="changes",
        bind="query-params",
        help=f"In the picture and in the equations: what the {view.parent.title} has not, or has in another way.",
    )


def notation_here() -> None:
    """Draw the notations as buttons with the current one selected: the same setting as under View."""
    st.session_state.notation_here = notation.current().key
    st.segmented_control(
        "Notation",
        list(NOTATIONS),
        key="notation_here",
        on_change=_write_in,
        required=True,
        label_visibility="collapsed",
    )
    st.caption(f"As in {notation.current().used}.")


def weights(card: Card) -> None:
    """Ask for trained weights, where the task has them, or untrained ones of any seed."""
    here = Variant.named(card.name)
    trained = models.by_cell(card.name)[card.cell]
    has_trained = models.is_shipped(trained)
    st.session_state.weights = DRAWN if here else TRAINED
    st.session_state.cell_seed = here.seed if here else 0
    st.segmented_control(
        "Weights",
        [TRAINED, DRAWN] if has_trained else [DRAWN],
        key="weights",
        on_change=_weigh,
        args=(card.name, card.cell),
        required=True,
    )
    if here:
        st.number_input("Seed", 0, LARGEST, key="cell_seed", on_change=_weigh, args=(card.name, card.cell), width=140)


def _write_in() -> None:
    st.session_state[notation.KEY] = st.session_state.notation_here


def _open(key: str, beside: str) -> None:
    """Open the chosen cell's network. A second click on the same cell changes nothing."""
    if cell := st.session_state[key]:
        state.open_network(models.by_cell(beside)[cell])
        st.session_state.more_cells = False  # the list has been read
        run()


def _weigh(beside: str, cell: str) -> None:
    name = models.by_cell(beside, st.session_state.get("cell_seed", 0))[cell]
    if st.session_state.weights == DRAWN:
        name = Variant(cell, st.session_state.get("cell_seed", 0), _shipped(beside)).name
    state.open_network(name)


def _shipped(name: str) -> str:
    """Return the shipped network that an untrained one is a variant of, or the network itself."""
    here = Variant.named(name)
    return here.beside if here else name
