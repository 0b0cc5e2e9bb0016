"""What pages ask of their reader, for each kind of token and of answer."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.analysis.differences import distance
from explorer.analysis.reach import magnitudes
from explorer.models import Card, card_of
from explorer.models.recipes import Recipe
from explorer.models.vocabulary import KINDS
from explorer.studio.controls import replaced
from tests.app.conftest import ShelveTask
from tests.app.driving import HOSTILE, NAMES, charts, check, curve_of, opened, words
from tests.app.tasks import NEXT_WORDS
from tests.models.tiny import CLASSES, FORECASTS, LABELS, NUMBERS

SNIPPET = "The plot: good film,it's bad.  The\nend!"
ROWS = "0.25 0; 0.5 1\n-0.75,0"


@pytest.fixture(params=KINDS)
def card(request: pytest.FixtureRequest, shelve_task: ShelveTask) -> Card:
    """One that reads each kind of token."""
    recipes = {"characters": LABELS, "words": CLASSES, "numbers": NUMBERS}
    return shelve_task(recipes[request.param])


@pytest.mark.parametrize(
    ("tokens", "old", "typed", "into", "told"),
    [
        ("characters", "a", "z", "z", ""),
        ("characters", "a", "zy", "z", ""),
        ("characters", "a", "a", "x", "the same as before"),
        ("characters", "x", "x", "o", "the same as before"),
        ("characters", "a", "", "x", "0 characters"),
        ("words", "good", "awful", "awful", ""),
        ("words", "good", "  Awful ", "Awful", ""),
        ("words", "good", "!", "!", ""),
        ("words", "good", "good", "the", "the same as before"),
        ("words", "the", "the", "a", "the same as before"),
        ("words", "good", "not so", "the", "2 words"),
        ("words", "good", " ", "the", "0 words"),
        ("numbers", "0.5 1", "1 0", "1 0", ""),
        ("numbers", "0.5 1", "1,0;", "1 0", ""),
        ("numbers", "0.5 1", "0.5 1", "0 0", "the same as before"),
        ("numbers", "0 0", "0 0", "1 1", "the same as before"),
        ("numbers", "0.5 1", "1", "0 0", "cannot be read"),
        ("numbers", "0.5 1", "x y", "0 0", "cannot be read"),
        ("numbers", "0.5 1", "1 0; 1 1", "0 0", "2 numbers"),
        ("numbers", "0.5 1", ";", "0 0", "0 numbers"),
        ("numbers", "0.5 1", "", "0 0", ""),
        ("numbers", "0 0", " ", "1 1", ""),
    ],
)
def test_a_token_is_replaced_by_one_other(
    tokens: str, old: str, typed: str, into: str, told: str, shelve_task: ShelveTask
) -> None:
    """What was typed, if that is one other token; else another one, and why."""
    card = shelve_task({"characters": LABELS, "words": CLASSES, "numbers": NUMBERS}[tokens])
    found, message = replaced(card, old, typed)
    assert found == into
    assert told in message if told else not message


TEXTS = {
    "characters": ("cadebcd", list("cadebcd"), "e"),
    "words": (SNIPPET, ["The", "plot", ":", "good", "film", ",", "it's", "bad", ".", "The", "end", "!"], "dull"),
    "numbers": (ROWS, ["0.25 0", "0.5 1", "-0.75 0"], "3 1"),
}


def test_each_token_can_be_changed(card: Card) -> None:
    """One token is another, all others are as they were, marks between words among them; the curve begins there."""
    text, tokens, into = TEXTS[card.tokens]
    model = explorer.load(card.name)
    one = explorer.trace(model, text)
    assert list(one.tokens) == tokens
    for position in (0, 2, len(tokens) - 1):
        old = tokens[position]
        key = {"characters": "into", "words": "into_word", "numbers": "into_row"}[card.tokens]
        at = opened("hidden", model=card.name, text=text, changed=position + 1, **{key: into})
        changed = [*tokens[:position], into if into != old else "x", *tokens[position + 1 :]]
        other = explorer.trace(model, {"characters": "", "words": " ", "numbers": "; "}[card.tokens].join(changed))
        (curve,) = (c for c in charts(at)[0].data if c["name"] == card.cell.upper())
        np.testing.assert_array_equal(curve["customdata"], distance(one, other, by="state")[position:])
        assert at.number_input(key="changed").max == len(tokens)


def test_what_a_token_is_called(card: Card) -> None:
    at = opened("hidden", model=card.name)
    one = {"characters": "character", "words": "word", "numbers": "row"}[card.tokens]
    assert at.number_input(key="changed").label == f"Change {one} number"


def test_a_row_that_cannot_be_read_is_quoted_as_typed(shelve_task: ShelveTask) -> None:
    """Nothing in it is taken for markup."""
    at = opened("hidden", model=shelve_task(NUMBERS).name, text=ROWS, into_row=HOSTILE[:60])
    (told,) = (caption.value for caption in at.caption if "cannot be read" in caption.value)
    assert "<b>x</b>" in told.replace("\\", "") and "<b>" not in told
    assert charts(at)


STATE = "h of the pinned unit"
"""The one that all networks have: an Elman network has no c."""
OBJECTIVES = {
    "words": (
        NEXT_WORDS,
        {
            "the loss: −ln P of the real next word": {"of": "loss"},
            "the mean loss of all steps": {"of": "mean"},
            "the score (logit) of the real next word": {"of": "logit"},
        },
    ),
    "class": (
        CLASSES,
        {
            "the score (logit) of “negative”": {"of": "logit", "label": "negative"},
            "the score (logit) of “positive”": {"of": "logit", "label": "positive"},
            "the loss, if “negative” is right": {"of": "loss", "label": "negative"},
            "the loss, if “positive” is right": {"of": "loss", "label": "positive"},
        },
    ),
    "label": (
        LABELS,
        {
            "the score (logit) of “out”": {"of": "logit", "label": "out"},
            "the score (logit) of “in”": {"of": "logit", "label": "in"},
            "the loss, if “out” is right": {"of": "loss", "label": "out"},
            "the loss, if “in” is right": {"of": "loss", "label": "in"},
        },
    ),
    "number": (NUMBERS, {"the number it gives": {"of": "logit"}}),
    "forecast": (
        FORECASTS,
        {
            "the number it gives": {"of": "logit"},
            "the squared error": {"of": "loss"},
            "the mean squared error of all steps": {"of": "mean"},
        },
    ),
}


@pytest.mark.cases(2)
@pytest.mark.parametrize("answer", OBJECTIVES)
def test_the_objectives_of_each_kind_of_answer(answer: str, shelve_task: ShelveTask) -> None:
    """Those that it has, and no other; each gives the library's gradient, up to the step asked for."""
    recipe, wanted = OBJECTIVES[answer]
    card = shelve_task(recipe)
    model, text = explorer.load(card.name), card.show.text
    steps = explorer.trace(model, text).steps
    asked = steps - 2
    for label, arguments in wanted.items():
        at = opened("gradients", model=card.name, of=label, at=asked)
        assert sorted(at.selectbox(key="of").options) == sorted([*wanted, STATE])
        assert at.selectbox(key="of").value == label and not at.warning
        mean = arguments["of"] == "mean"
        grads = explorer.gradients(model, text, at=-1 if mean else asked - 1, by="state", **arguments)  # type: ignore[arg-type]
        last = steps - 1 if mean else asked
        np.testing.assert_array_equal(curve_of(at, card.name), magnitudes(grads, "state")[:last])


