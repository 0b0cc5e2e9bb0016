"""What goes into the text box other than by typing: a file of numbers, and what the network goes on with."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.models import Card
from explorer.models.arrays import text_of
from explorer.models.checkpoints import npy
from explorer.models.vocabulary import Numbers, Reader, listed
from explorer.studio import sentences, service, state

LARGEST = 1_000_000
"""Of an uploaded file, in bytes."""


def upload(card: Card) -> None:
    """A file whose numbers or ids are read; what is wrong with it is said, and the text stays."""
    columns = f"Columns {listed(card.vocabulary)}, a row a step" if card.tokens == "numbers" else "Ids, one a step"
    with st.popover("From a CSV or NPY file", icon=":material/upload_file:"):
        st.file_uploader(
            columns,
            type=["csv", "txt", "npy"],
            max_upload_size=5,
            key="csv",
            on_change=_uploaded,
            args=(card,),
        )
        if problem := st.session_state.get("csv_problem", {}).get(card.task):
            st.error(sentences.plain(problem))


def _uploaded(card: Card) -> None:
    file = st.session_state.csv
    st.session_state.csv_problem = {}
    if file is None:
        return
    try:
        text = text_in(file.getvalue(), card.reader)
    except ValueError as error:
        st.session_state.csv_problem = {card.task: str(error)}
        return
    state.read_example(text)


def text_in(content: bytes, reader: Reader) -> str:
    """What a file holds, as a text that `reader` reads: NumPy's array, a table, or ids between blanks or commas. Raises ValueError with
    what was found and what is needed."""
    if len(content) > LARGEST:
        raise ValueError(
            f"The file has {len(content):,} bytes; at most {LARGEST:,} are read. Cut it to the rows you want."
        )
    if content.startswith(npy.MAGIC):
        text = text_of(npy.array("in the file", content), reader)
    elif reader.kind == "numbers":
        text = rows_of(content, reader.symbols)
    else:
        text = " ".join(content.decode("utf-8-sig", errors="replace").replace(",", " ").split())
    reader.encode(text)
    return text


def rows_of(content: bytes, columns: tuple[str, ...]) -> str:
    """A table as a text of rows: the columns of those names, else the first ones that hold numbers.

    Values are parted by commas, semicolons, tabs or blanks; where not by commas, a decimal comma is read as a point. Rows are counted
    as a spreadsheet does. Raises ValueError with what was found and what is needed.
    """
    rows = _cells(content)
    names = [name.lower() for name in rows.pop(0)[1]] if _has_header([row for _, row in rows[:2]]) else []
    if not rows:
        raise ValueError("The file has no rows of numbers.")
    width, where = len(names or rows[0][1]), [k for k, cell in enumerate(rows[0][1]) if _is_number(cell)]
    if {name.lower() for name in columns} <= set(names):
        where = [names.index(name.lower()) for name in columns]
    if len(where) < len(columns):
        raise ValueError(
            f"The file has {len(where)} column(s) of numbers; {len(columns)} are needed: {', '.join(columns)}."
        )
    values = []
    for place, row in rows:
        if len(row) > width:
            raise ValueError(f"Row {place} of the file has {len(row)} values, but the first row has {width}.")
        chosen = [row[k] if k < len(row) else "" for k in where[: len(columns)]]
        for cell in chosen:
            if not _is_number(cell) or not abs(float(cell)) <= float(np.finfo(np.float32).max):
                what = f"has “{cell[:40]}”, which is no finite number" if cell else "has a gap"
                raise ValueError(f"Row {place} of the file {what}.")
        values.append([float(cell) for cell in chosen])
    return Numbers(columns).written(np.array(values))


def _cells(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, each with its number and its cells. Raises ValueError for what is no table."""
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        if "\0" in text:
            raise ValueError("it has zero bytes")
        lines = text.splitlines()
        head = next((line for line in lines if line.strip()), "")
        mark = next((mark for mark in "\t;,|" if mark in head), " ")
        reader = csv.reader(lines, delimiter=mark, skipinitialspace=True, strict=True)
        point = "," if mark != "," else "."
        rows = [(reader.line_num, [cell.strip().replace(point, ".") for cell in row]) for row in reader]
    except (ValueError, csv.Error) as error:
        raise ValueError(f"The file is no table of comma-separated values ({error}).") from error
    found = [(place, row) for place, row in rows if any(row)]
    if not found:
        raise ValueError("The file is empty.")
    return found


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of two rows names the columns: none of it is a number, or something is none where the second has one."""
    named = [not _is_number(cell) for cell in rows[0]]
    return all(named) or any(name and _is_number(cell) for name, cell in zip(named, rows[-1], strict=False))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def go_on(card: Card, text: str) -> None:
    """Lets the network continue the text, token by token, each of its steps to be looked at like any other."""
    room = card.window - len(card.reader.pieces(text))
    turn = st.session_state.get("begun", 0)  # another box after each text, so that it closes and what is new is seen
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
