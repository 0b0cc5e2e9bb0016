"""What goes into the text box other than by typing: a file of numbers, and what the network goes on with."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import streamlit as st

from explorer.models import Card
from explorer.models.vocabulary import Numbers
from explorer.studio import service, state

LARGEST = 1_000_000
"""Of an uploaded file, in bytes."""


def upload(card: Card) -> None:
    """A CSV file whose columns are read; what is wrong with it is said, and the text stays."""
    with st.popover("From a CSV file", icon=":material/upload_file:"):
        st.file_uploader(
            f"Columns {', '.join(card.vocabulary)}, a row a step",
            type=["csv", "txt"],
            key="csv",
            on_change=_uploaded,
            args=(card,),
        )
        if st.session_state.get("csv_problem"):
            st.error(st.session_state.csv_problem)


def _uploaded(card: Card) -> None:
    file = st.session_state.csv
    st.session_state.csv_problem = None
    if file is None:
        return
    try:
        text = rows_of(file.getvalue(), card.vocabulary)
    except ValueError as error:
        st.session_state.csv_problem = str(error)
        return
    state.read_example(text)


def rows_of(content: bytes, columns: tuple[str, ...]) -> str:
    """A CSV file as a text of rows: the columns of those names, else its first ones that hold numbers.

    Raises ValueError with what was found and what is needed.
    """
    if len(content) > LARGEST:
        raise ValueError(
            f"The file has {len(content):,} bytes; at most {LARGEST:,} are read. Cut it to the rows you want."
        )
    try:
        table = pd.read_csv(io.BytesIO(content), sep=None, engine="python", skipinitialspace=True)
        if all(_is_number(str(name)) for name in table.columns):  # no header: the first row is one of numbers too
            table = pd.read_csv(io.BytesIO(content), sep=None, engine="python", skipinitialspace=True, header=None)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"The file is no table of comma-separated values ({error}).") from error
    except Exception as error:  # csv.Error for what it cannot make out
        raise ValueError(f"The file is no table of comma-separated values ({error}).") from error
    numeric = table.select_dtypes("number")
    named = set(columns) <= set(numeric.columns)
    chosen = numeric[list(columns)] if named else numeric.iloc[:, : len(columns)]
    if chosen.shape[1] < len(columns):
        raise ValueError(
            f"The file has {numeric.shape[1]} column(s) of numbers; {len(columns)} are needed: {', '.join(columns)}."
        )
    values = chosen.to_numpy(dtype=np.float64)
    if not len(values) or not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(1))[0]) + 1 if len(values) else 0
        raise ValueError(f"Row {row} of the file has a gap or no finite number." if row else "The file has no rows.")
    return Numbers(columns).written(values)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def go_on(card: Card, text: str) -> None:
    """Lets the network continue the text, token by token, each of its steps to be looked at like any other."""
    room = service.WINDOW - len(card.reader.pieces(text))
    turn = st.session_state.get("turn", 0)  # another box after each text, so that it closes and what is new is seen
    with st.popover("Let it go on", icon=":material/edit_note:", key=f"go_on_box_{turn}"):
        most = min(200, room)
        if most < 1:
            st.caption(f"The text has {service.WINDOW:,} {card.tokens} already, as many as can be shown.")
            return
        usual = min(most, 80 if card.tokens == "characters" and len(card.vocabulary) > 20 else 12)
        length = st.slider(f"How many {card.tokens}", 1, most, usual, key="go_on_length") if most > 1 else 1
        temperature = st.slider(
            "Temperature",
            0.0,
            2.0,
            0.7,
            0.1,
            key="go_on_temperature",
            help="0: always the likeliest. 1: as the network guesses. Above 1: more daring.",
        )
        top_k = st.number_input(
            "Only among the likeliest (0: all)", 0, len(card.vocabulary), 0, key="go_on_top_k", help="Top-k sampling."
        )
        seed = st.session_state.get("go_on_seed", 0)
        drawn = (card, text, length, temperature, int(top_k) or None, seed)
        st.button("Go on", type="primary", key="go_on", width="stretch", on_click=_drawn_on, args=drawn)
        st.caption("Each click draws anew. The link keeps the text, so that others see the same.")


def _drawn_on(card: Card, text: str, length: int, temperature: float, top_k: int | None, seed: int) -> None:
    state.go_on(service.continued(card.name, text, length, temperature, top_k, seed))
    st.session_state.go_on_seed = seed + 1
