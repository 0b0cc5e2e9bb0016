"""What goes into the text box other than by typing: a file of numbers, and what the network goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.models import Card
from explorer.models.arrays import text_of
from explorer.models.checkpoints import npy
from explorer.models.checkpoints.columns import name_columns
from explorer.models.encodings import decoded
from explorer.models.tables import Choose, read_table
from explorer.models.vocabulary import Numbers, Reader, listed
from explorer.studio import own, sentences, service, state

LARGEST = 1_000_000
"""Of an uploaded file, in bytes."""


def upload(card: Card) -> None:
    """A file whose numbers or ids are read: which of it was read is said; what is wrong with it is said, and the text stays."""
    columns = f"Columns {listed(card.vocabulary)}, a row a step" if card.tokens == "numbers" else "Ids, one a step"
    with st.popover("From a CSV or NPY file", icon=":material/upload_file:"):
        st.file_uploader(
            columns,
            type=["csv", "tsv", "txt", "npy"],
            max_upload_size=5,
            key="csv",
            on_change=_uploaded,
            args=(card,),
        )
        problem, choice = st.session_state.get("csv_problem", {}).get(card.task, ("", None))
        if problem:
            st.error(sentences.plain(problem))
        if choice is not None:
            _choose(card, choice)
    text, says = st.session_state.get("csv_read", ("", ""))
    if says and st.session_state.get("text") == text:
        st.caption(f":material/table: {sentences.plain(says)}")


def _choose(card: Card, choice: Choose) -> None:
    """What settles how the uploaded table is read: its columns in the order of the network's, or its decimal mark."""
    named = dict(zip(choice.options, choice.labels, strict=True))
    if choice.what == "columns":
        st.multiselect(
            f"Columns to read as {', '.join(card.vocabulary)}",
            list(named),
            format_func=lambda option: named[option],
            max_selections=len(card.vocabulary),
            key="csv_columns",
            on_change=_chosen,
            args=(card,),
        )
    else:
        st.selectbox(
            "Decimal mark",
            list(named),
            index=None,
            format_func=lambda option: named[option],
            key="csv_decimal",
            on_change=_chosen,
            args=(card,),
        )


def _uploaded(card: Card) -> None:
    for key in ("csv_columns", "csv_decimal", "csv_chosen"):
        st.session_state.pop(key, None)
    st.session_state.csv_problem = {}
    if st.session_state.csv is not None:
        _read(card)


def _chosen(card: Card) -> None:
    """Read the table again as chosen, once all of its columns are."""
    state_of = st.session_state
    columns, decimal = tuple(state_of.get("csv_columns") or ()), state_of.get("csv_decimal")
    before = state_of.get("csv_chosen", {})
    if len(columns) == len(card.vocabulary):
        before = before | {"columns": columns}
    state_of.csv_chosen = before | ({"decimal": decimal} if decimal else {})
    if state_of.csv is not None and state_of.csv_chosen:
        _read(card)


def _read(card: Card) -> None:
    file, chosen = st.session_state.csv, st.session_state.get("csv_chosen", {})
    try:
        table = table_in(file.getvalue(), card.reader, **chosen)
    except ValueError as error:
        st.session_state.csv_problem = {card.task: (str(error), error if isinstance(error, Choose) else None)}
        return
    st.session_state.csv_problem = {}
    text = table.text
    here = own.current()
    if here is not None and here.model is not None and here.model.name == card.name and table.columns:
        name_columns(here.model, table.columns)
    st.session_state.csv_read = (text, table.says)
    state.read_example(text)


@dataclass(frozen=True)
class Upload:
    """What a file holds: `text`, as the network reads it; `columns`, as the file names them; and `says`, which of it was read."""

    text: str
    columns: tuple[str, ...] = ()
    says: str = ""


def table_in(content: bytes, reader: Reader, *, columns: Sequence[int] = (), decimal: str | None = None) -> Upload:
    """What a file holds, as a text that `reader` reads: NumPy's array, a table, or ids between blanks or commas.

    columns, decimal  as for `read_table`, where a table can be read in several ways

    Raise ValueError with what was found and what is needed.
    """
    if len(content) > LARGEST:
        raise ValueError(
            f"The file has {len(content):,} bytes; at most {LARGEST:,} are read. Cut it to the rows you want."
        )
    if content.startswith(npy.MAGIC):
        upload = Upload(text_of(npy.array("in the file", content), reader))
    elif isinstance(reader, Numbers):
        table = read_table(content, reader.symbols, columns=columns, decimal=decimal)
        upload = Upload(reader.written(table.values), table.columns, table.says)
    else:
        upload = Upload(" ".join(decoded(content)[0].replace(",", " ").split()))
    reader.encode(upload.text)
    return upload


def go_on(card: Card, text: str) -> None:
    """Lets the network continue the text, token by token, each of its steps to be looked at like any other."""
    room = card.window - len(card.reader.pieces(text))
    turn = st.session_state.get("restarts", 0)  # another box after each text, so that it closes and what is new is seen
    with st.popover("Let it go on", icon=":material/edit_note:", key=f"go_on_box_{turn}"):
        most = min(200, room)
        if most < 1:
            st.caption(f"The text has {card.window:,} {card.tokens} already, as many as can be shown.")
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
    prefix = state.prefix(card)  # it goes on from all that it has read
    state.go_on(service.continued(card.name, prefix + text, length, temperature, top_k, seed)[len(prefix) :])
    st.session_state.go_on_seed = seed + 1
