"""Who wrote it: arcs from each token to where the reader is, as thick as what is left of what it wrote."""

from __future__ import annotations

import streamlit as st

from explorer.studio import notation
from explorer.studio.components.account import account, of_belt
from explorer.studio.ledger import View, choices, words


def draw(view: View) -> None:
    """The whole tab."""
    here, trace = view.here, view.trace
    if not trace.belts:
        st.markdown(words.NO_ACCOUNT.format(cell=here.card.cell.upper()))
        return
    left, right = st.columns(2)
    whose = choices.whose(left)
    belt = choices.belt(trace, right)
    found = view.ledger(belt)
    values = found.contributions(here.step, here.layer)
    steps, letter = found.steps(here.step, here.layer), notation.current().letter(belt.state)
    if whose == "one":
        written, share = found.written(here.step, here.layer), found.share(here.step, here.layer)
        st.markdown(
            words.of_writers(
                trace.tokens, steps, written[:, here.unit], share[:, here.unit], values[:, here.unit], here.unit
            )
        )
    else:
        st.markdown(words.of_all_writers(trace.tokens, steps, values))
    account(of_belt(trace, belt, here.layer, view.reading, letter, whose=whose, warm=here.warm), key="account")
