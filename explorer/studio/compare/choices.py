"""Choice of the networks to compare: trained ones of the task, and untrained ones of any cell."""

from __future__ import annotations

import streamlit as st

from explorer import cells
from explorer.models.matching import Variant
from explorer.studio import sentences
from explorer.studio.compare import Network, View, problem, untrained
from explorer.studio.controls import number

MOST, USUAL = 4, 3
"""Maximum number of networks, and the number compared by default."""
KEY, SEED = "networks", "seed_of_untrained"
LARGEST = 9999


def networks(view: View) -> dict[str, Network]:
    """Return the networks that the user chose, by label. With fewer than two, show a message and stop the page."""
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
    chosen_networks, missing = {}, []
    for label in chosen:
        if why := problem(offered[label]):
            missing.append(f"{label} cannot be built like this ({why}).")
        else:
            chosen_networks[label] = offered[label]
    if missing:
        st.info("\n\n".join(map(sentences.plain, missing)))
    if len(chosen_networks) < 2:
        st.info("Choose at least two networks to compare.")
        st.stop()
    return chosen_networks


def usually(view: View, offered: list[str]) -> list[str]:
    """Return the default labels: the task's first few networks and the one at the left."""
    few = list(dict.fromkeys([*list(view.siblings)[:USUAL], view.own]))
    return few if len(few) > 1 else [*few, *(label for label in offered if label not in few)][:2]


def _unchosen(usual: list[str]) -> None:
    """Keep the default choice in step with the network at the left, so that a link that omits the default stays valid."""
    state = st.session_state
    if KEY in state and state[KEY] == state.get(f"{KEY}_default"):
        state[KEY] = usual
    state[f"{KEY}_default"] = usual


def choices(view: View, seed: int) -> dict[str, Network]:
    """Return all networks that can be chosen, by label: the task's own first."""
    drawn = [Variant(cell, seed, view.shipped.name) for cell in cells.names()]
    return view.siblings | {
        label: Network(one.name, label, one.cell) for one in drawn for label in (untrained(one.cell),)
    }


def _doubts(offered: list[str]) -> None:
    """Remove unknown networks from the choice (left from another task, or from a wrong link) and show a message."""
    state = st.session_state
    labels = state.get(KEY, st.query_params.get_all(KEY))
    unknown = [label for label in labels if label not in offered]
    if unknown:
        st.info(sentences.plain(f"Not among the networks here: {', '.join(unknown)}."))
        if KEY in state:
            state[KEY] = [label for label in state[KEY] if label in offered]
