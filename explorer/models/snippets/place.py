"""Place of the number that a program computes, and the parts of the network that it depends on."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.cells import Cell, Stack


@dataclass(frozen=True)
class Place:
    """A number of a trace: all counts from 0."""

    stack: Stack
    signal: str
    row: int
    step: int
    unit: int

    @property
    def words(self) -> str:
        """The place in words."""
        both = ("", ", reading backwards")[self.row % 2] if self.stack.bidirectional else ""
        layer = self.row // self.stack.directions
        return f"{self.signal} of unit {self.unit} in layer {layer}{both}, at step {self.step}"

    @property
    def rows(self) -> list[int]:
        """The rows that it depends on: those of all layers below, and its own."""
        below = self.row - self.row % self.stack.directions
        return [*range(below), self.row]

    def cell(self, row: int) -> Cell:
        """The cell of a row."""
        cell = self.stack.rows[row]
        assert isinstance(cell, Cell)
        return cell

    def steps(self, count: int) -> int:
        """Number of steps that it depends on: those up to its own; all if one of its rows reads from the end."""
        return count if self.stack.bidirectional and self.row > 0 else self.step + 1
