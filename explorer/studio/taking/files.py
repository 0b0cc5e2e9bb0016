"""Download buttons. Each file is made when its button is pressed, outside the session, from data that the button holds."""

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
    """A file to download. `refused` is the reason why it is not available."""

    label: str
    name: str
    kind: str
    help: str
    make: Callable[[], bytes]
    refused: str = ""


def buttons(here: Place) -> None:
    """Draw one button per file, side by side as far as there is room."""
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
    """Return all files for this network and its reading."""
    model, trace, text, stem = (
        service.model(here.model),
        service.trace(here.model, here.text),
        here.text,
        stem_of(here.card),
    )
    entered = examples.entered_examples(here.card)
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
            "One file that needs nothing else: send it, or keep it beside the checkpoint.",
            lambda: _report(model, text, entered),
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
    """Return the start of a network's file names: its name, or its file's for an uploaded one, without characters unsafe in file names."""
    name = PurePath(card.title).stem if card.own else card.name
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "network"


def _report(model: Model, text: str, known: str) -> bytes:
    examples = models.parse_examples(known, model) if known.strip() else None
    return reporting.as_html(models.diagnose(model, text, examples=examples)).encode()
