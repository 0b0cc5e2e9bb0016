"""The files that can be taken away: what is in each, what they are called, and what is refused before it is pressed."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load

import explorer
from explorer.models import card_of, checkpoints
from explorer.reporting import as_html
from explorer.signals import Trace
from explorer.studio.state import Place
from explorer.studio.taking.files import File, offered, stem_of
from tests.app.conftest import Shelve
from tests.models.checkpoints.helper import network, saved

TEXT = "cab dab bad ace"


@pytest.fixture
def here(shelve: Shelve) -> Place:
    return Place(card_of(shelve("lstm")), TEXT, layer=0, unit=1, step=2)


def made(file: File) -> bytes:
    """As a server makes it: on a thread that knows of no session."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(file.make()))
    thread.start()
    thread.join()
    return found[0]


def test_each_file_is_what_it_says(here: Place, tmp_path: Path) -> None:
    model = explorer.load(here.model)
    trace = explorer.trace(model, TEXT)
    npz, csv, parquet, html, weights = offered(here)
    (tmp_path / npz.name).write_bytes(made(npz))
    np.testing.assert_array_equal(Trace.read(tmp_path / npz.name)["c"], trace["c"])
    table = pd.read_csv(io.BytesIO(made(csv)))
    np.testing.assert_allclose(
        table["h"], trace["h"].ravel(), atol=1e-6
    )  # a CSV holds what float32 needs to be told apart
    pd.testing.assert_series_equal(
        pd.read_parquet(io.BytesIO(made(parquet)))["h"], pd.Series(trace["h"].ravel(), name="h")
    )
    assert made(html).decode() == as_html(explorer.diagnose(model, TEXT))
    np.testing.assert_array_equal(load(made(weights))["readout.weight"], model.state_dict()["readout.weight"])
    assert [file.name for file in (npz, html, weights)] == [
        "tiny-lstm-trace.npz",
        "tiny-lstm-diagnosis.html",
        "weights.safetensors",
    ]


def test_a_table_that_is_too_large_is_refused_before(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.export.MOST", 10)
    refused = [file.label for file in offered(here) if file.refused]
    assert refused == ["Trace, CSV"]


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("english.pt", "english"),
        ("../../etc/passwd", "passwd"),
        ("a b<script>.weights.h5", "a-b-script-weights"),
        ("…", "network"),
        ("x" * 300, "x" * 60),
    ],
)
def test_files_are_called_by_the_file_that_they_come_from(title: str, stem: str) -> None:
    contents = checkpoints.read_bytes(saved(network().state_dict()))
    card = checkpoints.own(contents, checkpoints.likely(contents), name="own-title", title=title).card
    assert card is not None and stem_of(card) == stem


def test_a_shipped_one_is_called_by_its_name(here: Place) -> None:
    assert stem_of(here.card) == "tiny-lstm"
