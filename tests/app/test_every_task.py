"""Every shipped task on every page, and every shipped network on the first one: lightly. In depth it is done with the networks of one
task (test_pages) and with tiny networks of each kind of answer (tests/studio/test_answers)."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.models import Card, siblings, zoo
from explorer.models.answers import ANSWERS
from explorer.models.zoo import MAIN
from explorer.studio import sentences, service
from tests.app.driving import GATES, LIBRARY, PAGES, VIEWS, charts, go_to, opened, press, stage_of, words
from tests.conftest import Shipped

CARDS = zoo()
TASKS = {card.task: card for card in CARDS if card.cell in MAIN}
"""task -> its last network: the LSTM, where there is one."""

each_task = pytest.mark.parametrize("card", TASKS.values(), ids=TASKS)

ODD = {
    "characters": ("x", "漢", "<b>a</b>\n", " "),
    "words": ("x", "漢", "<b>never seen</b> ...", "?!"),
    "numbers": ("0", "-1e6"),
}
"""Texts that no task expects. Numbers are for one column; the others are filled with 1."""


@pytest.mark.cases(3)
@each_task
def test_every_page(card: Card) -> None:
    """With all tabs: a title, the stage or its strip at the card's own place, a chart that has words, and no notice."""
    at = opened(model=card.name)
    for page in PAGES:
        sent = stage_of(go_to(at, page))
        assert sent.header["link"]["model"] == card.name
        assert sent.place == (card.show.step, card.show.unit)
        assert len(at.title) == 1 and not at.warning
        assert bool(charts(at)) == (page != "watch")
        assert all(chart.proto.alt for chart in at.get("plotly_chart"))
    for page, tab, names in (
        ("gates", "gates", GATES),
        ("hidden", "view", VIEWS),
        ("gradients", "reach", ("Every signal",)),
    ):
        for name in names:
            assert charts(opened(page, model=card.name, **{tab: name})), name
    go_to(at, LIBRARY)
    assert sentences.plain(card.sentence) in words(at)


@pytest.mark.cases(2)
@each_task
def test_examples_findings_and_another_excerpt(card: Card) -> None:
    """Each of them is read to its end, by all networks of the task."""
    at = opened(model=card.name)
    pressed = [f"example {label}" for label in card.examples]
    pressed += [f"finding {finding.follows}" for finding in card.findings if finding.holds]
    for key in (*pressed, "random"):
        sent = stage_of(press(at, key))
        text = at.text_area(key="text").value
        assert sent.header["steps"] == min(card.window, len(card.reader.encode(text).tokens)), key
        assert "unknown" not in words(at).lower() or sent.header["unknown"], key
    for sibling in siblings(card.name):
        assert service.problem(sibling, text) is None


@pytest.mark.cases(2)
@each_task
def test_the_right_answer_of_what_is_typed(card: Card) -> None:
    """Where a rule knows it: one for each token of any text, and one that the network could give."""
    columns = len(card.vocabulary)
    odd = [" ".join([text, *["1"] * (columns - 1)]) if columns > 1 else text for text in ODD["numbers"]]
    for text in (card.show.text, *(odd if card.tokens == "numbers" else ODD[card.tokens])):
        tokens = card.reader.encode(text).tokens
        right = service.truth(card, tokens)
        assert len(right) == len(tokens)
        labelled = not ANSWERS[card.answer].numbers and ANSWERS[card.answer].name != "next token"
        assert not labelled or set(right) <= {None, *card.labels}
        sent = stage_of(opened(model=card.name, text=text, step=1))
        assert sent.header["steps"] == len(tokens)


@pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])
def test_every_network_reads(card: Card, shipped: Shipped) -> None:
    """On the first page, its own example: every signal and every answer is a number."""
    sent = stage_of(opened(model=card.name))
    trace = explorer.trace(shipped[card.name], card.show.text)
    assert trace.nonfinite == {}
    assert sent.header["shown"] and sent.header["next"]["kind"] in ("guesses", "labels", "number")
    np.testing.assert_array_equal(sent.signals["h"], trace["h"][-1])
    assert {int(unit) for unit in sent.header["show"]["claims"]} == {finding.unit for finding in card.findings}
