"""The page of cells: every cell that there is, with its diagram, equations, code and size; the line to walk along."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from explorer import cells, models
from explorer.figures.theme import THEMES
from explorer.models.matching import Variant
from explorer.notations import NOTATIONS
from explorer.studio import service
from explorer.studio.cells import View, changes, code, equations, family
from tests.app.conftest import Shelve
from tests.app.driving import CELLS, check, go_to, opened, stage_of, type_text, words

MODEL = "english-lstm"
"""The network whose cell is changed for another."""
TEXT = "Ahab"
LINK = {"text": TEXT, "step": 3}

each_cell = pytest.mark.parametrize("cell", cells.names())


def name_of(cell: str) -> str:
    """The network that the page opens for a cell: a trained one of the task where there is one."""
    return models.by_cell(MODEL)[cell]


def page_of(cell: str, **link: object) -> AppTest:
    return opened(CELLS, **({"model": name_of(cell)} | LINK | link))


def view_of(at: AppTest) -> View:
    """What the page is to show of the network that its link names."""
    return View.of(service.model(stage_of(at).header["link"]["model"]).cell)


def marked(at: AppTest) -> changes.Marked:
    """What the stage is told to mark."""
    found = stage_of(at).header["changed"]
    return changes.Marked(tuple(found["wires"]), tuple(found["nodes"]))


def title(at: AppTest) -> str:
    (found,) = at.title
    return str(found.value)


def show_changes(at: AppTest, on: bool) -> AppTest:
    return check(at.toggle(key="changes").set_value(on).run())


def walk_to(at: AppTest, cell: str) -> AppTest:
    return check(at.segmented_control(key="line").set_value(cell).run())


@each_cell
def test_every_cell_has_its_page(cell: str) -> None:
    """Nothing breaks; title, change, source, size; the stage has its picture, and marks what is not its parent's."""
    at = page_of(cell)
    view, said = view_of(at), words(at)
    assert title(at) == cells.REGISTRY[cell].title and not at.warning
    assert cells.REGISTRY[cell].source in said and cells.REGISTRY[cell].change in said
    assert f"{sum(weight.numel() for weight in view.cell.parameters()):,}** parameters" in said
    sent = stage_of(at).header
    assert sent["link"]["model"] == name_of(cell)
    assert {layer["name"] for layer in sent["diagram"]["layers"]} == set(view.cell.diagram.layers)
    assert marked(at) == view.marked
    assert [piece["text"] for piece in sent["code"]["pieces"]] == [piece.text for piece in code.pieces(view.cell)]


@each_cell
def test_every_equation_is_there(cell: str) -> None:
    """In the colours of the roles; new and changed ones say so, and the parent's line stands below a changed one."""
    at = page_of(cell)
    view, said = view_of(at), words(at)
    for name, line in equations.lines(view.cell, NOTATIONS["PyTorch"], THEMES["light"]).items():
        (told,) = [
            one.value for one in at.markdown if f"$\\displaystyle {line}$" in one.value and "before" not in one.value
        ]
        kind = view.changed.kind(name)
        assert told.startswith(f"**{kind}** · ") == (kind != changes.SAME)
        if kind == changes.OTHER:
            assert view.parent
            before = equations.lines(view.parent, NOTATIONS["PyTorch"], THEMES["light"])[name]
            assert f"before: $\\displaystyle {before}$" in said
    assert ("**gone**" in said) == bool(view.changed.gone)


@pytest.mark.parametrize("key", NOTATIONS)
def test_in_every_notation(key: str) -> None:
    """From the link, or by the row on the page; under View it is the same."""
    view = View.of(service.model(name_of("gru")).cell)
    lines = equations.lines(view.cell, NOTATIONS[key], THEMES["light"]).values()
    linked = page_of("gru", notation=key)
    chosen = page_of("gru")
    check(chosen.segmented_control(key="notation_here").set_value(key).run())
    for at in (linked, chosen):
        assert all(line in words(at) for line in lines)
        assert at.segmented_control(key="notation_here").value == key == at.selectbox(key="notation").value


def test_the_line_is_walked() -> None:
    """Step by step; text and step stay, and a few steps are played so that the cell is seen at work."""
    at = page_of("rnn", step=4)
    assert at.segmented_control(key="line").value == "rnn"
    for cell in family.line()[1:]:
        before = stage_of(at).header["link"]["model"]
        walk_to(at, cell)
        sent = stage_of(at).header
        assert sent["link"]["model"] == models.by_cell(before)[cell] and title(at) == cells.REGISTRY[cell].title
        assert at.segmented_control(key="line").value == cell
        assert sent["link"]["text"] == TEXT and sent["place"]["step"] == 3
        assert sent["play"] == [0, 3]


