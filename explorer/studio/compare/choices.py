"""Which networks are compared: trained ones of the task, and untrained ones of any cell."""

from __future__ import annotations

import streamlit as st

from explorer import cells
from explorer.models.matching import Variant
from explorer.studio import sentences
from explorer.studio.compare import Network, View, problem, untrained
from explorer.studio.controls import number

MOST, USUAL = 4, 3
"""So many networks can be compared; so many are while nobody chose."""
KEY, SEED = "networks", "seed_of_untrained"
LARGEST = 9999


def networks(view: View) -> dict[str, Network]:
    """By label, those that the reader has chosen; at least two, or the page says so and ends."""
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    mine = Variant.named(view.here.model)
    drawn = mine.seed if mine else 0
    offered = choices(view, int(number(right, "Seed of untrained", 0, LARGEST, drawn, SEED)))
    usual = usually(view, list(offered))
    _unchosen(usual)
    _doubts(list(offered))
    chosen = left.multiselect(
        "Two to four networks",
        list(offered),
        usual,
        key=KEY,
        max_selections=MOST,
        bind="query-params",
        help="Trained ones of this task, and untrained ones of any cell, with about as many weights as the network at the left.",
    )
    found, missing = {}, []
    for label in chosen:
        if why := problem(offered[label]):
            missing.append(f"{label} cannot be built like this ({why}).")
        else:
            found[label] = offered[label]
    if missing:
        st.info("\n\n".join(map(sentences.plain, missing)))
    if len(found) < 2:
        st.info("Choose at least two networks to compare.")
        st.stop()
    return found


def usually(view: View, offered: list[str]) -> list[str]:
    """The labels of those that are compared while nobody chose: of the task's own the first few, and the one at the left."""
    few = list(dict.fromkeys([*list(view.siblings)[:USUAL], view.own]))
    return few if len(few) > 1 else [*few, *(label for label in offered if label not in few)][:2]


def _unchosen(usual: list[str]) -> None:
    """While nobody chose, the choice follows the network at the left: so that a link, which leaves out what is usual, is the same."""
    state = st.session_state
    if KEY in state and state[KEY] == state.get(f"{KEY}_default"):
        state[KEY] = usual
    state[f"{KEY}_default"] = usual


def choices(view: View, seed: int) -> dict[str, Network]:
    """All that can be chosen, by label: the task's own networks first."""
    drawn = [Variant(cell, seed, view.shipped.name) for cell in cells.names()]
    return view.siblings | {
        label: Network(one.name, label, one.cell) for one in drawn for label in (untrained(one.cell),)
    }


def _doubts(offered: list[str]) -> None:
    """A choice that another task's networks were, or a wrong link asks for, is left out, and said."""
    state = st.session_state
    asked = state.get(KEY, st.query_params.get_all(KEY))
    unknown = [label for label in asked if label not in offered]
    if unknown:
        st.info(sentences.plain(f"Not among the networks here: {', '.join(unknown)}."))
        if KEY in state:
            state[KEY] = [label for label in state[KEY] if label in offered]
