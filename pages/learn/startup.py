"""Start-up lab: how far a gradient reaches back in untrained cells."""

import streamlit as st

from explorer.studio import startup

st.title("Before any training, how far back does a gradient reach?", anchor=False)
st.markdown(
    "Three untrained cells read random numbers. What is left of a gradient of 1 from the last step, further and further back?",
    help=startup.MEASURED,
)
startup.lab()
