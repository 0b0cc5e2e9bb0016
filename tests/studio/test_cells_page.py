"""What the page of cells finds out by itself: what a cell changes of its parent, and which line of code computes what is drawn."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import Any

import pytest

from explorer import cells
from explorer.cells import Cell
from explorer.cells.parameters import parameter_formula
from explorer.diagram import INPUT, Diagram, Operation
from explorer.notations import NOTATIONS
from explorer.studio.cells import View, about, changes, code, equations, family
from explorer.studio.cells.family import specimen

each_cell = pytest.mark.parametrize("name", cells.names())
HEIRS = [name for name in cells.names() if cells.REGISTRY[name].parent]
each_heir = pytest.mark.parametrize("name", HEIRS)


def carried(name: str) -> list[tuple[str, object]]:
    """What the marked wires carry, and where they end."""
    cell = specimen(name)
    wires = cell.diagram.wires
    return [(wires[k].carries, wires[k].path[-1]) for k in marked(name).wires]


def marked(name: str) -> changes.Marked:
    cell = specimen(name)
    return changes.of_picture(cell, specimen(cell.parent))


def changed(name: str) -> changes.Changed:
    cell = specimen(name)
    return changes.of_equations(cell, specimen(cell.parent))


def moved(diagram: Diagram, right: float) -> Diagram:
    """The same picture elsewhere."""

    def at(stop: Any) -> Any:
        return stop if isinstance(stop, str) else (stop[0] + right, stop[1])

    return Diagram(
        layers={name: at(place) for name, place in diagram.layers.items()},
        operations={name: Operation(o.does, at(o.at)) for name, o in diagram.operations.items()},
        phases={
            says: tuple(one._replace(path=tuple(map(at, one.path))) for one in wires)
            for says, wires in diagram.phases.items()
        },
    )


def test_the_line_is_a_line() -> None:
    """Each changes the one before it."""
    assert family.line() == ("rnn", "lstm-1997", "lstm", "gru")
    assert [cells.REGISTRY[name].parent for name in family.line()] == ["", *family.line()[:-1]]


def test_all_others_are_under_more() -> None:
    """Once each, by the cell of the line that they descend from."""
    others = [name for names in family.more().values() for name in names]
    assert sorted([*family.line(), *others]) == sorted(cells.names())
    assert "lstm-peephole" in family.more()["lstm"] and "mut3" in family.more()["gru"]
    assert family.descends_from("mgu") == "gru" and family.descends_from("jordan") == "rnn"


@each_cell
def test_a_cell_changes_nothing_of_itself(name: str) -> None:
    """Not even where its picture is drawn elsewhere."""
    cell, twin = specimen(name), specimen(name)
    assert changes.of_equations(cell, twin) == changes.Changed()
    elsewhere = replace_diagram(cell, moved(cell.diagram, 2))
    assert changes.of_picture(elsewhere, twin) == changes.Marked()


def replace_diagram(cell: Cell, diagram: Diagram) -> Cell:
    """The same cell with another picture."""
    copy = cells.build(cell.name, *family.SPECIMEN)
    assert isinstance(copy, Cell)
    copy.diagram = diagram  # type: ignore[misc]
    return copy


@each_heir
def test_an_heir_changes_something(name: str) -> None:
    """In an equation and in the picture, and says what in words."""
    assert changed(name).here or changed(name).gone
    assert marked(name) != changes.Marked()
    assert cells.REGISTRY[name].change


@each_heir
def test_what_is_called_new_is_not_the_parents(name: str) -> None:
    cell = specimen(name)
    ours, theirs = changes.formulas(cell), changes.formulas(specimen(cell.parent))
    found = changed(name)
    assert found.new == ours.keys() - theirs.keys()
    assert found.other == {signal for signal in ours.keys() & theirs.keys() if ours[signal] != theirs[signal]}
    assert set(found.gone) == theirs.keys() - ours.keys()
    assert {found.kind(signal) for signal in ours} <= {changes.NEW, changes.OTHER, changes.SAME}


def test_what_the_lstm_adds_to_that_of_1997() -> None:
    """A forget gate, and where it meets the belt; all else is as it was."""
    assert changed("lstm") == changes.Changed(new=frozenset("f"), other=frozenset("c"))
    assert carried("lstm") == [
        ("h_prev", "f"),
        ("f", "forget"),
        ("c_prev", "forget"),
        ("f * c_prev", "add"),
    ]
    assert marked("lstm").nodes == ("f", "forget")


def test_what_peepholes_add() -> None:
    """Three wires, and three gates that compute something else."""
    assert changed("lstm-peephole") == changes.Changed(other=frozenset("ifo"))
    assert {end for _, end in carried("lstm-peephole")} == set("ifo")
    assert {what for what, _ in carried("lstm-peephole")} == {"c_prev", "c"}
    assert set(marked("lstm-peephole").nodes) == set("ifo")


def test_what_coupling_takes_away() -> None:
    """One gate is what the other leaves: a 1− in the place of a layer."""
    assert changed("lstm-coupled") == changes.Changed(other=frozenset("i"))
    assert ("i", "write") in carried("lstm-coupled")
    assert [specimen("lstm-coupled").diagram.operations[name].does for name in marked("lstm-coupled").nodes] == ["1−"]


def test_what_the_gru_lets_go() -> None:
    assert changed("gru").gone == ("i", "f", "g", "o", "c")
    assert changed("gru").other == {"h"}


def test_a_new_nonlinearity_is_a_change() -> None:
    """Also where the picture has the very same wires."""
    plain, other = specimen("rnn"), cells.build("rnn", *family.SPECIMEN, nonlinearity="relu")
    assert isinstance(other, Cell)
    assert changes.of_equations(other, plain) == changes.Changed(other=frozenset("h"))
    assert changes.of_picture(other, plain) == changes.Marked(nodes=("h",))


def test_where_nothing_came_before_nothing_is_marked() -> None:
    view = View.of(specimen("rnn"))
    assert view.parent is None and view.changed == changes.Changed() and view.marked == changes.Marked()


@each_cell
def test_the_code_is_the_cells_own(name: str) -> None:
    """Every line of what its step does, in order, from the left edge."""
    cell = specimen(name)
    text = textwrap.dedent(inspect.getsource(type(cell).step)).rstrip()
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    body = textwrap.dedent("\n".join(text.split("\n")[function.body[0].lineno - 1 :]))
    assert "\n".join(piece.text for piece in code.pieces(cell)) == body


@each_cell
def test_each_signal_has_its_lines(name: str) -> None:
    """All that a trace records is computed somewhere, and nothing else is said to be."""
    cell = specimen(name)
    assert {one for piece in code.pieces(cell) for one in piece.computes} == {one.name for one in cell.recorded}


@each_cell
def test_each_wire_belongs_to_lines_and_each_line_to_wires(name: str) -> None:
    """So that some line is lit all the time while the values flow, and each line once."""
    cell = specimen(name)
    names = {one.name for one in cell.recorded}
    found = code.computed(cell)
    assert len(found) == len(cell.diagram.wires)
    assert all(found) and {one for of in found for one in of} == names
    flowing = {one for of in found for one in of}
    assert all(set(piece.computes) & flowing for piece in code.pieces(cell) if piece.computes)


@each_cell
def test_what_leaves_a_layer_is_its_own_signal(name: str) -> None:
    """And what enters it is summed up there."""
    cell = specimen(name)
    for wire, computes in zip(cell.diagram.wires, code.computed(cell), strict=True):
        if wire.path[-1] in cell.diagram.layers:
            assert computes == (f"{wire.path[-1]}_pre",)
        elif wire.path[0] in cell.diagram.layers:
            assert computes == (wire.path[0],)
        if wire.carries in (INPUT, "h_prev") and not isinstance(wire.path[-1], str):
            assert all(one.endswith("_pre") for one in computes), wire


def test_the_lines_of_the_lstm() -> None:
    """What flows to the belt is the belt's line, what flows out of it that of h."""
    cell = specimen("lstm")
    by_carried = {wire.carries: of for wire, of in zip(cell.diagram.wires, code.computed(cell), strict=True)}
    assert by_carried["f * c_prev"] == by_carried["i * g"] == by_carried["c_prev"] == ("c",)
    assert by_carried["tanh(c)"] == by_carried["h"] == ("h",)
    assert by_carried[INPUT] == ("f_pre", "g_pre", "i_pre", "o_pre")


