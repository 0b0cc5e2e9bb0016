"""One training step: what the page shows are the numbers of the library, for each kind of network; updates follow one another."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import explorer
from explorer.models import TrainingStep, card_of, itemised, training_step
from explorer.models.clipping import clipped
from explorer.studio import service
from explorer.studio.training_step import words
from explorer.studio.training_step.truncated import BOTH_WAYS
from tests.app.conftest import Shelve
from tests.app.driving import NAMES, Chart, charts, check, go_to, opened, press
from tests.app.driving import words as said_on
from tests.conftest import Shipped
from tests.helpers import TEXT as TINY

TEXT = 'She said "no" and left.\n'
STEP, UNIT = 11, 3
LINK = {"text": TEXT, "step": STEP + 1, "unit": UNIT}
TABS = ("Itemised", "Truncated", "Clipped", "The update")
LSTM = "english-lstm"

each_model = pytest.mark.parametrize("name", NAMES)


def on(tab: str, name: str = LSTM, **link: Any) -> AppTest:
    """The page on a tab of it."""
    return opened("step", model=name, part=tab, **{**LINK, **link})


def matrix_of(at: AppTest) -> Any:
    (matrix,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_matrix")
    return matrix


def click(at: AppTest, target: int, source: int) -> AppTest:
    """A click on the matrix, as a browser tells it; both from 0."""
    states = at._tree.get_widget_states()
    pair = {"pair": {"target": target, "source": source}}
    states.widgets.append(WidgetState(id=matrix_of(at).id, json_value=json.dumps(pair)))
    return check(at._run(states))


def updates(model: explorer.models.Model, count: int, text: str = TEXT, **how: Any) -> list[TrainingStep]:
    """So many updates, one from where the other arrived."""
    made: list[TrainingStep] = []
    for _ in range(count):
        made.append(training_step(model, text, **{"learning_rate": 0.1, **how}, after=made[-1] if made else None))
    return made


def expect_losses(chart: Chart, made: list[TrainingStep]) -> None:
    """Before the first update, and after the last."""
    before, now, change = chart.data
    np.testing.assert_array_equal(before["y"], made[0].before)
    np.testing.assert_array_equal(now["y"], made[-1].after)
    np.testing.assert_array_equal(change["y"], made[-1].after - made[0].before)


@each_model
def test_itemised(name: str, shipped: Shipped) -> None:
    """Row and column of the chosen pair, which while nobody chose is what the strongest loss pulls at most before its own step."""
    sent, met = charts(on("Itemised", name))
    apart = itemised(shipped[name], TEXT)
    shares = apart.shares[:, : len(apart.shares)]
    target = int(shares.sum(1).argmax())
    source = int(shares[target, :target].argmax())
    np.testing.assert_array_equal(sent.data[0]["y"], shares[target])
    np.testing.assert_array_equal(met.data[0]["y"], shares[:, source])
    at = on("Itemised", name)
    assert words.of_all(shares, apart.norm) in said_on(at)
    assert words.of_target(shares, apart.losses, target, TEXT, " nats", True) in said_on(at)
    assert words.of_source(shares, source, TEXT) in said_on(at)


def test_the_matrix_is_sent_whole_and_a_click_on_it_chooses(shipped: Shipped) -> None:
    at = click(on("Itemised"), 9, 4)
    assert (at.number_input(key="target").value, at.number_input(key="used").value) == (10, 5)
    shares = itemised(shipped[LSTM], TEXT).shares[:, :-1]
    assert matrix_of(at).bytes.endswith(shares.astype("<f4").tobytes())
    sent, met = charts(at)
    np.testing.assert_array_equal(sent.data[0]["y"], shares[9])
    np.testing.assert_array_equal(met.data[0]["y"], shares[:, 4])


def test_a_pair_in_the_link() -> None:
    at = on("Itemised", target=8, used=2)
    assert (at.number_input(key="target").value, at.number_input(key="used").value) == (8, 2)


@each_model
def test_truncated(name: str, shipped: Shipped) -> None:
    """The curves for all lengths that are looked at, whole text included, and the sentence for the chosen one."""
    at = on("Truncated", name, k=4)
    (chart,) = charts(at)
    found = itemised(shipped[name], TEXT, service.lengths(len(TEXT))).truncated
    lost, here, angles, turned = chart.data
    np.testing.assert_allclose(lost["y"], [one.lost for one in found], rtol=1e-9)
    np.testing.assert_allclose(angles["y"], [one.angle for one in found], rtol=1e-9, atol=1e-9)
    (chosen,) = (one for one in found if one.k == 4)
    assert here["x"] == turned["x"] == [4]
    assert (here["y"][0], turned["y"][0]) == pytest.approx((chosen.lost, chosen.angle))
    assert words.of_truncation(found, itemised(shipped[name], TEXT).norm, len(TEXT) - 1, 4) in said_on(at)
    check(at.select_slider(key="k").set_value(len(TEXT)).run())
    assert "loses nothing at all" in said_on(at)


def test_a_length_that_another_text_does_not_have_is_not_kept() -> None:
    at = on("Truncated", k=20)
    assert at.select_slider(key="k").value == 20
    check(at.text_area(key="text").set_value("abcde").run())
    assert at.select_slider(key="k").value == 5


@each_model
def test_clipped(name: str, shipped: Shipped) -> None:
    """Of the gradient by every weight: the parts before and after, the entries, and two sentences."""
    at = on("Clipped", name, longest="0.5", largest="0.003")
    norms, entries = charts(at)
    whole = training_step(shipped[name], TEXT, learning_rate=0).gradient
    by_norm, by_value = clipped(whole, "norm", 0.5), clipped(whole, "value", 0.003)
    for bars, part in zip(norms.data, (whole, by_norm.gradient, by_value.gradient), strict=True):
        np.testing.assert_allclose(bars["x"], [np.linalg.norm(value) for value in part.values()], rtol=1e-12)
    flat = np.concatenate([value.ravel() for value in whole.values()])
    within, beyond = (int(np.sum(bars["y"], dtype=int)) for bars in entries.data)
    assert beyond == (np.abs(flat) > 0.003).sum()
    assert within <= (flat != 0).sum() - beyond
    assert words.of_norm(by_norm, 0.5) in said_on(at)
    assert words.of_value(by_value, 0.003, len(flat), int((flat == 0).sum())) in said_on(at)


@each_model
def test_the_page_opens_on_one_update_and_goes_on(name: str, shipped: Shipped) -> None:
    """Each press makes one more, from where the last arrived; one can begin again."""
    at = on("The update", name)
    made = updates(shipped[name], 3)
    losses, predictions = charts(at)
    expect_losses(losses, made[:1])
    now = explorer.predict(made[0].model, TEXT)[STEP]
    assert max(predictions.data[1]["x"]) == pytest.approx(float(np.exp(now.max())), rel=1e-6)
    press(press(at, "next update"), "next update")
    losses, course, _ = charts(at)
    expect_losses(losses, made)
    means = [made[0].before.mean(), *(one.after.mean() for one in made)]
    np.testing.assert_allclose(course.data[0]["y"], means, rtol=1e-6)
    assert "**Update 3**" in said_on(at)
    expect_losses(charts(press(at, "begin again"))[0], made[:1])


@pytest.mark.parametrize(
    ("link", "how"),
    [
        ({"rate": "0.3"}, {"learning_rate": 0.3}),
        ({"optimiser": "Adam", "rate": "0.003"}, {"optimiser": "adam", "learning_rate": 0.003}),
        ({"cut": "true", "k": 3}, {"k": 3}),
        ({"clip": "by norm", "longest": "0.25"}, {"clip_norm": 0.25}),
        ({"clip": "by value", "largest": "0.001"}, {"clip_value": 0.001}),
    ],
)
def test_how_the_update_is_made_is_in_the_link(link: dict[str, Any], how: dict[str, Any], shipped: Shipped) -> None:
    at = press(on("The update", **link), "next update")
    expect_losses(charts(at)[0], updates(shipped[LSTM], 2, **how))


def test_another_setting_begins_again(shipped: Shipped) -> None:
    at = press(on("The update"), "next update")
    check(at.select_slider(key="rate").set_value(0.3).run())
    assert "**Update 1**" in said_on(at)
    expect_losses(charts(at)[0], updates(shipped[LSTM], 1, learning_rate=0.3))


def test_updates_are_kept_while_one_looks_elsewhere() -> None:
    at = press(on("The update"), "next update")
    before = charts(at)[0].data[1]["y"]
    go_to(go_to(at, "gates"), "step")
    check(at.run())
    at.query_params["part"] = "The update"
    made = at.session_state["updates"]
    np.testing.assert_array_equal(made.last.after, before)


def test_the_model_that_all_share_is_never_touched() -> None:
    before = {name: weight.clone() for name, weight in service.model(LSTM).state_dict().items()}
    press(on("The update", rate="10"), "next update")
    for name, weight in service.model(LSTM).state_dict().items():
        assert weight.equal(before[name]), name


def test_a_rate_that_diverges_is_said_and_ends(shipped: Shipped) -> None:
    """The loss rises, until it is no number: then there is no next update."""
    at = opened("step", model="adding-rnn", part="The update", rate="30")
    assert "overshoots: the loss rises" in said_on(at)
    for _ in range(40):
        if at.button(key="next update").disabled:
            break
        press(at, "next update")
    assert at.button(key="next update").disabled
    assert "diverges" in said_on(at)
    assert any(trace.get("marker", {}).get("symbol") == "x" for chart in charts(at) for trace in chart.data)
    press(at, "begin again")
    assert not at.button(key="next update").disabled


def test_a_label_is_asked_for_where_the_text_holds_none(shipped: Shipped) -> None:
    """First what the network says itself; another answer has another gradient."""
    name = "sentiment-lstm"
    at = opened("step", model=name, part="The update")
    text = card_of(name).show.text
    said = shipped[name].labels[int(explorer.predict(shipped[name], text)[-1].argmax())]
    assert at.selectbox(key="right").value == said
    expect_losses(charts(at)[0], updates(shipped[name], 1, text, label=said))
    (other,) = set(shipped[name].labels) - {said}
    check(at.selectbox(key="right").set_value(other).run())
    expect_losses(charts(at)[0], updates(shipped[name], 1, text, label=other))


def test_a_number_is_asked_for_where_the_text_holds_none(shipped: Shipped) -> None:
    """First what the rule of the task says of the whole text."""
    name = "adding-lstm"
    at = opened("step", model=name, part="The update")
    card = card_of(name)
    right = service.truth(card, card.reader.encode(card.show.text).tokens)[-1]
    assert at.number_input(key="answer").value == pytest.approx(right, abs=1e-3)
    check(at.number_input(key="answer").set_value(0.25).run())
    made = updates(shipped[name], 1, card.show.text, target=0.25)
    expect_losses(charts(at)[0], made)
    answers = charts(at)[1]
    np.testing.assert_array_equal(answers.data[2]["y"], np.full(len(made[0].before), 0.25))


@pytest.mark.parametrize("tab", TABS)
def test_one_token_has_no_loss(tab: str) -> None:
    at = on(tab, text="x", step=1)
    assert "type at least two" in said_on(at)
    assert not charts(at)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("tab", TABS)
def test_a_network_that_reads_both_ways(cell: str, tab: str, shelve: Shelve) -> None:
    """It has everything but truncation, and the page says why."""
    at = opened("step", model=shelve(cell, (1, True)), part=tab, text=TINY)
    assert (BOTH_WAYS in said_on(at)) == (tab == "Truncated")
    assert bool(charts(at)) == (tab != "Truncated")
    assert not [toggle for toggle in at.toggle if toggle.key == "cut"]


@pytest.mark.parametrize("tab", TABS)
def test_two_layers(tab: str, shelve: Shelve) -> None:
    assert charts(opened("step", model=shelve("lstm", (2, False)), part=tab, text=TINY))


def test_at_the_last_token_nobody_knows_what_comes_next() -> None:
    """It has a prediction, before and now, and no right answer."""
    at = on("The update", step=len(TEXT))
    assert "the right answer is unknown" in said_on(at)
    assert not [name for name in charts(at)[-1].data[0]["y"] if "right" in name]
