"""The page that edits can show the whole stage: the original run, or the edited one with what was set."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer import edits
from explorer.models import arithmetic
from explorer.studio.what_if.watching import NOTHING_YET
from tests.app.driving import opened, posts_of, press, stage_asks, stage_moves, stage_of, words
from tests.conftest import Shipped
from tests.studio.test_arithmetic import unpacked

NAME, TEXT = "latch-lstm", "..s...r..s"
HELD = {"model": NAME, "text": TEXT, "step": 3, "edits": "set c 0 steps 3-4"}


def test_the_stage_plays_the_run_that_is_chosen(shipped: Shipped) -> None:
    """Each with its own numbers and under its own id; the choice is in the link."""
    was, now = (stage_of(opened("what-if", watch=run, **HELD)) for run in ("original", "edited"))
    change = edits.set_to("c", 0.0, steps=(2, 3))
    for sent, trace in (
        (was, explorer.trace(shipped[NAME], TEXT)),
        (now, explorer.trace(shipped[NAME], TEXT, edits=[change])),
    ):
        assert set(sent.signals) == {signal.name for signal in trace.per_unit()}
        for name, values in sent.signals.items():
            np.testing.assert_array_equal(values, trace[name][0])
        assert sent.header["whole"] and sent.place == (2, 0)
    assert was.header["id"] != now.header["id"]
    assert was.header["edits"] is None and now.header["edits"]["told"] == ["c held at 0, steps 3 to 4"]
    assert now.beside["c"][2, 0] == pytest.approx(was.signals["c"][2, 0], abs=1e-6), "its equation is as it was"
    assert not stage_of(opened("what-if", **HELD)).header["whole"], "none is chosen: the strip alone"


def test_its_arithmetic_is_that_of_the_run(shipped: Shipped) -> None:
    """The units of h push with what the edit let enter."""
    name, text = "counter-lstm", "aabb"
    at = opened("what-if", model=name, text=text, step=3, watch="edited", edits="set h_prev 0.5")
    (post,) = posts_of(stage_asks(at, 1))
    header, found = unpacked(post)
    assert header["id"] == stage_of(at).header["id"]
    expected = arithmetic(shipped[name], text, unit=1, edits=[edits.set_to("h_prev", 0.5)])
    for pre, shares in expected.items():
        np.testing.assert_array_equal(found[1][pre].recurrent, shares.units.sum(-1))
        assert (shares.units == shares.units[0]).all() and shares.units.any(), "the same at every step"


def test_while_nothing_is_edited_the_edited_run_is_the_original() -> None:
    at = opened("what-if", model=NAME, text=TEXT, step=3, watch="edited")
    assert NOTHING_YET in words(at)
    assert stage_of(at).header["edits"] is None


def test_a_refused_edit_is_not_told_as_done() -> None:
    at = opened("what-if", watch="edited", **HELD | {"edits": "set c 0 unit 7\nset h 0\noff set f 1"})
    assert stage_of(at).header["edits"]["told"] == ["h held at 0, at every step"]


def test_a_step_of_the_link_is_the_same_token_where_tokens_are_deleted() -> None:
    """The stage counts what it reads; the page goes on counting in the text as it was."""
    at = opened("what-if", model=NAME, text=TEXT, step=7, edits="delete steps 3-4", watch="edited")
    sent = stage_of(at)
    assert sent.header["shown"][sent.place[0]] == TEXT[6] and sent.header["steps"] == len(TEXT) - 2
    stage_moves(at, 8, 0)  # as the stage tells it, in steps of the original
    assert at.session_state["step"] == 8
    assert stage_of(press(at, "remove_all")).place == (8, 0)
