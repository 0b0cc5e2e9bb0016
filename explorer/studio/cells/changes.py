"""Differences between a cell and its parent, from what the two declare: equations, and parts of the picture."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.cells import Cell
from explorer.diagram import Diagram, Wire
from explorer.models.reading import X
from explorer.notations import PYTORCH, Notation, equations
from explorer.signals import Signal

NEW, OTHER, SAME = "new", "changed", "same"


@dataclass(frozen=True)
class Changed:
    """Names of signals: absent in the parent, computed differently there, and present in the parent only."""

    new: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()

    @property
    def here(self) -> frozenset[str]:
        """Names of all signals whose equation differs from the parent's."""
        return self.new | self.other

    def kind(self, name: str) -> str:
        return NEW if name in self.new else OTHER if name in self.other else SAME


@dataclass(frozen=True)
class Marked:
    """Parts of the picture that the parent lacks: wires by their index in the order of computation, layers and operations by name."""

    wires: tuple[int, ...] = ()
    nodes: tuple[str, ...] = ()


def symbols(cell: Cell) -> dict[str, Signal]:
    """Return all quantities in the cell's equations by name, including x."""
    return {X.name: X} | {signal.name: signal for signal in cell.signals}


def formulas(cell: Cell, notation: Notation = PYTORCH) -> dict[str, str]:
    """Return each signal's equation, with its sums written out."""
    return {one.name: one.formula for one in equations(cell.signals, cell.sums, notation)}


def of_equations(cell: Cell, parent: Cell) -> Changed:
    """Compare equations as declared, independent of the notation."""
    ours, theirs = formulas(cell), formulas(parent)
    return Changed(
        new=frozenset(ours.keys() - theirs.keys()),
        other=frozenset(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]),
        gone=tuple(name for name in theirs if name not in ours),
    )


def of_picture(cell: Cell, parent: Cell) -> Marked:
    """Compare pictures by what each part computes or carries; positions do not count."""
    ours, theirs = cell.diagram, parent.diagram
    wires = {_of_wire(theirs, wire) for wire in theirs.wires}
    operations = {_of_operation(theirs, name) for name in theirs.operations}
    changed = of_equations(cell, parent).here
    return Marked(
        wires=tuple(k for k, wire in enumerate(ours.wires) if _of_wire(ours, wire) not in wires),
        nodes=(
            *(name for name in ours.layers if name not in theirs.layers or name in changed),
            *(name for name in ours.operations if _of_operation(ours, name) not in operations),
        ),
    )


def _of_wire(diagram: Diagram, wire: Wire) -> tuple[object, ...]:
    """Return what a wire carries, and the layer or operation (or None) at each of its ends."""
    return wire.carries, *(_of_node(diagram, end) for end in (wire.path[0], wire.path[-1]))


def _of_node(diagram: Diagram, node: object) -> object:
    if isinstance(node, str) and node in diagram.operations:
        return _of_operation(diagram, node)
    return node if isinstance(node, str) else None


def _of_operation(diagram: Diagram, name: str) -> tuple[str, frozenset[str]]:
    """Return an operation's kind and the quantities that leave it; if those have no names, the ones that enter it."""
    results = frozenset(wire.carries for wire in diagram.leaving(name)) - {""}
    return diagram.operations[name].does, results or frozenset(wire.carries for wire in diagram.entering(name))
