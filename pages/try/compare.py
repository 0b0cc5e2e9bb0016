"""Compare: predictions with and without a token; up to four networks side by side; their differences; their scores."""

import streamlit as st

from explorer.models import relatives
from explorer.studio import service, style
from explorer.studio.compare import View, beginning, differences, scores, side, without
from explorer.studio.page import opening

TABS = {
    "With and without": without.draw,
    "Side by side": side.draw,
    "Differences": differences.draw,
    "Scores": scores.draw,
}

beginning.where_it_shows()
here = opening(
    "Several networks, one text",
    "Leave out one token: whose answer changes? Then look at the networks side by side, and at how good they are.",
)
view = View(here, relatives(here.model), service.trace(here.model, here.text).tokens, style.theme())
for tab, draw in zip(st.tabs(list(TABS), key="beside", bind="query-params"), TABS.values(), strict=True):
    if tab.open:
        with tab:
            draw(view)
