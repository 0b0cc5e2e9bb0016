"""What pages ask for: the library's own answers, kept once and in bounds."""

from __future__ import annotations

import numpy as np

import explorer
from explorer.models import card_of, excerpt
from explorer.studio import service
from explorer.studio.workbench import _plain
from tests.app.driving import HOSTILE, NAMES

NAME, TEXT = NAMES[0], "A word."


def test_the_answers_are_the_librarys() -> None:
    model = service.model(NAME)
    np.testing.assert_array_equal(service.trace(NAME, TEXT)["h"], explorer.trace(model, TEXT)["h"])
    np.testing.assert_array_equal(service.predictions(NAME, TEXT), explorer.predict(model, TEXT))
    np.testing.assert_array_equal(
        service.gradients(NAME, TEXT, "loss", 3)["grad_h"], explorer.gradients(model, TEXT, "loss", 3)["grad_h"]
    )
    ours, theirs = service.pushes(NAME, TEXT, 0, 2), explorer.arithmetic(model, TEXT, unit=2, layer=0)
    for name, push in theirs.items():
        np.testing.assert_array_equal(ours[name].units, push.units)


def test_nothing_is_computed_twice() -> None:
    assert service.model(NAME) is service.model(NAME)
    assert service.trace(NAME, TEXT) is service.trace(NAME, TEXT)
    assert service.trace(NAME, TEXT) is not service.trace(NAME, TEXT + " ")


def test_nobody_can_spoil_what_all_share() -> None:
    """A session that wrote into a trace would change it for all others; a gradient left on a model likewise."""
    assert not service.trace(NAME, TEXT)["h"].flags.writeable
    service.gradients(NAME, TEXT, "mean", 0)
    weights = list(service.model(NAME).parameters())
    assert weights and all(weight.grad is None and not weight.requires_grad for weight in weights)


def test_what_is_kept_is_bounded() -> None:
    for cached in (service.model, service.trace, service.predictions, service.pushes, service.gradients):
        assert 0 < cached._info.max_entries <= 100  # Streamlit has no public name for it


def test_a_random_excerpt_is_whole_words_of_the_held_out_text() -> None:
    task = card_of(NAME).task
    held_out = excerpt(task)
    for _ in range(20):
        found = service.random_excerpt(task, 60)
        start = held_out.index(found)
        assert 30 <= len(found) <= 60
        assert start == 0 or held_out[start - 1] == " "
        assert held_out[start + len(found)] == " "


def test_siblings_are_those_of_the_same_task() -> None:
    assert {card.task for card in service.siblings(NAME)} == {card_of(NAME).task}
    assert NAME in {card.name for card in service.siblings(NAME)}


def test_a_message_may_quote_anything() -> None:
    """Every mark of ASCII is escaped, so that Markdown shows it as it is."""
    said = _plain(HOSTILE)
    assert said.replace("\\", "") == HOSTILE.replace("\\", "")
    for mark in "<>&*[]()`$:#|~_":
        assert said.count(mark) == said.count(f"\\{mark}") == HOSTILE.count(mark)
