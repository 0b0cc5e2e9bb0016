"""A link with a wrong or stale value gives a notice and the default, never a stack trace."""

from __future__ import annotations

import pytest

from explorer.models import card_of, zoo
from explorer.studio.state import FIRST_MODEL
from tests.app.driving import HOSTILE, LIBRARY, NAMES, go_to, opened, stage_moves, stage_of, type_text

NAME = NAMES[0]
CARD = card_of(NAME)
TEXT = "Seven letters."


@pytest.mark.parametrize("model", ["english-lsmt", "", "../english-lstm", HOSTILE])
def test_a_model_that_is_not_here(model: str) -> None:
    """The first model is shown, with the text of the link; the notice names those that there are."""
    at = opened(model=model, text=TEXT)
    sent = stage_of(at)
    assert (sent.header["link"]["model"], sent.header["link"]["text"]) == (FIRST_MODEL, TEXT)
    notice = at.warning[0].value.replace("\\", "")
    assert all(part in notice for part in (model, FIRST_MODEL, *(card.name for card in zoo())))


@pytest.mark.parametrize(
    "value",
    ["0", "-1", "15", "x", "", "1.5", "1e3", "--3", "²", "٣x", "9" * 5000, "nan", "1;2", "<b>"],
    ids=lambda value: ascii(value)[:12],
)
def test_a_step_that_is_none(value: str) -> None:
    """The text has 14 steps; the default is its first."""
    at = opened(model=NAME, text=TEXT, step=value)
    assert stage_of(at).place[0] == 0
    (notice,) = at.warning
    assert "1 to 14" in notice.value.replace("\\", "")


@pytest.mark.parametrize("value", ["-1", str(CARD.hidden_size), "x", "--3", "²", "1e2"])
def test_a_unit_that_is_none(value: str) -> None:
    at = opened(model=NAME, text=TEXT, unit=value)
    assert stage_of(at).place[1] == CARD.show.unit
    assert f"0 to {CARD.hidden_size - 1}" in at.warning[0].value.replace("\\", "")


def test_a_layer_that_is_none() -> None:
    at = opened(model=NAME, text=TEXT, layer=7)
    assert len(at.warning) == 1 and "layer" in at.warning[0].value


def test_all_of_it_at_once_is_one_box() -> None:
    at = opened(model="x", step="x", unit="x", layer="x", text=TEXT)
    (notices,) = at.warning
    assert notices.value.count("The link asks for") == 4
    assert stage_of(at).place == (0, card_of(FIRST_MODEL).show.unit)


def test_the_first_and_the_last_are_no_mistake() -> None:
    for step, unit in ((1, 0), (len(TEXT), CARD.hidden_size - 1)):
        at = opened(model=NAME, text=TEXT, step=step, unit=unit)
        assert stage_of(at).place == (step - 1, unit)
        assert not at.warning


def test_a_notice_is_given_once() -> None:
    at = opened(model=NAME, text=TEXT, step=99)
    assert at.warning
    assert not type_text(at, "Another text.").warning


def test_a_step_of_another_text_without_one_is_its_first() -> None:
    """And that of the card's own example is where its effect is to be seen."""
    assert stage_of(opened(model=NAME, text=TEXT)).place[0] == 0
    assert stage_of(opened(model=NAME)).place[0] == CARD.show.step
    assert stage_of(opened(model=NAME, text=CARD.show.text)).place[0] == CARD.show.step


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("gradients", {"of": "nothing"}),
        ("gradients", {"at": 99}),
        ("gradients", {"at": "x"}),
        ("gradients", {"by": "q"}),
        ("hidden", {"changed": 99}),
        ("hidden", {"changed": "-1"}),
        ("hidden", {"view": "none"}),
        ("hidden", {"view": "All units", "order": "none"}),
        ("gates", {"gates": "none"}),
        ("gates", {"gates": "By kind of token", "over": "none"}),
        ("gates", {"gates": "Shut and open", "margin": 7}),
        ("gates", {"gates": "Shut and open", "margin": "x"}),
        ("gradients", {"reach": "none"}),
        ("belt", {"others": "x"}),
        ("belt", {"ledger": "none"}),
    ],
    ids=str,
)
def test_a_setting_of_a_page_that_is_none(page: str, link: dict[str, object]) -> None:
    """The page runs with its default."""
    assert opened(page, model=NAME, text=TEXT, **link).get("plotly_chart")


def test_it_plays_for_those_who_come_without_a_step() -> None:
    """From the first step to the one where the effect is seen; on the first page, and not again on the way back to it."""
    at = opened(model=NAME)
    assert stage_of(at).header["play"] == [0, CARD.show.step]
    assert stage_of(go_to(at, "belt")).header["play"] is None
    assert stage_of(go_to(at, "watch")).header["play"] is None
    assert stage_of(opened(model=NAME, step=3)).header["play"] is None
    assert stage_of(opened(model=NAME, text=TEXT)).header["play"] is None, "where nothing is known to be seen"


def test_who_comes_back_from_a_page_without_the_stage_finds_it_as_it_was() -> None:
    """Nothing plays once more, and it begins where the reader was last."""
    at = opened(model=NAME)
    stage_moves(at, 4, 7)
    go_to(at, LIBRARY)
    sent = stage_of(go_to(at, "watch"))
    assert (sent.place, sent.header["play"]) == ((4, 7), None)
