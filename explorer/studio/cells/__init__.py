"""The page of cells, in its parts: the line to walk along, what each changes of its parent, its equations, its code, its size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from explorer.cells import REGISTRY, Cell
from explorer.studio.cells import changes, code
from explorer.studio.cells.family import specimen
from explorer.studio.components.stage.payload import Study


@dataclass(frozen=True)
class View:
    """The cell that is looked at, as it runs, and its parent as it is without options; None where it begins a line of its own."""

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
        """Of the equations; nothing where there is no parent."""
        return changes.of_equations(self.cell, self.parent) if self.parent else changes.Changed()

    @cached_property
    def marked(self) -> changes.Marked:
        """Of the picture; nothing where there is no parent."""
        return changes.of_picture(self.cell, self.parent) if self.parent else changes.Marked()

    def study(self, marked: bool) -> Study:
        """What the stage is told beside the reading: the code, and the changes if they are `marked`."""
        found = self.marked if marked else changes.Marked()
        pieces = tuple((piece.text, piece.computes) for piece in code.pieces(self.cell))
        return Study(
            code.where(type(self.cell)), pieces, tuple(code.computed(self.cell)), wires=found.wires, nodes=found.nodes
        )