@each_cell
@pytest.mark.parametrize("key", NOTATIONS)
def test_each_equation_is_told_in_each_notation(name: str, key: str) -> None:
    """One a signal, its symbol on the left; what is copied has the same lines, without colours."""
    cell = specimen(name)
    lines = equations.lines(cell, NOTATIONS[key])
    assert list(lines) == [signal.name for signal in cell.signals]
    copied = equations.copied(cell, NOTATIONS[key])
    assert copied.count("&=") == len(lines) and "textcolor" not in copied
    assert [part.strip() for part in copied.replace("&=", "=").split("\n")[1:-1]] == [
        line + (r" \\" if k + 1 < len(lines) else "") for k, line in enumerate(lines.values())
    ]


@pytest.mark.parametrize("inputs", [5, 24])
@each_cell
def test_the_count_with_numbers_is_the_count(name: str, inputs: int) -> None:
    """What is printed can be computed, and gives the number of weights that there are; also where some are not needed."""
    cell = cells.build(name, inputs, 24)
    assert isinstance(cell, Cell)
    printed = about.filled(about.formula_of(cell), inputs, 24)
    assert re.fullmatch(r"[\d·²+() ]+", printed), "no letter is left"
    python = re.sub(r"(\d)\(", r"\1*(", printed).replace("·", "*").replace("²", "**2")
    assert eval(python) == sum(weight.numel() for weight in cell.parameters())


def test_options_with_sizes_are_counted_too() -> None:
    cell = cells.build("jordan", 5, 24, output_size=3)
    assert isinstance(cell, Cell)
    count = about.formula_of(cell)
    assert count != parameter_formula("jordan")
    assert count.at(5, 24) == sum(weight.numel() for weight in cell.parameters())


def test_options_are_those_of_the_cell() -> None:
    assert about.options(cells.REGISTRY["rnn"]) == {"nonlinearity": "tanh"}
    assert set(about.options(cells.REGISTRY["lstm-peephole"])) == {"peephole", "gates", "forget_bias"}
