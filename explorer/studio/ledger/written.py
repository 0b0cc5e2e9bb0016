"""Authors of the memory: arcs from each token to the playhead, as thick as what is left of the token's write."""

from __future__ import annotations

import streamlit as st

from explorer.signals import Belt
from explorer.studio import notation
from explorer.studio.components.account import Whose, account, of_belt
from explorer.studio.ledger import View, choices, words


def draw(view: View) -> None:
    """Draw the whole tab."""
    here, trace = view.here, view.trace
    if not trace.belts:
        st.markdown(words.NO_ACCOUNT.format(cell=here.card.cell.upper()))
        return
    left, text = st.columns([1, 3], vertical_alignment="center")
    whose = choices.whose(left)
    belt = choices.belt(trace, left)
    text.markdown(_sentence(view, belt, whose))
    letter = notation.current().letter(belt.state)
    account(of_belt(trace, belt, here.layer, view.reading, letter, whose=whose, warm=here.warm), key="account")


def _sentence(view: View, belt: Belt, whose: Whose) -> str:
    """Say which tokens wrote most of the present memory."""
    here, tokens, ledger = view.here, view.trace.tokens, view.ledger(belt)
    at = (here.step, here.layer)
    values, steps = ledger.contributions(*at), ledger.steps(*at)
    if whose == "all":
        return words.of_all_writers(tokens, steps, values)
    written, share, now = (of[:, here.unit] for of in (ledger.written(*at), ledger.share(*at), values))
    return words.of_writers(tokens, steps, written, share, now, here.unit)
