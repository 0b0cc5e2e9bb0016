"""What pages ask for: the library's own answers, kept once and in bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import explorer
from explorer.analysis.orderings import by_contribution
from explorer.models import Example, card_of, held_out
from explorer.studio import service
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import NAMES
from tests.models.tiny import CLASSES, DATA, LABELS, RECIPE

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


def test_the_telling_units_are_those_whose_part_of_the_scores_varies_most() -> None:
    """The widest first; of a small network all."""
    found = service.most_influential_units(NAME, TEXT, 0).tolist()
    assert found == by_contribution(explorer.trace(service.model(NAME), TEXT)).tolist()[: service.TELLING]
    assert len(found) == service.TELLING == 12
    assert sorted(service.most_influential_units("brackets-lstm", "(()", 0).tolist()) == [0, 1, 2]


def test_the_telling_units_of_a_row_are_its_own(shelve: Shelve) -> None:
    name = shelve("lstm", (2, False), units=20)
    trace = explorer.trace(explorer.load(name), TEXT)
    found = [service.most_influential_units(name, TEXT, row).tolist() for row in range(trace.rows)]
    assert found == [by_contribution(trace, row).tolist()[: service.TELLING] for row in range(trace.rows)]
    assert found[0] != found[1]


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
    for cached in (
        service.model,
        service.trace,
        service.order,
        service.most_influential_units,
        service.predictions,
        service.pushes,
        service.gradients,
        service.census,
        service.held_out_census,
    ):
        for cache in cached.kept_in:
            assert 0 < cache._info.max_entries <= 100  # Streamlit has no public name for it


def test_a_random_excerpt_is_whole_words_of_the_held_out_text() -> None:
    task = card_of(NAME).task
    (example,) = held_out(task)
    seen = set()
    for _ in range(20):
        found = service.random_excerpt(task)
        seen.add(found)
        start = example.text.index(found)
        assert 40 <= len(found) <= service.EXCERPT
        assert start == 0 or example.text[start - 1].isspace()
        assert example.text[start + len(found)].isspace()
    assert len(seen) > 10


def test_a_random_excerpt_of_short_texts_is_a_whole_one(shelve_task: ShelveTask) -> None:
    card = shelve_task(CLASSES)
    texts = {example.text for example in CLASSES.data().held_out}
    assert {service.random_excerpt(card.task) for _ in range(9)} <= texts


def test_a_random_excerpt_of_lines_is_whole_lines(shelve_task: ShelveTask) -> None:
    """As of code, in which a line begins with its blanks."""
    lines = "".join(f"    if x{k}:\n        return {k}\n" for k in range(200))
    card = shelve_task(replace(RECIPE, data=lambda: replace(DATA, shipped=(Example(lines),))))
    for _ in range(20):
        found = service.random_excerpt(card.task)
        assert 0 < len(found) <= service.EXCERPT
        assert lines[lines.index(found) - 1] == "\n" and lines[lines.index(found) + len(found)] == "\n"


def test_a_fresh_sequence_where_a_rule_makes_them(shelve_task: ShelveTask) -> None:
    made = replace(LABELS, generate=lambda chance: Example("".join(chance.choice(list("abc"), 30))))
    card = shelve_task(made)
    found = {service.random_excerpt(card.task) for _ in range(5)}
    assert len(found) == 5 and all(len(text) == 30 for text in found)


def test_siblings_are_those_of_the_same_task() -> None:
    assert {card.task for card in service.siblings(NAME)} == {card_of(NAME).task}
    assert NAME in {card.name for card in service.siblings(NAME)}
