"""Start-up lab: how far a gradient reaches back in untrained cells, as they begin."""

import streamlit as st

from explorer.studio import startup

st.title("Before any training, how far back does a gradient reach?", anchor=False)
st.markdown(
    "Three untrained cells read random numbers. A gradient of length 1 comes in at the last step: what is left of it, further and "
    "further back? Move a slider, and see which start lets a network learn from long ago.",
    help=startup.MEASURED,
)
startup.lab()