def test_a_second_click_changes_nothing() -> None:
    at = page_of("lstm")
    before = stage_of(at).header
    assert stage_of(walk_to(at, "lstm")).header["link"] == before["link"]
    check(at.segmented_control(key="line").set_value(None).run())
    assert stage_of(at).header["link"] == before["link"] and title(at) == "LSTM"
    assert at.segmented_control(key="line").value == "lstm"


def test_all_others_are_under_more() -> None:
    """The one that is looked at is marked there, and none in the line."""
    at = page_of("lstm")
    check(at.pills(key="more_lstm").set_value("lstm-peephole").run())
    assert title(at) == cells.REGISTRY["lstm-peephole"].title
    assert at.pills(key="more_lstm").value == "lstm-peephole"
    assert at.segmented_control(key="line").value is None
    assert at.pills(key="more_gru").value is None
    walk_to(at, "gru")
    assert at.pills(key="more_lstm").value is None and title(at) == "GRU"


def test_changes_can_be_hidden() -> None:
    """In the picture and in the equations; also by a link."""
    at = page_of("lstm")
    assert marked(at).wires and "**new**" in words(at)
    show_changes(at, False)
    linked = page_of("lstm", changes="false")
    for hidden in (at, linked):
        assert marked(hidden) == changes.Marked() and "**new**" not in words(hidden) and "before:" not in words(hidden)
    assert stage_of(at).header["id"] == stage_of(show_changes(at, True)).header["id"], "the stage goes on"
    assert marked(at).wires


def test_weights_can_be_drawn_anew() -> None:
    """Untrained ones of a seed, beside the trained; and back."""
    at = page_of("gru")
    assert at.segmented_control(key="weights").value == "trained"
    check(at.segmented_control(key="weights").set_value("untrained").run())
    assert stage_of(at).header["link"]["model"] == Variant("gru", 0, "english-gru").name
    first = stage_of(at).signals["h"]
    check(at.number_input(key="cell_seed").set_value(5).run())
    assert stage_of(at).header["link"]["model"] == Variant("gru", 5, "english-gru").name
    assert (stage_of(at).signals["h"] != first).any()
    check(at.segmented_control(key="weights").set_value("trained").run())
    assert stage_of(at).header["link"]["model"] == "english-gru"


def test_a_cell_that_nobody_trained_has_a_seed_alone() -> None:
    at = page_of("mgu")
    assert at.segmented_control(key="weights").options == ["untrained"]
    check(at.number_input(key="cell_seed").set_value(7).run())
    assert stage_of(at).header["link"]["model"] == Variant("mgu", 7, MODEL).name


def test_a_link_opens_the_same() -> None:
    """Network, step, unit, marks."""
    link = {"model": Variant("ugrnn", 3, MODEL).name, "text": TEXT, "step": 2, "unit": 4}
    at = opened(CELLS, **link, notation="W x + U h", changes="false")
    sent = stage_of(at)
    assert sent.header["link"]["model"] == link["model"] and sent.place == (1, 4)
    assert at.number_input(key="cell_seed").value == 3 and title(at) == cells.REGISTRY["ugrnn"].title
    assert marked(at) == changes.Marked()


def test_who_comes_from_another_page_sees_it_at_work() -> None:
    """The last few steps are played, and not again when something else on the page changes."""
    at = go_to(opened("watch", model=MODEL, text=TEXT, step=4), CELLS)
    assert stage_of(at).header["play"] == [0, 3]
    show_changes(at, False)
    assert stage_of(at).header["play"] == [0, 3], "the stage knows that it has played"
    type_text(at, "Ahab said")
    assert stage_of(at).header["play"] is None


def test_other_tasks_and_layers(shelve: Shelve) -> None:
    """Words, numbers, two layers: each has its cell's page; the count is of one layer."""
    name = shelve("lstm", (2, True))
    at = opened(CELLS, model=name, text="ab")
    assert "in the first of 4 rows" in words(at)


@pytest.mark.parametrize("model", ["agreement-lstm", "adding-gru", "sentiment-rnn", "latch-lstm"])
def test_every_kind_of_answer(model: str) -> None:
    at = opened(CELLS, model=model)
    assert title(at) == cells.REGISTRY[models.card_of(model).cell].title
    walk_to(at, "lstm-1997")
    assert title(at) == cells.REGISTRY["lstm-1997"].title
