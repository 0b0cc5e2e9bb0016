"""A cell's step as it is written, and which of its lines computes what is on its way in the picture."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from explorer import formula
from explorer.cells import Cell
from explorer.diagram import INPUT, Diagram, Point, Wire


@dataclass(frozen=True)
class Piece:
    """Lines of code that belong together, and the names of what they compute; none of a line that computes nothing by name."""

    text: str
    computes: tuple[str, ...] = ()


def source(cell: type[Cell]) -> str:
    """Its `step`, from the left edge."""
    return textwrap.dedent(inspect.getsource(cell.step)).rstrip()


def where(cell: type[Cell]) -> str:
    """The place of that code: "LSTM.step in explorer/cells/lstm.py"."""
    return f"{cell.step.__qualname__} in {cell.step.__module__.replace('.', '/')}.py"


def pieces(cell: Cell) -> list[Piece]:
    """What the step does, statement by statement, from the left edge."""
    text = source(type(cell))
    (function,) = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    first = function.body[0].lineno
    inside = textwrap.dedent("\n".join(text.split("\n")[first - 1 :]))
    lines = inside.split("\n")
    ends = {}  # first line -> (last line, what it computes)
    for statement in _simple(ast.parse(text)):
        last = (statement.end_lineno or statement.lineno) - first + 1
        ends[statement.lineno - first + 1] = (last, tuple(_taps(statement, cell.blocks)))
    found, at = [], 1
    while at <= len(lines):
        last, computes = ends.get(at, (at, ()))
        found.append(Piece("\n".join(lines[at - 1 : last]), computes))
        at = last + 1
    return found


def _simple(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements that have no others within."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _taps(statement: ast.stmt, blocks: tuple[str, ...]) -> Iterator[str]:
    """The names that go through the tap: by a call of it, or of what it is handed to."""
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        direct = isinstance(node.func, ast.Name) and node.func.id == "tap"
        handed = any(isinstance(argument, ast.Name) and argument.id == "tap" for argument in node.args)
        if not direct and not handed:
            continue
        match node.args[0]:
            case ast.Constant(value=str(name)):
                yield name
                if handed:
                    yield f"{name}_pre"
            case ast.JoinedStr(values=parts):
                end = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
                yield from (f"{block}{end}" for block in blocks)


def computed(cell: Cell) -> list[tuple[str, ...]]:
    """For each wire of the picture the names of what is being computed while it fills."""
    return [tuple(sorted(_computes(cell, wire))) for wire in cell.diagram.wires]


def _computes(cell: Cell, wire: Wire) -> set[str]:
    diagram, (first, last) = cell.diagram, (wire.path[0], wire.path[-1])
    if isinstance(last, str) and last in diagram.layers:
        return {f"{last}_pre"}
    bare = wire.carries.isidentifier()
    if bare and isinstance(first, str):
        return {wire.carries}  # it comes out of its layer, or of its last operation
    if isinstance(last, str):
        part = None if bare or not wire.carries else _made_of(cell, wire.carries)
        return {part} if part else set(_behind(diagram, last, set()))
    if not wire.carries:
        return set(_onwards(diagram, wire, set()))
    if wire.carries != INPUT and not wire.carries.endswith("_prev"):
        return {wire.carries}
    return {pre for pre, total in cell.sums.items() if wire.carries in formula.names(total)}


def _made_of(cell: Cell, part: str) -> str | None:
    """The signal whose formula has this one within."""
    wanted = ast.dump(formula.parse(part))
    for signal in cell.signals:
        if signal.formula and any(ast.dump(node) == wanted for node in ast.walk(formula.parse(signal.formula))):
            return signal.name
    return None


def _behind(diagram: Diagram, node: str, seen: set[str]) -> Iterator[str]:
    """What has a name among what comes of a node, or of what that leads to."""
    if node in diagram.layers:
        yield f"{node}_pre"
    if node in diagram.layers or node in seen:
        return
    seen.add(node)
    for wire in diagram.leaving(node):
        end = wire.path[-1]
        if wire.carries.isidentifier():
            yield wire.carries
        elif isinstance(end, str):
            yield from _behind(diagram, end, seen)
        else:
            yield from _onwards(diagram, wire, seen)


def _onwards(diagram: Diagram, wire: Wire, seen: set[str]) -> Iterator[str]:
    """A wire that ends on another one goes on by it."""
    corner = diagram.legs(wire)[-1]
    for other in diagram.wires:
        end = other.path[-1]
        if other is not wire and isinstance(end, str) and _passes(diagram.legs(other), corner):
            yield from _behind(diagram, end, seen)


def _passes(legs: list[Point], point: Point) -> bool:
    def between(a: float, b: float, value: float) -> bool:
        return min(a, b) <= value <= max(a, b)

    return any(between(x0, x1, point[0]) and between(y0, y1, point[1]) for (x0, y0), (x1, y1) in pairwise(legs))
