"""What the stage is told of the answers, for each kind of answer there is: the library's numbers, and what is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import explorer
from explorer.analysis.tokens import short, visible
from explorer.models import Card, card_of
from explorer.signals import Array
from explorer.studio.components.stage.answers import GUESSES, in_full
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place
from tests.app.conftest import ShelveTask
from tests.app.driving import Sent, opened, stage_of
from tests.app.tasks import NEXT_WORDS
from tests.models.tiny import CLASSES, FORECASTS, LABELS, NUMBERS, STATES, asked

SIX: dict[str, float] = {"rtol": 1e-5, "atol": 1e-12}
"""Of a float32's seven digits, six are sent."""

SNIPPET = "The plot: good film, it's bad. In 2010 GOOD!"
ROWS = "0.25 0; 0.75 1\n-0.5,0"
WAVE = "0.5\n0.25\n-0.125\n2"
LETTERS = "cadebcd"


def sent_of(card: Card, text: str) -> tuple[Sent, Array]:
    """What the first page sends for that text, and what the library predicts for it."""
    sent = stage_of(opened(model=card.name, text=text, step=1))
    return sent, explorer.predict(explorer.load(card.name), text)


def test_words_are_tokens(shelve_task: ShelveTask) -> None:
    """A step a word or mark, as typed; those that are not known are marked."""
    sent, _ = sent_of(shelve_task(CLASSES), SNIPPET)
    shown = ["The", "plot", ":", "good", "film", ",", "it's", "bad", ".", "In", "2010", "GOOD", "!"]
    assert sent.header["shown"] == sent.header["names"] == shown
    known = set(CLASSES.data().reader.symbols)
    assert sent.header["unknown"] == [step for step, word in enumerate(shown) if word.lower() not in known]


def test_guesses_of_the_next_word(shelve_task: ShelveTask) -> None:
    card, text = shelve_task(NEXT_WORDS), "ann cat dan bob"
    sent, log_p = sent_of(card, text)
    assert sent.header["next"]["kind"] == "guesses" and sent.header["answers"] is None
    labels = [visible(label) for label in card.reader.labels]
    for step, top in enumerate(sent.header["next"]["top"]):
        assert len(top) == min(GUESSES, len(labels) - 1)
        best = [int(k) for k in np.argsort(-log_p[step]) if card.reader.symbols[k - 1 : k]][: len(top)]  # 0 is unknown
        assert visible("�") not in [word for word, _ in top]
        assert [word for word, _ in top] == [labels[k] for k in best]
        np.testing.assert_allclose([share for _, share in top], np.exp(log_p[step, best]), **SIX)
    following = [card.reader.id_of(word) for word in text.split()[1:]]
    for step, (real, index) in enumerate(zip(sent.header["next"]["real"][:-1], following, strict=True)):
        np.testing.assert_allclose(real["share"], np.exp(log_p[step, index]), **SIX)


def test_a_class(shelve_task: ShelveTask) -> None:
    """Both classes' shares at every prefix; under the tokens that of the second, coloured by which of them it is."""
    card = shelve_task(CLASSES)
    sent, log_p = sent_of(card, SNIPPET)
    told, under = sent.header["next"], sent.header["answers"]
    assert (told["kind"], told["labels"]) == ("labels", ["negative", "positive"])
    np.testing.assert_allclose(told["shares"], np.exp(log_p), **SIX)
    assert told["real"] == [None] * len(log_p), "nobody knows what a text that was typed is"
    positive = np.exp(log_p[:, 1])
    assert under["name"] == "P(positive)"
    assert under["says"] == [short(float(share)) for share in positive]
    np.testing.assert_allclose(under["colours"], 2 * positive - 1, rtol=1e-4, atol=1e-6)
    assert under["right"] is None


def test_a_label_at_every_step(shelve_task: ShelveTask) -> None:
    """What it says, what is right where something is asked, and whether that is the same."""
    card = shelve_task(LABELS)
    sent, log_p = sent_of(card, LETTERS)
    told, under, right = sent.header["next"], sent.header["answers"], asked(LETTERS)
    assert (told["kind"], told["labels"]) == ("labels", list(STATES))
    np.testing.assert_allclose(told["shares"], np.exp(log_p), **SIX)
    assert told["real"] == [None if label is None else STATES.index(label) for label in right]
    assert None in right, "one step asks for nothing"
    says = [STATES[k] for k in log_p.argmax(1)]
    assert (under["name"], under["says"]) == ("it says", says)
    assert under["right"] == [None if r is None else r == s for r, s in zip(right, says, strict=True)]


