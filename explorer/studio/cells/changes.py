"""What a cell adds to its parent and takes away, found by comparing what the two declare: equations, and parts of the picture."""

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
    """Names of signals: those that the parent has not, those that it computes in another way, and those that only the parent has."""

    new: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()

    @property
    def here(self) -> frozenset[str]:
        """All whose equation is not the parent's."""
        return self.new | self.other

    def kind(self, name: str) -> str:
        return NEW if name in self.new else OTHER if name in self.other else SAME


@dataclass(frozen=True)
class Marked:
    """What of a picture is not in the parent's: places of wires in the order of computation, names of layers and operations."""

    wires: tuple[int, ...] = ()
    nodes: tuple[str, ...] = ()


def symbols(cell: Cell) -> dict[str, Signal]:
    """All that its equations name, by name: x too."""
    return {X.name: X} | {signal.name: signal for signal in cell.signals}


def formulas(cell: Cell, notation: Notation = PYTORCH) -> dict[str, str]:
    """Each signal's equation, sums and all."""
    return {one.name: one.formula for one in equations(cell.signals, cell.sums, notation)}


def of_equations(cell: Cell, parent: Cell) -> Changed:
    """Compared as they are declared, so that no notation hides a difference."""
    ours, theirs = formulas(cell), formulas(parent)
    return Changed(
        new=frozenset(ours.keys() - theirs.keys()),
        other=frozenset(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]),
        gone=tuple(name for name in theirs if name not in ours),
    )


def of_picture(cell: Cell, parent: Cell) -> Marked:
    """What does or carries something that nothing in the parent's picture does or carries; places do not count."""
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
    """What it carries, from where and to where: a layer, an operation, or nothing of the kind."""
    return wire.carries, *(_of_node(diagram, end) for end in (wire.path[0], wire.path[-1]))


def _of_node(diagram: Diagram, node: object) -> object:
    if isinstance(node, str) and node in diagram.operations:
        return _of_operation(diagram, node)
    return node if isinstance(node, str) else None


def _of_operation(diagram: Diagram, name: str) -> tuple[str, frozenset[str]]:
    """What it does, and what comes of it; where that is not recorded, of what."""
    made = frozenset(wire.carries for wire in diagram.leaving(name)) - {""}
    return diagram.operations[name].does, made or frozenset(wire.carries for wire in diagram.entering(name))
