"""The buttons that give files. Each file is made when its button is pressed, from what the button holds: there is no session then."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st

from explorer import export, models, reporting
from explorer.models import Card, Model
from explorer.models.weights import NAME
from explorer.studio import service
from explorer.studio.diagnosis import examples
from explorer.studio.state import Place


@dataclass(frozen=True)
class File:
    """A file that is offered. `refused` says why it cannot be had."""

    label: str
    name: str
    kind: str
    help: str
    make: Callable[[], bytes]
    refused: str = ""


def buttons(here: Place) -> None:
    """One a file, side by side as far as there is room."""
    with st.container(horizontal=True, gap="small"):
        for file in offered(here):
            st.download_button(
                file.label,
                file.make,
                file.name,
                file.kind,
                key=f"take {file.label}",
                help=file.refused or file.help,
                disabled=bool(file.refused),
                on_click="ignore",
                icon=":material/download:",
            )


def offered(here: Place) -> list[File]:
    """All files there are of this network and what it read."""
    model, trace, text, stem = (
        service.model(here.model),
        service.trace(here.model, here.text),
        here.text,
        stem_of(here.card),
    )
    known = examples.given(here.card)
    count = export.numbers(trace)
    large = f"{count:,} numbers are too many for CSV: take Parquet or NPZ." if count > export.MOST else ""
    table = "A table: a row for each layer, step and unit, a column a signal."
    return [
        File(
            "Trace, NPZ",
            f"{stem}-trace.npz",
            "application/octet-stream",
            "All signals as arrays: numpy.load, or explorer.Trace.read.",
            lambda: export.npz(trace),
        ),
        File("Trace, CSV", f"{stem}-trace.csv", "text/csv", table, lambda: export.csv(trace), large),
        File(
            "Trace, Parquet",
            f"{stem}-trace.parquet",
            "application/vnd.apache.parquet",
            f"{table} For pandas.read_parquet.",
            lambda: export.parquet(trace),
        ),
        File(
            "Diagnosis, HTML",
            f"{stem}-diagnosis.html",
            "text/html",
            "One file that needs nothing else: to be sent, or kept beside the checkpoint.",
            lambda: _report(model, text, known),
        ),
        File(
            "Weights",
            NAME,
            "application/octet-stream",
            "safetensors, by PyTorch's names: what the program below loads.",
            lambda: export.weights(model),
        ),
    ]


def stem_of(card: Card) -> str:
    """How the files of a network begin: its name, of one's own that of its file, with nothing in it that a file name cannot have."""
    name = PurePath(card.title).stem if card.own else card.name
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "network"


def _report(model: Model, text: str, known: str) -> bytes:
    examples = models.parse_examples(known, model) if known.strip() else None
    return reporting.as_html(models.diagnose(model, text, examples=examples)).encode()
