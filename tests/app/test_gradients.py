"""The page on gradients: each tab for each kind of answer shows the library's numbers, and a pair that is clicked is the page's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import explorer
from explorer.analysis.reach import by_distance, magnitudes
from explorer.models import card_of, elman, paths, siblings, spectra
from explorer.signals import Array
from explorer.studio.reach import words as said
from explorer.studio.sentences import glyph
from tests.app.conftest import ShelveTask
from tests.app.driving import charts, check, curve_of, opened, told, words
from tests.conftest import Shipped
from tests.models.tiny import NUMBERS
from tests.studio.test_matrix import unpacked

TABS = ("How far", "Every pair", "Two paths", "Why", "Every signal")
ASKED = {
    "agreement-lstm": "the loss: −ln P of the real next word",
    "sentiment-lstm": "the score (logit) of “positive”",
    "adding-gru": "the number it gives",
    "waves-gru": "the squared error",
    "latch-lstm": None,
}
"""Next token, class, number, forecast, and a network of one unit; with an objective of each."""
SHORT = {"english-lstm": ("ab", "the mean loss of all steps"), "sentiment-lstm": ("good film", "h of the pinned unit")}
"""Two tokens, of the objectives that are special."""


def matrices_of(at: AppTest) -> tuple[dict[str, Any], dict[str, Array]]:
    """What the matrices are drawn from: the header, and [target, source] by cell."""
    header, values = unpacked(_matrix(at).bytes)
    return header, {cell["name"]: one for cell, one in zip(header["cells"], values, strict=True)}


def click_a_pair(at: AppTest, target: int, source: int) -> AppTest:
    """As a browser tells of a click in a matrix."""
    value = json.dumps({"pair": {"target": target, "source": source}})
    return told(at, WidgetState(id=_matrix(at).id, json_value=value))


def _matrix(at: AppTest) -> Any:
    (found,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_matrix")
    return found


def pair_of(at: AppTest) -> tuple[int, int]:
    """Target and source, from 0, as the page and its link have them."""
    boxes = {name: at.number_input(key=name).value for name in ("at", "since")}
    return int(boxes["at"]) - 1, int(boxes["since"]) - 1


@pytest.mark.parametrize("name", ASKED)
def test_every_tab_of_every_kind_of_answer(name: str) -> None:
    """None breaks, each says something and draws something; each chart has words for those who cannot see it."""
    link = {"of": ASKED[name]} if ASKED[name] else {}
    for tab in TABS:
        at = opened("gradients", model=name, reach=tab, **link)
        assert not at.warning
        if ASKED[name]:
            assert at.selectbox(key="of").value == ASKED[name]
        assert charts(at)
        assert all(chart.proto.alt for chart in at.get("plotly_chart"))
        assert "nan" not in words(at).lower().split()


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("tab", TABS)
def test_a_text_of_two_tokens(name: str, tab: str) -> None:
    text, of = SHORT[name]
    at = opened("gradients", model=name, text=text, of=of, reach=tab)
    assert at.selectbox(key="of").value == of and not at.warning
    assert charts(at)


@pytest.mark.parametrize("tab", TABS)
def test_a_single_token_has_no_step_before_it(tab: str) -> None:
    at = opened("gradients", model="english-gru", text="a", reach=tab)
    assert "A gradient needs a step before the one that it is of" in words(at)
    assert not charts(at)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("agreement-lstm", {"of": "loss"}),
        ("sentiment-lstm", {"of": "logit", "label": "positive"}),
        ("adding-gru", {"of": "logit"}),
        ("waves-gru", {"of": "loss"}),
    ],
)
def test_the_matrices_are_the_librarys(name: str, arguments: dict[str, str], shipped: Shipped) -> None:
    """Of every network of the task, with the pair that the boxes name; the median of each distance below them."""
    at = opened("gradients", model=name, reach="Every pair", of=ASKED[name])
    header, found = matrices_of(at)
    text = card_of(name).show.text
    assert list(found) == [card.cell for card in reversed(siblings(name))]
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[0].data if "name" in curve}
    for card in siblings(name):
        matrix = explorer.gradient_matrix(shipped[card.name], text, by="state", **arguments)
        np.testing.assert_array_equal(found[card.cell], matrix.astype(np.float32))
        spread = by_distance(matrix)
        np.testing.assert_array_equal(curves[card.cell.upper()], spread.median[spread.pairs > 0])
    assert (header["pair"]["target"], header["pair"]["source"]) == pair_of(at)


def test_the_matrix_of_a_states_own_gradient(shipped: Shipped) -> None:
    """Of the pinned unit's h, which has a target at the last step too."""
    at = opened(
        "gradients", model="english-gru", text="It was so.", of="h of the pinned unit", unit=7, reach="Every pair"
    )
    matrix = explorer.gradient_matrix(shipped["english-gru"], "It was so.", "h", 7, by="state")
    np.testing.assert_array_equal(matrices_of(at)[1]["gru"], matrix.astype(np.float32))
    assert pair_of(at)[0] == len("It was so.") - 1


