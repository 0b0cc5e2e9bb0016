"""The page of cells: every cell that there is, with its diagram, equations, code and size."""

from __future__ import annotations

import pytest

from explorer import cells, models
from tests.app.driving import CELLS, opened, stage_of, words

MODEL = "english-lstm"
"""The network whose cell is changed for another."""


def name_of(cell: str) -> str:
    """The network that the page opens for a cell: a trained one of the task where there is one."""
    return models.by_cell(MODEL)[cell]


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_has_its_page(cell: str) -> None:
    """Nothing breaks; title, source and the stage are those of the cell."""
    at = opened(CELLS, model=name_of(cell), text="Ahab")
    assert [title.value for title in at.title] == [cells.REGISTRY[cell].title] and not at.warning
    assert cells.REGISTRY[cell].source in words(at)
    sent = stage_of(at).header
    assert sent["link"]["model"] == name_of(cell)
    assert {layer["name"] for layer in sent["diagram"]["layers"]} == set(models.load(name_of(cell)).cell.diagram.layers)