def test_three_labels_have_no_scale_between_two_ends(shelve_task: ShelveTask) -> None:
    card = shelve_task(replace(LABELS, labels=(*STATES, "aside")))
    sent, log_p = sent_of(card, LETTERS)
    assert sent.header["answers"]["colours"] is None
    assert sent.header["answers"]["says"] == [(*STATES, "aside")[k] for k in log_p.argmax(1)]
    np.testing.assert_allclose(sent.header["next"]["shares"], np.exp(log_p), **SIX)


def test_without_a_rule_nothing_is_right_or_wrong(shelve_task: ShelveTask) -> None:
    sent, _ = sent_of(shelve_task(replace(LABELS, truth=None)), LETTERS)
    assert sent.header["next"]["real"] == [None] * len(LETTERS)
    assert sent.header["answers"]["right"] is None, "nor is any of them marked as without a question"


def test_a_number(shelve_task: ShelveTask) -> None:
    """Rows are shortened on the strip; the number at every step, and the right one where the rule says so."""
    marked = replace(NUMBERS, truth=lambda rows: [None] * (len(rows) - 1) + [0.75])
    sent, values = sent_of(shelve_task(marked), ROWS)
    assert sent.header["shown"] == [".25", ".75•", "−.5"]
    assert sent.header["names"] == ["0.25 0", "0.75 1", "-0.5 0"]
    assert sent.header["unknown"] == []
    told, under = sent.header["next"], sent.header["answers"]
    assert (told["kind"], told["name"]) == ("number", "value")
    np.testing.assert_allclose(told["values"], values[:, 0], **SIX)
    assert told["real"] == [None, None, 0.75]
    np.testing.assert_allclose(under["values"], values[:, 0], **SIX)
    assert (under["name"], under["ahead"]) == ("value", 0)


def test_a_forecast(shelve_task: ShelveTask) -> None:
    """The right number is the next row's, which the text holds; it is drawn a step ahead."""
    sent, values = sent_of(shelve_task(FORECASTS), WAVE)
    told, under = sent.header["next"], sent.header["answers"]
    np.testing.assert_allclose(told["values"], values[:, 0], **SIX)
    assert told["real"] == [0.25, -0.125, 2.0, None]
    assert (under["name"], under["ahead"]) == ("next value", 1)


def test_a_number_that_is_none_is_sent_as_none(shelve_task: ShelveTask, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON has no NaN."""
    card = shelve_task(FORECASTS)
    broken = np.full((4, 1), np.nan, np.float32)
    monkeypatch.setattr("explorer.studio.service.predictions", lambda *_: broken)
    sent = stage_of(opened(model=card.name, text=WAVE, step=1))
    assert sent.header["next"]["values"] == sent.header["answers"]["values"] == [None] * 4


@pytest.mark.parametrize("recipe", [CLASSES, LABELS, NUMBERS, FORECASTS], ids=lambda recipe: recipe.task)
def test_other_pages_have_the_row_alone(recipe: object, shelve_task: ShelveTask) -> None:
    card = shelve_task(recipe)
    whole, strip = (stage_of(opened(page, model=card.name)).header for page in ("watch", "belt"))
    assert strip["answers"] == whole["answers"] is not None
    assert "next" in whole and "next" not in strip


def test_a_network_that_has_read_on_is_not_asked_as_if_the_text_ended_here() -> None:
    forwards = Reading.of(Place(card_of("sentiment-lstm"), "a fine film", 0, 0, 0))
    both = replace(forwards, place=replace(forwards.place, card=replace(forwards.place.card, bidirectional=True)))
    titles = [in_full(one)["title"] for one in (forwards, both)]
    assert titles == [
        "What would it say, if the text ended here?",
        "What does it say here, having read the whole text?",
    ]