def test_the_mean_has_the_matrix_of_its_losses(shipped: Shipped) -> None:
    at = opened(
        "gradients", model="english-rnn", text="It was so.", of="the mean loss of all steps", reach="Every pair"
    )
    matrix = explorer.gradient_matrix(shipped["english-rnn"], "It was so.", "loss", by="state")
    np.testing.assert_array_equal(matrices_of(at)[1]["rnn"], matrix.astype(np.float32))
    assert np.isnan(matrices_of(at)[1]["rnn"][-1]).all()


TEXT = "He was cold, and so was I."


def test_a_clicked_pair_is_that_of_the_page(shipped: Shipped) -> None:
    """In the boxes, the matrices, the sentence; and of the other tabs, to which it is taken along."""
    at = opened("gradients", model="english-lstm", text=TEXT, reach="Every pair")
    click_a_pair(at, 20, 6)
    assert pair_of(at) == (20, 6)
    assert matrices_of(at)[0]["pair"] == {"target": 20, "source": 6}
    assert f"at {glyph(TEXT[6])} (step 7) moves the result at `{TEXT[20]}` (step 21), 14 steps later" in words(at)
    for card in siblings("english-lstm"):
        entry = explorer.gradient_matrix(shipped[card.name], TEXT, by="state")[20, 6]
        assert f"**{card.cell.upper()}** {said.size(entry)}" in words(at)


def test_h_and_c_can_be_asked_for_alone(shipped: Shipped) -> None:
    """On both tabs; of c nothing is shown of networks that have none, and they are named."""
    link = {"model": "english-lstm", "text": TEXT, "at": 21}
    for by in "hc":
        grads = explorer.gradients(shipped["english-lstm"], TEXT, at=20)
        at = opened("gradients", by=by, reach="How far", **link)
        np.testing.assert_array_equal(curve_of(at, "english-lstm"), magnitudes(grads, by)[:21])
        at = opened("gradients", by=by, reach="Every pair", **link)
        found = matrices_of(at)[1]
        matrix = explorer.gradient_matrix(shipped["english-lstm"], TEXT, by=by)
        np.testing.assert_array_equal(found["lstm"], matrix.astype(np.float32))
        assert set(found) == ({"lstm"} if by == "c" else {"lstm", "gru", "rnn"})
        assert ("RNN and GRU have no c." in words(at) or "GRU and RNN have no c." in words(at)) == (by == "c")


def test_every_source_can_be_chosen() -> None:
    """The one, too, that it stood at while nobody chose."""
    at = opened("gradients", model="english-lstm", text=TEXT, reach="Every pair")
    unchosen = pair_of(at)[1]
    click_a_pair(at, 20, unchosen)
    assert pair_of(at) == (20, unchosen)


def test_a_pair_of_the_mean_is_one_of_its_losses() -> None:
    """Each row of the matrix is the loss of one step."""
    at = opened("gradients", model="english-rnn", text=TEXT, of="the mean loss of all steps", reach="Every pair")
    assert pair_of(at)[0] == len(TEXT) - 2
    for target, source in ((5, 2), (5, 1), (20, 6)):
        click_a_pair(at, target, source)
        assert pair_of(at) == (target, source)
        assert matrices_of(at)[0]["pair"] == {"target": target, "source": source}


