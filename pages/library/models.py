"""Models: every task with its networks, their scores, their known units, and the weights of those wired by hand."""

import streamlit as st

from explorer.studio import card_view, menu, sentences
from explorer.studio.page import switch
from explorer.studio.workbench import place

st.title("Models", anchor=False)
st.markdown(
    "Every network that comes with Carousel was trained on real or generated sequences, or wired by hand. Choose a task and watch one read."
)
here = place()
chosen, tasks = st.tabs(["This network", "All tasks"], key="shelf", on_change="rerun")
if chosen.open:
    with chosen:
        st.header(f"{sentences.plain(here.card.title)}: {here.card.cell.upper()}", anchor=False)
        card_view.show(here.card)
if tasks.open:
    with tasks:
        menu.tasks("shelf", after=lambda: switch("pages/read/watch.py"))
