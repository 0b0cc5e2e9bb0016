"""The page Diagnosis: planted faults come first, each finding leads to where it is seen; and what can be taken away."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

import explorer
from explorer.analysis.diagnosis import Diagnosis
from explorer.analysis.diagnosis.telling import summary
from explorer.models import checkpoints
from explorer.models.weights import NAME
from explorer.studio import own, sentences
from explorer.studio.diagnosis import page, words
from explorer.studio.taking import program
from tests.app.conftest import Shelve
from tests.app.driving import DIAGNOSIS, OWN, charts, check, go_to, opened, press, stage_of, type_text
from tests.app.driving import words as said
from tests.models.checkpoints.helper import network, saved

TEXT = "abc cab dab bad ace fade " * 2
LETTERS = tuple(" abcdef")
COUNT = count()
"""Each network has a name of its own, since AppTest's sessions share what sessions keep."""


@torch.no_grad()
def forgetful(layers: int = 1, row: int = 0) -> nn.Module:
    """With every forget bias of one layer at -5."""
    made = network(layers=layers)
    for name, value in ((f"bias_ih_l{row}", -5.0), (f"bias_hh_l{row}", 0.0)):
        getattr(made.rnn, name)[4:8] = value
    return made


def dropped(module: nn.Module, *, vocabulary: tuple[str, ...] = (), text: str = "") -> AppTest:
    """The page, in a session in which that was dropped as a file."""
    contents = checkpoints.read_bytes(
        saved({**module.state_dict(), **({"vocab": list(vocabulary)} if vocabulary else {})})
    )
    choice = checkpoints.likely(contents)
    model = checkpoints.own(contents, choice, name=f"own-{next(COUNT)}", title="a *file*.pt")
    at = opened()
    at.session_state[own.KEY] = own.Own("a *file*.pt", contents, choice, model)
    at.session_state[own.ARRIVES] = True
    check(at.run())
    return go_to(type_text(at, text) if text else at, DIAGNOSIS)


def of_own(at: AppTest) -> Diagnosis:
    """What the page is to say."""
    model = at.session_state[own.KEY].model
    return explorer.diagnose(model, at.text_area(key="text").value)


def headings(at: AppTest) -> list[str]:
    """The titles of the findings that are open, as they are to be read."""
    return [heading.value.replace("\\", "") for heading in at.subheader][:-1]


def test_a_planted_fault_comes_first() -> None:
    """The verdict counts it; under it stand its number, why it matters, what to try, and every bias as a bar."""
    at = dropped(forgetful(), vocabulary=LETTERS, text=TEXT)
    found = of_own(at)
    assert at.title[0].value == sentences.plain(summary(found))
    assert "are wrong" in at.title[0].value
    first = found.findings[0]
    assert (headings(at)[0], first.check) == (first.title, "forget-bias")
    assert sentences.plain(first.explains) in said(at) and f"**Try:** {sentences.plain(first.tries)}" in said(at)
    assert [*charts(at)[0].data[1]["y"]] == pytest.approx([-5] * 4)
    assert ":red-badge[:material/error: Wrong]" in said(at)
    assert "a *file*.pt: LSTM" in said(at).replace("\\", "") and f"{len(TEXT)} characters" in said(at).replace("\\", "")


@pytest.mark.parametrize("row", [0, 1])
def test_see_it_opens_the_page_at_the_unit_and_the_layer(row: int) -> None:
    at = dropped(forgetful(2, row), vocabulary=LETTERS, text=TEXT)
    first = of_own(at).findings[0]
    assert (first.see, first.layer) == ("gates", row)
    at = press(at, "see 0")
    assert "Gates" in at.title[0].value
    assert stage_of(at).place[1] == first.unit and at.selectbox(key="layer").value == row


def test_every_page_that_a_finding_names_is_there() -> None:
    for key, shown in words.PAGES.items():
        at = go_to(opened(), shown.path)
        assert at.title, key


def test_numbers_without_a_readout() -> None:
    """It reads both ways, and each way has its findings."""
    torch.manual_seed(0)
    at = dropped(nn.GRU(2, 5, bidirectional=True))
    found = of_own(at)
    assert at.title[0].value == sentences.plain(summary(found))
    assert all(sentences.plain(one) in said(at) for one in found.left_out)
    facts = at.dataframe[0].value
    assert list(facts["value"]) == [fact.text for fact in found.facts]
    assert facts["what"].str.endswith("layer 0, backward").any(), "each direction by its name"


@torch.no_grad()
def test_weights_that_are_no_numbers() -> None:
    """That is what is wrong; what cannot be told is said to be left out."""
    made = network()
    made.rnn.weight_hh_l0[0, 0] = torch.nan
    at = dropped(made, vocabulary=LETTERS, text=TEXT)
    assert headings(at)[0].startswith("1 weight is NaN or Inf")
    assert of_own(at).left_out and all(sentences.plain(one) in said(at) for one in of_own(at).left_out)
    assert not charts(at)


def test_a_shipped_network() -> None:
    """Its notes are folded, and drawn when they are opened; every number that was measured is in the table."""
    at = opened(DIAGNOSIS, model="english-lstm")
    card = explorer.models.card_of("english-lstm")
    found = explorer.diagnose(explorer.load(card.name), card.show.text)
    assert at.title[0].value == sentences.plain(summary(found)) and "Nothing is wrong" in at.title[0].value
    open_, folded = found.count("wrong") + found.count("look"), found.count("note")
    assert (len(headings(at)), len(charts(at))) == (open_, open_) and folded
    at.session_state[f"folded {open_}"] = True
    assert len(charts(check(at.run()))) == open_ + 1
    (facts,) = (one.value for one in at.dataframe)
    assert list(facts["value"]) == [fact.text for fact in found.facts]
    assert stage_of(at).place == (card.show.step, card.show.unit)