def test_a_pair_in_the_link_is_that_of_every_tab(shipped: Shipped) -> None:
    """Curves end at the target; the full derivative is the one between the two."""
    link = {"model": "english-lstm", "text": TEXT, "at": 21, "since": 7}
    grads = explorer.gradients(shipped["english-lstm"], TEXT, at=20)
    at = opened("gradients", reach="How far", **link)
    assert at.number_input(key="at").value == 21
    assert len(curve_of(at, "english-lstm")) == 21
    assert "going back from step 20" in words(at)
    at = opened("gradients", reach="Every pair", **link)
    assert pair_of(at) == (20, 6)
    at = opened("gradients", reach="Two paths", **link)
    assert pair_of(at) == (20, 6)
    found = paths(shipped["english-lstm"], TEXT, to=20)
    assert said.of_paths(said.going_back(found, range(20, -1, -1)), 14) in words(at)
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[0].data}
    np.testing.assert_array_equal(curves["full derivative, largest singular value"], found.spectral[:21])
    np.testing.assert_array_equal(curves["direct path, the unit that keeps most"], found.direct[:21].max(1))
    full = explorer.channels(shipped["english-lstm"], TEXT, to=20, since=6)[1]
    drawn = charts(at)[1].data[0]
    order = [int(unit) for unit, _ in drawn["customdata"][0]]
    np.testing.assert_array_equal(drawn["z"], full[np.ix_(order, order)].astype(np.float32))
    at = opened("gradients", reach="Every signal", **link)
    assert len(charts(at)[0].data[-1]["customdata"]) == 21
    assert set(grads.signals)


def test_why_tells_of_every_network(shipped: Shipped) -> None:
    """Singular values on one axis for all, and of the RNN what is said of it beside what happens."""
    at = opened("gradients", model="english-gru", text=TEXT, at=21, reach="Why")
    found = charts(at)
    cards = list(reversed(siblings("english-gru")))
    assert len({tuple(chart.layout["yaxis"]["range"]) for chart in found[: len(cards)]}) == 1
    for card, chart in zip(cards, found, strict=False):
        one = spectra(shipped[card.name], TEXT, to=20)
        curves = {curve["name"]: curve["customdata"] for curve in chart.data}
        np.testing.assert_array_equal(curves["largest"], one.full[:21, 0])
        assert ("largest of h alone" in curves) == (card.cell == "lstm")
        assert said.of_spectra(said.going_back(one, range(20, -1, -1))) in words(at)
    known = elman(shipped["english-rnn"], TEXT, to=20)
    exact, bound, misordered = found[len(cards)].data
    np.testing.assert_array_equal(exact["customdata"], known.exact[:21])
    np.testing.assert_array_equal(bound["customdata"], known.bound[:21])
    np.testing.assert_array_equal(misordered["customdata"], known.misordered[:21])
    assert said.of_elman(said.going_back(known, range(20, -1, -1))) in words(at)


def test_a_squashing_repeated_as_often_as_one_likes() -> None:
    at = opened("gradients", model="english-gru", text=TEXT, reach="Why")
    check(at.slider(key="times").set_value(9).run())
    assert said.of_squashing(9) in words(at)
    assert charts(at)[-1].layout["annotations"][0]["text"] == "applied 9 ×"


def test_without_a_belt_there_is_no_direct_path(shelve_task: ShelveTask) -> None:
    at = opened("gradients", model=shelve_task(NUMBERS, "rnn").name, reach="Two paths")
    assert "None of these networks has a belt" in words(at)
    assert not charts(at)


def test_without_an_elman_network_nothing_is_said_of_it(shelve_task: ShelveTask) -> None:
    at = opened("gradients", model=shelve_task(NUMBERS, "lstm").name, reach="Why")
    assert [header.value for header in at.subheader] == ["Squashed again and again"]
    assert len(charts(at)) == 2


def test_a_clicked_letter_is_the_target() -> None:
    """Of the rows in which the text fades; the source stays before it."""
    at = opened("gradients", model="english-lstm", text=TEXT)
    (rows,) = (chart.proto for chart in at.get("plotly_chart") if chart.proto.id.endswith("-rows"))
    selection = {"selection": {"points": [{"x": 9, "y": "GRU"}], "point_indices": [9], "box": [], "lasso": []}}
    told(at, WidgetState(id=rows.id, string_value=json.dumps(selection)))
    assert at.number_input(key="at").value == 10
    assert "going back from step 9" in words(at)
