"""The page that compares networks: each tab for each kind of answer shows the library's numbers; what is chosen is in the link."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import explorer
from explorer import cells
from explorer.analysis import numbers
from explorer.analysis.comparing import apart
from explorer.analysis.tokens import visible
from explorer.figures.tokens import label as escaped
from explorer.models import card_of, deletions, load, relatives
from explorer.models.matching import Variant
from explorer.signals import Array
from explorer.studio.compare.beginning import telling_step
from explorer.studio.compare.without import NEAR, shortened
from explorer.studio.components.lanes import LEVELS
from tests.app.conftest import ShelveTask
from tests.app.driving import charts, check, go_to, opened, press, stage_moves, stage_of, told, type_text, words
from tests.conftest import Shipped
from tests.models.tiny import NUMBERS
from tests.studio.test_lanes import unpacked

TABS = ("With and without", "Side by side", "Differences", "Scores")
KINDS = ("english-gru", "agreement-lstm", "sentiment-lstm", "brackets-rnn", "adding-gru", "waves-gru", "latch-lstm")
"""Next character, next word, class, label, number, forecast, and a network of one unit that was wired by hand."""
TEXT = 'She said, "I was cold," and so was he.'


def lanes_of(at: AppTest) -> tuple[dict[str, Any], dict[tuple[str, str, str], Array]]:
    """The header, and [step, unit] by title, network and signal, units in their own order."""
    (sent,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_lanes")
    header, values = unpacked(sent.bytes)
    found, left = {}, iter(values)
    for group in header["groups"]:
        for lane in group["lanes"]:
            own = np.argsort(lane["units"])
            found[group["title"], lane["network"], lane["signal"]] = next(left).T[:, own] * lane["largest"] / LEVELS
    return header, found


def head_of(at: AppTest) -> dict[str, Any]:
    """What was sent of the playhead."""
    (sent,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_lanes_head")
    found: dict[str, Any] = json.loads(sent.json)
    return found


def out_of(at: AppTest) -> int:
    """Which token is left out, from 0."""
    return int(at.number_input(key="without").value) - 1


@pytest.mark.parametrize("name", KINDS)
def test_every_tab_of_every_kind_of_answer(name: str) -> None:
    """None breaks, each says something and draws something; each chart has words for those who cannot see it."""
    for tab in TABS:
        at = opened("compare", model=name, beside=tab)
        assert not at.warning
        assert all(chart.proto.alt for chart in at.get("plotly_chart"))
        assert "nan" not in words(at).lower().replace("(", " ").split()
        if tab == "Side by side":
            assert lanes_of(at)[1]
        else:
            assert charts(at)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(
    ("name", "text"), [("english-lstm", "ab"), ("sentiment-lstm", "good film"), ("waves-rnn", "0\n1")]
)
def test_two_tokens(name: str, text: str, tab: str) -> None:
    for step in (1, 2):
        at = opened("compare", model=name, text=text, step=step, beside=tab)
        assert not at.warning


@pytest.mark.parametrize("tab", TABS)
def test_a_single_token(tab: str) -> None:
    """There is nothing to leave out, which is said; all else is drawn."""
    at = opened("compare", model="english-gru", text="a", beside=tab)
    assert ("has only one" in words(at)) == (tab == TABS[0])


def test_before_the_first_step_there_is_nothing_to_leave_out() -> None:
    at = opened("compare", model="english-gru", text=TEXT, step=1)
    assert "Before the first step there is nothing to leave out" in words(at)
    assert not charts(at)


@pytest.mark.parametrize(
    ("name", "due", "out"), [("english-lstm", '"', '"'), ("agreement-lstm", "sing", "boys"), ("copy-lstm", ".", "a")]
)
def test_it_opens_where_its_effect_is_to_be_seen(name: str, due: str, out: str) -> None:
    """A session that begins here: where something is due that depends on what came long before, without just that."""
    card = card_of(name)
    step = telling_step(card, card.show.text)
    tokens = card.reader.encode(card.show.text).tokens
    at = opened("compare", model=name, step=step + 1)
    assert tokens[step + 1] == due
    assert tokens[out_of(at)] == out


def test_the_opening_quote_makes_the_difference() -> None:
    at = opened("compare", model="english-lstm", step=24)
    assert "**LSTM** falls from 61 % to 7 %" in words(at)
    assert "**RNN** stays about the same" in words(at)


@pytest.mark.parametrize(
    "name", ["english-gru", "agreement-lstm", "sentiment-rnn", "brackets-lstm", "adding-gru", "waves-lstm"]
)
def test_the_bars_are_what_the_library_predicts(name: str, shipped: Shipped) -> None:
    """With the token, of the text; without it, of the text that lacks it, one step earlier."""
    card = card_of(name)
    tokens = card.reader.encode(card.show.text).tokens
    step = len(tokens) - 2
    at = opened("compare", model=name, step=step + 1, without=3)
    shorter = card.reader.joined(tokens[:2] + tokens[3:])
    data = charts(at)[1].data
    for sibling in relatives(card.name):
        label = sibling.cell.upper()
        whole = explorer.predict(shipped[sibling.name], card.show.text)[step]
        less = explorer.predict(shipped[sibling.name], shorter)[step - 1]
        if card.answer in ("number", "forecast"):
            n = list(data[0]["y"]).index(label)
            assert (data[0]["x"][n], data[1]["x"][n]) == (whole[0], less[0])
            continue
        labels = [escaped(visible(name)) for name in load(name).labels]
        for values, says in ((whole, "with it"), (less, "without it")):
            (bars,) = (one for one in data if one["name"] == f"{label}, {says}")
            for shown, share in zip(bars["customdata"], bars["x"], strict=True):
                assert share == np.exp(values[labels.index(shown)])


def test_the_rows_are_the_librarys_deletions(shipped: Shipped) -> None:
    at = opened("compare", model="english-rnn", text=TEXT, step=20)
    rows = charts(at)[0].data[0]
    for name, row in zip(rows["y"], rows["z"], strict=True):
        found = deletions(shipped[f"english-{name.lower()}"], TEXT, "log_prob", 19)
        np.testing.assert_array_equal(row, (found / np.log(2)).astype(np.float32))  # bits, as on the other tabs


def test_while_nobody_chooses_the_token_that_matters_most_is_left_out(shipped: Shipped) -> None:
    """To the network at the left, the last two aside; it follows the playhead, the text and the network."""
    at = opened("compare", model="english-rnn", text=TEXT, step=20)
    found = np.abs(deletions(shipped["english-rnn"], TEXT, "log_prob", 19)[: 20 - NEAR])
    assert out_of(at) == found.argmax()
    type_text(at, "a completely different text, read to its end")
    step = stage_of(at).place[0]
    found = np.abs(
        deletions(shipped["english-rnn"], at.text_area(key="text").value, "log_prob", step)[: step + 1 - NEAR]
    )
    assert out_of(at) == found.argmax()


def click_a_letter(at: AppTest, step: int) -> AppTest:
    (rows,) = (chart.proto for chart in at.get("plotly_chart") if chart.proto.id.endswith("-leave_out"))
    selection = {"selection": {"points": [{"x": step, "y": "GRU"}], "point_indices": [step], "box": [], "lasso": []}}
    return told(at, WidgetState(id=rows.id, string_value=json.dumps(selection)))


def test_a_clicked_letter_is_left_out() -> None:
    """But not one after the playhead, which has no part in the answer."""
    at = opened("compare", model="english-lstm", text=TEXT, step=20)
    assert out_of(click_a_letter(at, 5)) == 5
    assert "Without `a` (step 6, 14 steps before the playhead)" in words(at)
    assert out_of(click_a_letter(at, 30)) == 5


def test_a_button_leads_to_where_it_matters() -> None:
    at = opened("compare", model="english-lstm", step=3)
    (button,) = (one for one in at.button if one.label == "Where it matters")
    check(button.click().run())
    assert stage_of(at).place[0] == 23
    assert "**LSTM** falls from 61 % to 7 %" in words(at)


@pytest.mark.parametrize(
    ("name", "text", "out", "left"),
    [
        ("english-lstm", "abc", 1, "ac"),
        ("sentiment-lstm", "a , b", 0, ", b"),
        ("adding-lstm", "0.5 0\n0.25 1", 0, "0.25 1"),
    ],
)
def test_a_text_without_a_token_has_all_others(name: str, text: str, out: int, left: str) -> None:
    card = card_of(name)
    tokens = card.reader.encode(text).tokens
    shorter = shortened(card, tokens, out)
    assert shorter == left
    assert card.reader.encode(shorter).tokens == tokens[:out] + tokens[out + 1 :]


@pytest.mark.parametrize("name", ["english-lstm", "agreement-gru", "waves-lstm"])
def test_the_lanes_are_the_librarys_signals(name: str, shipped: Shipped) -> None:
    """Belts, gates and h of every network, to the digits that are sent; and the gradient of the answer at the playhead."""
    card = card_of(name)
    at = opened("compare", model=name, beside="Side by side", step=6)
    header, found = lanes_of(at)
    networks = list(dict.fromkeys(network for _, network, _ in found))
    assert sorted(networks) == ["GRU", "LSTM", "RNN"]
    for network in networks:
        model = shipped[f"{card.task}-{network.lower()}"]
        trace = explorer.trace(model, card.show.text)
        names = {signal for _, other, signal in found if other == network}
        assert names == {"h", *(s.name for s in trace.of_kind("gate")), *(belt.state for belt in trace.belts)}
        for (_, other, signal), values in found.items():
            if other == network:
                largest = np.abs(trace[signal][0]).max()
                np.testing.assert_allclose(values, trace[signal][0], atol=0.501 * largest / LEVELS)
        grads = explorer.gradients(model, card.show.text, of="logit", at=5, by="state")["grad_state"][0].astype(
            np.float64
        )
        # Six digits are sent.
        np.testing.assert_allclose(head_of(at)["reach"][network], np.linalg.norm(grads, axis=1), rtol=1e-5, atol=1e-37)
    assert head_of(at)["step"] == 5
    assert {group["title"]: group["without"] for group in header["groups"]}["Read gate"] == ["GRU", "RNN"]


def test_the_numbers_are_sent_once_though_the_playhead_moves() -> None:
    at = opened("compare", model="english-gru", text=TEXT, beside="Side by side", step=6)
    before = next(one.proto.bytes for one in at.get("bidi_component") if one.proto.component_name == "carousel_lanes")
    stage_moves(at, 20, 3)
    after = next(one.proto.bytes for one in at.get("bidi_component") if one.proto.component_name == "carousel_lanes")
    assert before == after
    assert head_of(at)["step"] == 20


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_is_compared_untrained(cell: str) -> None:
    """With as many parameters as come closest; its lanes are its own signals, its answers are somewhere else."""
    label = f"untrained {cell.upper()}"
    at = with_networks(
        opened("compare", model="agreement-lstm", beside="Side by side", seed_of_untrained=3), "LSTM", label
    )
    variant = load(Variant(cell, 3, "agreement-lstm").name)
    trace = explorer.trace(variant, card_of("agreement-lstm").show.text)
    _, found = lanes_of(at)
    np.testing.assert_allclose(
        found["Hidden state", label, "h"], trace["h"][0], atol=0.501 * np.abs(trace["h"][0]).max() / LEVELS
    )
    assert f"{variant.parameter_count:,} parameters" in words(at)


def with_networks(at: AppTest, *labels: str) -> AppTest:
    return check(at.multiselect(key="networks").set_value(list(labels)).run())


def test_differences_are_those_of_the_librarys_answers(shipped: Shipped) -> None:
    """The first that was chosen is what the others are compared with."""
    at = with_networks(opened("compare", model="english-lstm", text=TEXT, beside="Differences"), "GRU", "RNN")
    answers = {name: explorer.predict(shipped[f"english-{name}"], TEXT) for name in ("gru", "rnn")}
    above, below = charts(at)[0].data
    assert above["name"] == "RNN"
    np.testing.assert_array_equal(above["y"], apart(answers["gru"], answers["rnn"], numbers=False))
    ids = load("english-rnn").prepare(TEXT).ids.tolist()
    bits = {
        name: np.array([-values[t, ids[t + 1]] / np.log(2) for t in range(len(TEXT) - 1)])
        for name, values in answers.items()
    }
    np.testing.assert_allclose(below["y"][:-1], bits["rnn"] - bits["gru"], rtol=1e-6, atol=1e-9)  # float32 answers
    assert np.isnan(below["y"][-1]), "nobody knows what comes after the text"


def test_one_network_is_not_compared() -> None:
    at = with_networks(opened("compare", model="english-lstm", beside="Side by side"), "GRU")
    assert "Choose at least two" in words(at)


def test_a_network_of_another_task_is_not_kept(shelve_task: ShelveTask) -> None:
    """A choice that is not there is said, and the page opens all the same."""
    card = shelve_task(NUMBERS, "rnn")
    at = opened("compare", model=card.name, beside="Side by side", networks="LSTM")
    assert "Not among the networks here: LSTM" in words(at).replace("\\", "")


def test_a_task_of_one_network(shelve_task: ShelveTask) -> None:
    card = shelve_task(NUMBERS, "rnn")
    for tab in TABS:
        at = opened("compare", model=card.name, beside=tab)
        assert not at.warning
        assert tab not in TABS[1:3] or at.multiselect(key="networks").value[0] == "RNN"
        assert "Choose at least two" not in words(at)
    assert "only one network" in words(at)


@pytest.mark.parametrize("name", ["waves-lstm", "sentiment-gru", "english-rnn", "latch-gru"])
def test_scores_of_every_seed(name: str) -> None:
    """A dot each, a line at the baseline, and a table of the same numbers."""
    at = opened("compare", model=name, beside="Scores")
    figure, headline = charts(at)[0], card_of(name).headline
    for card, row in zip(relatives(name), figure.data, strict=True):
        tried = {one["seed"]: one[headline.key] for one in card.seeds} or {card.seed: card.score}
        assert dict(zip(row["customdata"], row["x"], strict=True)) == tried
        for score in tried.values():
            assert (numbers.share(score, 1) if headline.percent else f"{score:.4g}") in words(at)
        assert f"{card.parameters:,}" in words(at)
    others = [key for key in card_of(name).scores if key != headline.key and not key.startswith("excerpt_")]
    assert len(charts(at)) == 1 + len(others)
    lines = [shape["x0"] for shape in figure.layout.get("shapes", []) if shape["x0"] == shape["x1"]]
    assert lines == ([] if headline.baseline is None else [headline.baseline])


def test_every_score_of_the_card_is_shown() -> None:
    """The pronouns of agreement beside its verbs: in how many seeds they are near chance is to be seen, a dot each."""
    at = opened("compare", model="agreement-lstm", beside="Scores")
    verbs, pronouns = charts(at)
    for card, row in zip(relatives("agreement-lstm"), pronouns.data, strict=True):
        assert dict(zip(row["customdata"], row["x"], strict=True)) == {
            one["seed"]: one["held_out_pronoun_accuracy"] for one in card.seeds
        }
    values = [score for row in pronouns.data for score in row["x"]]
    assert sum(score < 0.6 for score in values) >= 5
    assert min(score for row in verbs.data for score in row["x"]) > 0.9
    assert "pronoun accuracy" in words(at)
    medians = [np.median(row["x"]) for row in pronouns.data]
    widest = max(np.ptp(row["x"]) for row in pronouns.data)
    assert f"**{100 * (max(medians) - min(medians)):.3g} percentage points** apart" in words(at)
    assert f"up to **{100 * widest:.3g} percentage points** apart" in words(at)


@pytest.mark.parametrize("tab", TABS)
def test_an_untrained_network_at_the_left_is_compared_too(tab: str) -> None:
    name = Variant("gru", 2, "agreement-lstm").name
    at = opened("compare", model=name, beside=tab)
    assert not at.warning
    assert ("untrained GRU" in words(at)) == (tab != "Scores")


def test_from_another_page_the_reader_stays_at_the_step() -> None:
    at = opened(model="english-lstm", step=9)
    assert stage_of(go_to(at, "compare")).place[0] == 8


def test_an_example_leads_on() -> None:
    at = opened("compare", model="english-lstm", beside="Side by side")
    press(at, "example A long sentence")
    assert lanes_of(at)[0]["shown"]
