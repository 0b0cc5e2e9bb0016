"""Every registered cell on every page, as an untrained network that reads the first text: a page takes what it shows from the trace, and
so copes with cells without gates, without a belt, with states of their own."""

from __future__ import annotations

import pytest

from explorer import cells, formula
from explorer.models import by_cell, card_of
from explorer.studio import service
from explorer.studio.state import FIRST_MODEL
from tests.app.driving import GATES, LEDGER, LIBRARY, PAGES, UNLIKE, VIEWS, charts, go_to, opened, stage_of, words

TEXT = 'He said "yes".'
NETWORKS = by_cell(FIRST_MODEL)
REACH = ("How far", "Every pair", "Two paths", "Why", "Every signal")

each_cell = pytest.mark.parametrize("cell", cells.names())


@each_cell
def test_every_page(cell: str) -> None:
    """With the stage or its strip at work, and the network named in the link."""
    name = NETWORKS[cell]
    at = opened(model=name, text=TEXT)
    sent = stage_of(at)
    assert sent.header["link"]["model"] == name
    assert [signal["name"] for signal in sent.header["signals"]]
    assert {wire["carries"] for phase in sent.header["diagram"]["phases"] for wire in phase["wires"]} - {""}
    known = {signal["name"] for signal in sent.header["signals"]}
    computed = {f"{state}_prev" for state in service.trace(name, TEXT).initial} | known
    for signal in sent.header["signals"]:
        assert formula.names(signal["formula"] or "1") - {f"{signal['name']}_pre"} <= computed, "all numbers are there"
    for layer in sent.header["diagram"]["layers"]:
        assert {part.removesuffix("_prev") for part in formula.names(layer["feeds"] or "1")} <= known
    for page in PAGES:
        go_to(at, page)
        assert len(at.title) == 1
        assert page == "watch" or charts(at) or at.get("bidi_component")
    assert card_of(name).cell.upper() in words(go_to(at, LIBRARY)) or at.title


@pytest.mark.parametrize(
    ("page", "tab", "named"),
    [("gates", "gates", GATES), ("hidden", "view", VIEWS), ("gradients", "reach", REACH), ("belt", "ledger", LEDGER)],
)
@pytest.mark.parametrize("cell", UNLIKE)
def test_every_tab(cell: str, page: str, tab: str, named: tuple[str, ...]) -> None:
    for name in named:
        at = opened(page, model=NETWORKS[cell], text=TEXT, **{tab: name})
        assert len(at.title) == 1