def test_what_was_told_above_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both layers are wrong in the same way; beyond OPEN findings are folded."""
    made = forgetful(2, 0)
    with torch.no_grad():
        made.rnn.bias_ih_l1[4:8], made.rnn.bias_hh_l1[4:8] = -5.0, 0.0
    at = dropped(made, vocabulary=LETTERS, text=TEXT)
    assert [one.check for one in of_own(at).findings[:2]] == ["forget-bias"] * 2
    assert headings(at)[:2] == [one.title for one in of_own(at).findings[:2]]
    assert words.AS_ABOVE in said(at)
    monkeypatch.setattr(page, "OPEN", 1)
    assert len(headings(check(at.run()))) == 1


def test_how_much_of_a_long_text_was_read(shelve: Shelve) -> None:
    name = shelve("lstm")
    window = explorer.models.card_of(name).window
    at = opened(DIAGNOSIS, model=name, text="abc" * window)
    assert f"It read {window:,} characters, and {2 * window:,} more are not read" in said(at).replace("\\", "")


def classifier() -> nn.Module:
    """Of two labels for the whole text."""
    made = network()
    made.out = nn.Linear(4, 2)
    return made


def test_what_is_right_is_told_by_examples() -> None:
    """A network of classes is not checked until examples are given; then the verdict, the report and a wrong line follow them."""
    at = dropped(classifier(), vocabulary=LETTERS, text=TEXT)
    assert "that takes labelled examples" in said(at)
    assert [one.label for one in at.expander if "examples" in one.label] == ["Labelled examples"]
    model = at.session_state[own.KEY].model
    lines = "\n".join(f"{word}\t{model.labels[k % 2]}" for k, word in enumerate(["abc", "cab", "dab", "face"] * 20))
    at.text_area(key="examples_box").set_value(lines)
    at = press(at, "examples_check")
    found = explorer.diagnose(model, TEXT, examples=explorer.models.parse_examples(lines, model))
    assert at.title[0].value == sentences.plain(summary(found))
    assert any(fact.text in list(at.dataframe[0].value["value"]) for fact in found.facts if fact.check == "answers")
    at.text_area(key="examples_box").set_value("abc never")
    at = press(at, "examples_check")
    assert "line 1 of the examples: it has no tab" in said(at).replace("\\", "")
    assert at.title[0].value == sentences.plain(summary(found)), "those that were there stay"


def test_examples_from_a_file() -> None:
    """They count as those of the box do; a file that is no UTF-8 text is refused, and those that were there stay."""
    at = dropped(classifier(), vocabulary=LETTERS, text=TEXT)
    model = at.session_state[own.KEY].model
    lines = "\n".join(f"{word}\t{model.labels[k % 2]}" for k, word in enumerate(["abc", "cab", "dab", "face"] * 20))
    at = check(at.file_uploader(key="examples_file").upload("known.txt", lines.encode(), "text/plain").run())
    found = explorer.diagnose(model, TEXT, examples=explorer.models.parse_examples(lines, model))
    assert at.title[0].value == sentences.plain(summary(found))
    at = check(
        at.file_uploader(key="examples_file").upload("known.txt", "abc\tÄ".encode("latin-1"), "text/plain").run()
    )
    assert "The file is not UTF-8 text" in said(at).replace("\\", "")
    assert at.title[0].value == sentences.plain(summary(found))


def take(at: AppTest) -> AppTest:
    at.session_state["take"] = True
    return check(at.run())


def downloads(at: AppTest) -> dict[str, Any]:
    return {button.proto.label: button.proto for button in at.get("download_button")}


@pytest.mark.parametrize("where", [DIAGNOSIS, OWN])
def test_what_can_be_taken_away(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind one press; the program computes the number of the pinned unit at the playhead's step, of the signal that was chosen."""
    at = go_to(dropped(forgetful(), vocabulary=LETTERS, text=TEXT), where)
    assert not downloads(at)
    at = take(at)
    assert list(downloads(at)) == [
        "Trace, NPZ",
        "Trace, CSV",
        "Trace, Parquet",
        "Diagnosis, HTML",
        "Weights",
        "The program",
    ]
    assert not any(button.disabled for button in downloads(at).values())
    assert "`python -m explorer check FILE --text TEXT`" in said(at)
    check(at.selectbox(key="take_signal").set_value("f").run())
    state = at.session_state
    model, step, unit = state[own.KEY].model, state["step"], state["unit"]
    expected = explorer.snippet(model, TEXT, "f", layer=0, step=step, unit=unit, weights=NAME)
    assert at.code[0].value == expected.rstrip("\n")
    shown = float(explorer.trace(model, TEXT)["f"][0, step, unit])
    assert f'float("{shown!r}")' in expected
    monkeypatch.setattr(program, "SHOWN", 10)
    assert not check(at.run()).code and "The program" in downloads(at), "a long one is not shown"


def test_a_cell_that_torch_cannot_say_has_no_program(shelve: Shelve) -> None:
    """That is said; all else can be had."""
    at = take(opened(DIAGNOSIS, model=shelve("clockwork"), text=TEXT))
    assert "there is no snippet of clockwork" in said(at).replace("\\", "").lower()
    assert "The program" not in downloads(at) and "Weights" in downloads(at)


def test_an_own_network_that_is_not_at_hand_is_not_taken_away() -> None:
    """Its page then offers nothing, since what is read is read by another."""
    at = go_to(dropped(forgetful(), vocabulary=LETTERS, text=TEXT), OWN)
    assert "Export" in [one.label for one in at.expander]
    at = go_to(press(press(at, "task"), "menu latch"), OWN)
    assert "Export" not in [one.label for one in at.expander]
