"""Source code of a cell's step, and the lines that compute each wire of the picture."""

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
    """Consecutive lines of code, and the names of what they compute; none for a line that computes nothing with a name."""

    text: str
    computes: tuple[str, ...] = ()


def source(cell: type[Cell]) -> str:
    """Return the source of the cell's `step`, dedented; empty if its file is missing or was changed since."""
    try:
        text = textwrap.dedent(inspect.getsource(cell.step)).rstrip()
        (function,) = ast.parse(text).body
    except (OSError, SyntaxError, ValueError):
        return ""
    return text if isinstance(function, ast.FunctionDef) else ""


def where(cell: type[Cell]) -> str:
    """Return the location of that code: "LSTM.step in explorer/cells/lstm.py"."""
    return f"{cell.step.__qualname__} in {cell.step.__module__.replace('.', '/')}.py"


def pieces(cell: Cell) -> list[Piece]:
    """Return the step's code statement by statement, dedented."""
    text = source(type(cell))
    if not text:
        return []
    tree = ast.parse(text)
    first = tree.body[0].body[0].lineno  # type: ignore[attr-defined]
    inside = textwrap.dedent("\n".join(text.split("\n")[first - 1 :]))
    lines = inside.split("\n")
    ends = {}  # first line -> (last line, what it computes)
    for statement in _simple(tree):
        last = (statement.end_lineno or statement.lineno) - first + 1
        ends[statement.lineno - first + 1] = (last, tuple(_taps(statement, cell.blocks)))
    result, at = [], 1
    while at <= len(lines):
        last, computes = ends.get(at, (at, ()))
        result.append(Piece("\n".join(lines[at - 1 : last]), computes))
        at = last + 1
    return result


def _simple(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements that contain no other statements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _taps(statement: ast.stmt, blocks: tuple[str, ...]) -> Iterator[str]:
    """Yield the names recorded by the tap: in a call of it, or of a function that receives it."""
    loops = _loops(statement, blocks)
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        handed = any(isinstance(argument, ast.Name) and argument.id == "tap" for argument in node.args)
        if not handed and not (isinstance(node.func, ast.Name) and node.func.id == "tap"):
            continue
        for name in _names(node.args[0], loops):
            yield name
            if handed:
                yield f"{name}_pre"


def _names(written: ast.expr, loops: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the values of a name expression: the constant itself, or all values that a loop gives it."""
    match written:
        case ast.Constant(value=str(name)):
            yield name
        case ast.Name(id=variable):
            yield from loops.get(variable, ())
        case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name(id=variable)), ast.Constant(value=str(end))]):
            yield from (f"{name}{end}" for name in loops.get(variable, ()))


def _loops(statement: ast.stmt, blocks: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the loop variables of a statement and the names they run over; `blocks` if those are not a literal."""
    names = {}
    for node in ast.walk(statement):
        if not isinstance(node, ast.comprehension):
            continue
        variable, over = node.target, node.iter
        if isinstance(variable, ast.Tuple) and isinstance(over, ast.Call):  # in step with others: its names come first
            variable, over = variable.elts[0], over.args[0]
        if isinstance(variable, ast.Name):
            try:
                names[variable.id] = tuple(ast.literal_eval(over))
            except ValueError:
                names[variable.id] = blocks
    return names


def computed(cell: Cell) -> list[tuple[str, ...]]:
    """Return, for each wire of the picture, the names being computed while it fills."""
    return [tuple(sorted(_computes(cell, wire))) for wire in cell.diagram.wires]


def _computes(cell: Cell, wire: Wire) -> set[str]:
    diagram, end = cell.diagram, wire.path[-1]
    if end in diagram.layers:
        return {f"{end}_pre"}
    if _begins(diagram, wire):
        return {wire.carries}
    if wire.carries and not wire.carries.isidentifier() and (whole := _whole(cell, wire.carries)):
        return whole
    if isinstance(end, str):
        return set(_behind(diagram, end, set()))
    if wire.carries == INPUT or wire.carries.endswith("_prev"):
        return {pre for pre, total in cell.sums.items() if wire.carries in formula.names(total)}
    return {wire.carries} if wire.carries.isidentifier() else set(_onwards(diagram, wire, set()))


def _begins(diagram: Diagram, wire: Wire) -> bool:
    """Return whether a signal starts with this wire: it leaves a layer or an operation, or is the first to come from outside."""
    if not wire.carries.isidentifier() or wire.carries == INPUT or wire.carries.endswith("_prev"):
        return False
    alike = [one for one in diagram.wires if one.carries == wire.carries]
    leaving = [one for one in alike if isinstance(one.path[0], str)]
    return wire in leaving or (not leaving and wire == alike[0])


def _whole(cell: Cell, part: str) -> set[str]:
    """Return the signal whose formula contains this expression, or the pre-activations whose sums contain it."""
    target = ast.dump(formula.parse(part))

    def within(text: str) -> bool:
        return any(ast.dump(node) == target for node in ast.walk(formula.parse(text)))

    for signal in cell.signals:
        if signal.formula and within(signal.formula):
            return {signal.name}
    return {pre for pre, total in cell.sums.items() if within(total)}


def _behind(diagram: Diagram, node: str, seen: set[str]) -> Iterator[str]:
    """Yield the first named quantities computed from a node."""
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
    """Yield the quantities downstream of a wire that ends on another wire."""
    corner = diagram.legs(wire)[-1]
    for other in diagram.wires:
        end = other.path[-1]
        if other is not wire and isinstance(end, str) and _passes(diagram.legs(other), corner):
            yield from _behind(diagram, end, seen)


def _passes(legs: list[Point], point: Point) -> bool:
    def between(a: float, b: float, value: float) -> bool:
        return min(a, b) <= value <= max(a, b)

    return any(between(x0, x1, point[0]) and between(y0, y1, point[1]) for (x0, y0), (x1, y1) in pairwise(legs))