@pytest.mark.parametrize("recipe", [CLASSES, LABELS])
def test_what_it_says_comes_first(recipe: Recipe, shelve_task: ShelveTask) -> None:
    """The gradient that a page opens on is of the label that the network would answer with at the end."""
    card = shelve_task(recipe)
    model = explorer.load(card.name)
    said = model.labels[int(explorer.predict(model, card.show.text)[-1].argmax())]
    at = opened("gradients", model=card.name)
    assert at.selectbox(key="of").value == at.selectbox(key="of").options[0] == f"the score (logit) of “{said}”"


def test_the_state_of_the_pinned_unit(shelve_task: ShelveTask) -> None:
    card = shelve_task(CLASSES)
    at = opened("gradients", model=card.name, of=STATE, unit=2, at=2)
    grads = explorer.gradients(explorer.load(card.name), card.show.text, "h", 1, unit=2, by="state")
    np.testing.assert_array_equal(curve_of(at, card.name), magnitudes(grads, "state")[:2])


@pytest.mark.parametrize(
    ("recipe", "last"), [(NEXT_WORDS, -1), (FORECASTS, -1), (CLASSES, 0), (LABELS, 0), (NUMBERS, 0)]
)
def test_the_last_step_has_an_answer_unless_it_is_in_the_text(
    recipe: Recipe, last: int, shelve_task: ShelveTask
) -> None:
    card = shelve_task(recipe)
    at = opened("gradients", model=card.name)
    steps = explorer.trace(explorer.load(card.name), card.show.text).steps
    assert at.number_input(key="at").max == at.number_input(key="at").value == steps + last


def test_all_steps_have_no_step() -> None:
    at = opened("gradients", model=NAMES[0], of="the mean loss of all steps")
    assert not [box for box in at.number_input if box.key == "at"]


def test_a_question_begins_anew_with_another_text() -> None:
    """While nobody chose, the step is the last of the text at hand; who chose one stays with it as long as there is one."""
    at = opened("gradients", model=NAMES[0], text="twelve signs")
    assert at.number_input(key="at").value == 11
    check(at.text_area(key="text").set_value("seven..").run())
    assert at.number_input(key="at").value == 6
    check(at.number_input(key="at").set_value(3).run())
    check(at.text_area(key="text").set_value("twelve signs").run())
    assert at.number_input(key="at").value == 3
    check(at.text_area(key="text").set_value("ab").run())
    assert at.number_input(key="at").value == 1


def test_the_kinds_are_those_of_this_text_first() -> None:
    at = opened("gates", model=NAMES[-1], text="ab", gates="By kind of token")
    assert at.segmented_control(key="over").value == "this text"
    assert "2 tokens" in words(at) and card_of(NAMES[-1]).cell == "lstm"
