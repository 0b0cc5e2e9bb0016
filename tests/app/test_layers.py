"""Models with more than one row: a control for the layer, in the link; every page shows the row asked for."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.analysis.orderings import by_half_life
from explorer.analysis.reach import magnitudes
from tests.app.conftest import Shelve
from tests.app.driving import PAGES, charts, check, choose, go_to, opened, stage_of
from tests.helpers import TEXT

CELLS = ("lstm", "gru", "rnn")


@pytest.mark.cases(2)
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_layer_in_the_link_is_shown(cell: str, both: bool, shelve: Shelve) -> None:
    name = shelve(cell, (2, both))
    trace = explorer.trace(explorer.load(name), TEXT)
    for layer in range(4 if both else 2):
        at = opened(model=name, layer=layer, unit=2, step=3)
        for page in PAGES:
            sent = stage_of(go_to(at, page))
            assert at.selectbox(key="layer").value == layer and not at.warning
            for signal, values in sent.signals.items():
                np.testing.assert_array_equal(values, trace[signal][layer])
            assert "layer" not in sent.header["link"], "its widget keeps it in the link"


@pytest.mark.cases(1)
@pytest.mark.parametrize("cell", CELLS)
def test_pages_draw_the_row(cell: str, shelve: Shelve) -> None:
    name = shelve(cell, (2, False))
    model = explorer.load(name)
    trace = explorer.trace(model, TEXT)
    for layer in (0, 1):
        link = {"model": name, "layer": layer, "unit": 2}
        line = charts(opened("belt", **link))[0].data[0]
        np.testing.assert_array_equal(line["y"], trace[trace.memory][layer, :, 2])
        signal = trace.belt.keep if trace.belt else "h"
        units = charts(opened("gates", **link))[0].data[0]
        np.testing.assert_array_equal(units["z"], trace[signal][layer][:, by_half_life(trace, layer)].T)
        (units,) = charts(opened("hidden", view="All units", **link))
        np.testing.assert_array_equal(units.data[0]["z"], trace["h"][layer][:, by_half_life(trace, layer)].T)
        every = charts(opened("gradients", reach="Every signal", **link))[0].data
        grads = explorer.gradients(model, TEXT)
        shown = next(curve for curve in every if curve["name"].startswith("h "))
        np.testing.assert_array_equal(shown["customdata"], magnitudes(grads, "h", layer)[:-1])


def test_the_reader_chooses_the_layer(shelve: Shelve) -> None:
    name = shelve("gru", (2, False))
    at = opened(model=name)
    first = stage_of(at)
    second = stage_of(check(at.selectbox(key="layer").set_value(1).run()))
    assert first.header["id"] != second.header["id"]
    assert not np.array_equal(first.signals["h"], second.signals["h"])


def test_a_layer_that_is_not_there(shelve: Shelve) -> None:
    at = opened(model=shelve("gru", (2, False)), layer=2)
    assert "0 to 1" in at.warning[0].value.replace("\\", "")
    assert at.selectbox(key="layer").value == 0


def test_the_siblings_may_have_fewer_layers_and_units(shelve: Shelve) -> None:
    """Whoever stands on the second layer and the last unit comes back to what there is; the pages compare the tops."""
    deep, flat = shelve("lstm", (2, False), units=6), shelve("rnn", units=3)
    at = opened(model=deep, layer=1, unit=5)
    for page in PAGES:
        assert stage_of(go_to(at, page)).place[1] == 5
    assert stage_of(choose(at, flat)).place[1] < 3
