"""Every equation that is shown, in every notation: what is printed is what is computed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import explorer
from explorer import cells, formula
from explorer.cells import Cell
from explorer.models.reading import X
from explorer.notations import NOTATIONS, PYTORCH, Notation, equations, general_form, line, notes
from explorer.signals import Signal
from tests.cells.test_declarations import FUNCTIONS, values_of_row
from tests.helpers import TEXT, VARIANTS, Shape, Variant, network, state_of

SHAPES: list[Shape] = [(1, False), (2, True)]
# numpy's sums and functions against torch's, a few roundings of float64 apart; what is joined is added in another order.
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-13}

in_each = pytest.mark.parametrize("notation", NOTATIONS.values(), ids=lambda notation: notation.key)
each_cell = pytest.mark.parametrize("variant", VARIANTS)


def signals_of(cell: Cell) -> dict[str, Signal]:
    return {"x": X} | {signal.name: signal for signal in cell.recorded}


def written(cell: Cell, notation: Notation) -> dict[str, str]:
    """LaTeX of the right side by the left side's signal."""
    found = equations(cell.signals, cell.sums, notation)
    return {equation.name: line(equation, notation, signals_of(cell))[1] for equation in found}


@in_each
@each_cell
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_is_printed_is_what_is_computed(variant: Variant, shape: Shape, notation: Notation) -> None:
    """Each equation, evaluated from the trace and the weights, is the signal that it defines."""
    model = network(variant, shape)
    trace = explorer.trace(model, TEXT, state=state_of(model))
    for row in range(trace.rows):
        values = values_of_row(model, trace, row)
        found = equations(model.cell.signals, model.cell.sums, notation)
        assert [equation.name for equation in found] == [signal.name for signal in model.cell.signals]
        for equation in found:
            joined = {name: formula.evaluate(text, values, FUNCTIONS) for name, text in equation.definitions.items()}
            computed = formula.evaluate(equation.formula, values | joined, FUNCTIONS)
            np.testing.assert_allclose(computed, trace[equation.name][row], err_msg=equation.formula, **CLOSE)


@in_each
@each_cell
def test_every_name_has_its_symbol(variant: Variant, notation: Notation) -> None:
    """Nothing of the code's spelling is left, braces are balanced, and no two quantities of a cell look the same."""
    cell = network(variant).cell
    lefts = [line(one, notation, signals_of(cell))[0] for one in equations(cell.signals, cell.sums, notation)]
    assert len(set(lefts)) == len(cell.signals), lefts
    for text in written(cell, notation).values():
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
        assert not re.search(r"_prev|_below|__|@|\*", text), text


@in_each
@each_cell
def test_signals_can_be_coloured(variant: Variant, notation: Notation) -> None:
    """Whatever is a signal passes the painter, on both sides."""
    cell = network(variant).cell
    for equation in equations(cell.signals, cell.sums, notation):
        painted: list[str] = []
        line(equation, notation, signals_of(cell), lambda name, symbol: (painted.append(name), symbol)[1])
        names = {name.removesuffix("_prev").removesuffix("_below") for name in formula.names(equation.formula)}
        assert set(painted) == {equation.name} | (names & set(signals_of(cell)))


def test_the_lstm_as_it_is_known() -> None:
    """In each notation as its readers know it."""
    cell = cells.build("lstm", 2, 3)
    assert isinstance(cell, Cell)
    f = {key: written(cell, notation)["f"] for key, notation in NOTATIONS.items()}
    assert f == {
        "PyTorch": r"\sigma\left(W_{if}\,x_t + b_{if} + W_{hf}\,h_{t-1} + b_{hf}\right)",
        "W·[h, x]": r"\sigma\left(W_{f} \cdot [h_{t-1}, x_t] + b_{f}\right)",
        "W x + U h": r"\sigma\left(W_{f}\,x_t + U_{f}\,h_{t-1} + b_{f}\right)",
        "U x + W h": r"\sigma\left(U_{f}\,x_t + W_{f}\,h_{t-1} + b_{f}\right)",
        "W_xh, W_hh": r"\sigma\left(W_{xf}\,x_t + W_{hf}\,h_{t-1} + b_{f}\right)",
    }
    c = {key: written(cell, notation)["c"] for key, notation in NOTATIONS.items()}
    assert c["W·[h, x]"] == r"f_t \odot C_{t-1} + i_t \odot \tilde{C}_t"
    assert c["U x + W h"] == r"f_t \odot s_{t-1} + i_t \odot \tilde{s}_t"
    assert c["PyTorch"] == r"f_t \odot c_{t-1} + i_t \odot g_t"
    assert general_form(cell.signals[-2:], NOTATIONS["W_xh, W_hh"]).startswith(r"\mathbf{x}_t = F(\mathbf{x}_{t-1},")


def test_what_stands_behind_a_gate_is_not_joined() -> None:
    """The GRU's b_hn is multiplied by r, so no one bias can take the place of it and b_in."""
    cell = cells.build("gru", 2, 3)
    assert isinstance(cell, Cell)
    n = written(cell, NOTATIONS["W·[h, x]"])["n"]
    assert n == r"\tanh\left(W_{xh}\,x_t + b_{xh} + r_t \odot \left(W_{hh}\,h_{t-1} + b_{hh}\right)\right)"


def test_a_bias_that_is_the_only_one_is_b() -> None:
    """Where nothing else could be meant, the index need not say where it comes from."""
    cell = cells.build("mut1", 2, 3)
    assert isinstance(cell, Cell)
    assert written(cell, NOTATIONS["W x + U h"])["z"] == r"\sigma\left(W_{z}\,x_t + b_{z}\right)"


def test_letters_and_words() -> None:
    assert NOTATIONS["W·[h, x]"].letter("g") == "C\N{COMBINING TILDE}"
    assert NOTATIONS["U x + W h"].letter("c_depth") == "s_depth"
    assert PYTORCH.letter("g") == "g"
    assert NOTATIONS["U x + W h"].says("write", "write") == "read"
    assert NOTATIONS["U x + W h"].says("read", "read") == "write"
    assert NOTATIONS["W·[h, x]"].says("write", "write") == "write"


@pytest.mark.parametrize(
    ("name", "notation", "told"),
    [
        ("gru", "W·[h, x]", "their z_t is 1 − z_t here"),
        ("lstm", "PyTorch", "o_t is the output gate"),
        ("lstm", "W x + U h", "two biases"),
        ("lstm", "W·[h, x]", "[h, x] is one vector"),
        ("lstm", "U x + W h", "Only the words differ"),
    ],
)
def test_what_differs_is_named(name: str, notation: str, told: str) -> None:
    cell = cells.build(name, 2, 3)
    assert isinstance(cell, Cell)
    names = frozenset(signal.name for signal in cell.signals)
    assert told in " ".join(notes(NOTATIONS[notation], names, cell.sums, cell.belts))
    rnn = cells.build("rnn", 2, 3)
    assert isinstance(rnn, Cell)
    assert not notes(PYTORCH, frozenset({"h"}), rnn.sums, rnn.belts)
