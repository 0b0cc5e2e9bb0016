"""What to look for: a chip selects unit, text and step; another excerpt keeps the unit; what is not there is not promised."""

from __future__ import annotations

import pytest

from explorer.models import card_of, held_out
from explorer.studio.service import EXCERPT
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import NAMES, PAGES, go_to, opened, press, stage_of, words
from tests.app.tasks import MADE, NEXT_WORDS
from tests.models.tiny import CLASSES, FORECASTS, NUMBERS, finding

TEXT = "What was typed."
FINDINGS = (
    finding(follows="one", unit=1, text="abcde", step=2),
    finding(follows="unsure", unit=0, correlation=0.2, text="dd"),
    finding(follows="two", unit=2, text="edcba", step=3),
)


@pytest.mark.parametrize("page", PAGES)
def test_a_chip_brings_unit_text_and_step(page: str, shelve: Shelve) -> None:
    """A chip each for what a unit is known to follow, on every page; the stage begins anew, though it may have that very text."""
    at = opened(page, model=shelve("lstm", findings=FINDINGS), text=TEXT, step=5, unit=3)
    chips = [button.key for button in at.button if (button.key or "").startswith("finding ")]
    assert chips == ["finding one", "finding two"]
    seen = set()
    for one in (FINDINGS[0], FINDINGS[2], FINDINGS[2]):
        sent = stage_of(press(at, f"finding {one.follows}"))
        assert at.text_area(key="text").value == one.text
        assert sent.place == (one.step, one.unit)
        seen.add(sent.header["id"])
    assert len(seen) == 3


def test_a_chip_says_what_is_known(shelve: Shelve) -> None:
    at = opened(model=shelve("lstm", findings=FINDINGS))
    chip = at.button(key="finding two")
    assert chip.label == "two · unit 2"
    for part in ("Unit 2 correlates 0.50", "chance 0.10", "P(c)", "rank 1 of 4"):
        assert part in chip.help


def test_without_a_finding_that_holds_that_is_said(shelve: Shelve) -> None:
    at = opened(model=shelve("lstm", findings=FINDINGS[1:2]))
    assert "No unit of this network is known to follow **unsure**" in words(at)
    assert not [button for button in at.button if (button.key or "").startswith("finding ")]


@pytest.mark.parametrize("name", NAMES)
def test_those_of_a_shipped_network(name: str) -> None:
    card = card_of(name)
    at = opened("gates", model=name, text=TEXT, step=2, unit=0)
    for one in card.findings:
        if one.holds:
            assert stage_of(press(at, f"finding {one.follows}")).place == (one.step, one.unit)
            assert at.text_area(key="text").value == one.text


@pytest.mark.parametrize("page", ["watch", "belt"])
@pytest.mark.parametrize("unit", [card_of(NAMES[0]).show.unit, 5], ids=["telling", "another"])
def test_another_excerpt_keeps_the_unit(page: str, unit: int) -> None:
    """Whole words of the held-out text, a new piece each time."""
    at = opened(page, model=NAMES[0], text=TEXT, step=5, unit=unit)
    (example,), seen = held_out(card_of(NAMES[0]).task), set()
    for _ in range(3):
        sent = stage_of(press(at, "random"))
        text = at.text_area(key="text").value
        assert text in example.text and 40 <= len(text) <= EXCERPT
        assert sent.place == (0, unit)
        seen.add(text)
    assert len(seen) > 1


@pytest.mark.parametrize("recipe", [NEXT_WORDS, CLASSES, NUMBERS, FORECASTS], ids=lambda recipe: recipe.task)
def test_another_excerpt_of_every_kind(recipe: object, shelve_task: ShelveTask) -> None:
    card = shelve_task(recipe)
    at = opened(model=card.name, unit=2)
    texts = {example.text for example in held_out(card.task)}
    for _ in range(3):
        sent = stage_of(press(at, "random"))
        text = at.text_area(key="text").value
        assert any(text in one for one in texts)
        assert sent.place == (0, 2) and sent.header["steps"] == len(card.reader.encode(text).tokens)
    assert at.button(key="random").label == "Another excerpt"


def test_a_new_case_where_a_rule_makes_them(shelve_task: ShelveTask) -> None:
    at = opened(model=shelve_task(MADE).name, unit=2)
    assert at.button(key="random").label == "A new case"
    seen = set()
    for _ in range(4):
        assert stage_of(press(at, "random")).place == (0, 2)
        seen.add(at.text_area(key="text").value)
    assert len(seen) == 4


def test_the_excerpt_is_kept_from_page_to_page() -> None:
    at = press(opened(model=NAMES[0], unit=5), "random")
    text = at.text_area(key="text").value
    for page in PAGES:
        sent = stage_of(go_to(at, page))
        assert (sent.header["link"]["text"], sent.place) == (text, (0, 5))
