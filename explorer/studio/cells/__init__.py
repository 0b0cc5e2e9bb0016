"""The Cells page in parts: the family line, each cell's changes to its parent, its equations, its code, its size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from explorer.cells import REGISTRY, Cell
from explorer.studio.cells import changes, code
from explorer.studio.cells.family import specimen
from explorer.studio.components.stage.payload import Study


@dataclass(frozen=True)
class View:
    """The selected cell with the options it runs with, and its parent with default options; None if it has no parent."""

    cell: Cell
    parent: Cell | None

    @staticmethod
    def of(cell: Cell) -> View:
        return View(cell, specimen(cell.parent) if cell.parent in REGISTRY else None)

    @property
    def title(self) -> str:
        return self.cell.title

    @cached_property
    def changed(self) -> changes.Changed:
        """Changes to the parent's equations; empty if there is no parent."""
        return changes.of_equations(self.cell, self.parent) if self.parent else changes.Changed()

    @cached_property
    def marked(self) -> changes.Marked:
        """Changes to the parent's picture; empty if there is no parent."""
        return changes.of_picture(self.cell, self.parent) if self.parent else changes.Marked()

    def study(self, marked: bool) -> Study:
        """Return what the stage receives beside the reading: the code, and the changes if `marked`."""
        marks = self.marked if marked else changes.Marked()
        pieces = tuple((piece.text, piece.computes) for piece in code.pieces(self.cell))
        return Study(
            code.where(type(self.cell)), pieces, tuple(code.computed(self.cell)), wires=marks.wires, nodes=marks.nodes
        )
