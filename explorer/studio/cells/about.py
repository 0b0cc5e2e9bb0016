"""Text about a cell: number of parameters, source, options, conventions."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import streamlit as st

from explorer.cells import Cell
from explorer.cells.parameters import ParameterCount, parameter_formula
from explorer.models import Card
from explorer.studio.cells import View


def parameters(card: Card, cell: Cell) -> str:
    """Return a sentence with this network's number of cell parameters: the formula, its sizes filled in, and the total."""
    sizes = cell.input_size, cell.hidden_size
    count = formula_of(cell)
    each = "" if card.rows == 1 else f", in the first of {card.rows} rows of layers"
    return (
        f"**{count.at(*sizes):,}** parameters{each}: {count} = {filled(count, *sizes)}, with I = {sizes[0]} numbers read and "
        f"H = {sizes[1]} units."
    )


def formula_of(cell: Cell) -> ParameterCount:
    """Return the parameter formula for this cell's sizes: the default one if its total is right, else that of the cell's options."""
    sizes = cell.input_size, cell.hidden_size
    usual = parameter_formula(cell.name)
    real = sum(weight.numel() for weight in cell.parameters())
    count = usual if usual.at(*sizes) == real else parameter_formula(cell.name, **cell.options)
    return count.equal if count.equal and sizes[0] == sizes[1] else replace(count, equal=None)


def filled(count: ParameterCount, inputs: int, units: int) -> str:
    """Return the formula with numbers in place of its letters: "4(128·32 + 128² + 2·128)"."""
    numbers = {"HI": f"{units}·{inputs}", "H²": f"{units}²", "H": str(units), "I": str(inputs)}

    def put(match: re.Match[str]) -> str:
        factor, letters = match.groups()
        return f"{factor}·{numbers[letters]}" if factor else numbers[letters]

    return re.sub(r"(\d*)(HI|H²|H|I)", put, str(count))


def options(cell: type[Cell]) -> dict[str, object]:
    """Return the arguments of `build` beside the sizes, with their defaults."""
    arguments = list(inspect.signature(cell.__init__).parameters.values())[3:]
    return {one.name: one.default for one in arguments if one.kind is not inspect.Parameter.VAR_KEYWORD}


def conventions(cell: type[Cell]) -> str:
    """Return the cell's docstring: equations, source, differences between libraries."""
    return inspect.getdoc(cell) or ""


def what_changes(view: View) -> None:
    """Draw a sentence on the cell's change to its parent."""
    if view.parent:
        st.markdown(f"**Against the {view.parent.title}:** {type(view.cell).change}")
    else:
        st.markdown("**The starting point of the family.** Every other cell is described as a change to it.")


def source(view: View) -> None:
    """Draw the publication that introduced the cell."""
    st.caption(type(view.cell).source)


def size(card: Card, view: View) -> None:
    """Draw the number of parameters."""
    st.markdown(parameters(card, view.cell))


def folded(view: View) -> None:
    """Draw the conventions and options, folded."""
    kind = type(view.cell)
    with st.expander("Conventions: where libraries differ", icon=":material/rule:"):
        st.code(conventions(kind), language=None, wrap_lines=True)
    defaults = options(kind)
    if defaults:
        with st.expander("Options", icon=":material/tune:"):
            call = ", ".join(f"{name}={value!r}" for name, value in defaults.items())
            st.markdown("The default values. The conventions say what each option does.")
            st.code(f"build({kind.name!r}, input_size, hidden_size, {call})", language="python", wrap_lines=True)
