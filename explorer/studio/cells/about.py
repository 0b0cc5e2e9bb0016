"""What there is to say of a cell: how many weights it has, its source, its options, its conventions."""

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
    """How many weights the cell of this network has: the formula, the same with this network's sizes, and the number."""
    sizes = cell.input_size, cell.hidden_size
    count = formula_of(cell)
    each = "" if card.rows == 1 else f", in the first of {card.rows} rows of layers"
    return (
        f"**{count.at(*sizes):,}** parameters{each}: {count} = {filled(count, *sizes)}, with I = {sizes[0]} numbers read and "
        f"H = {sizes[1]} units."
    )


def formula_of(cell: Cell) -> ParameterCount:
    """What holds at this cell's sizes: the usual one where it gives the number, else that of its options, which may be sizes too."""
    sizes = cell.input_size, cell.hidden_size
    usual = parameter_formula(cell.name)
    real = sum(weight.numel() for weight in cell.parameters())
    count = usual if usual.at(*sizes) == real else parameter_formula(cell.name, **cell.options)
    return count.equal if count.equal and sizes[0] == sizes[1] else replace(count, equal=None)


def filled(count: ParameterCount, inputs: int, units: int) -> str:
    """The formula with numbers in the place of its letters: "4(128·32 + 128² + 2·128)"."""
    numbers = {"HI": f"{units}·{inputs}", "H²": f"{units}²", "H": str(units), "I": str(inputs)}

    def put(match: re.Match[str]) -> str:
        factor, letters = match.groups()
        return f"{factor}·{numbers[letters]}" if factor else numbers[letters]

    return re.sub(r"(\d*)(HI|H²|H|I)", put, str(count))


def options(cell: type[Cell]) -> dict[str, object]:
    """What `build` takes beside the sizes, and what it takes where nothing is said."""
    given = list(inspect.signature(cell.__init__).parameters.values())[3:]
    return {one.name: one.default for one in given if one.kind is not inspect.Parameter.VAR_KEYWORD}


def conventions(cell: type[Cell]) -> str:
    """The docstring, as it stands in the cell's file: equations, source, where libraries differ."""
    return inspect.getdoc(cell) or ""


def what_changes(view: View) -> None:
    """What it changes of its parent, in a sentence."""
    if view.parent:
        st.markdown(f"**Against the {view.parent.title}:** {type(view.cell).change}")
    else:
        st.markdown("**It begins the line.** What the others change, they change of this one.")


def source(view: View) -> None:
    """Where it was written down."""
    st.caption(type(view.cell).source)


def size(card: Card, view: View) -> None:
    """How many weights it has."""
    st.markdown(parameters(card, view.cell))


def folded(view: View) -> None:
    """Its conventions and options."""
    kind = type(view.cell)
    with st.expander("Conventions: where libraries differ", icon=":material/rule:"):
        st.code(conventions(kind), language=None, wrap_lines=True)
    taken = options(kind)
    if taken:
        with st.expander("Options", icon=":material/tune:"):
            call = ", ".join(f"{name}={value!r}" for name, value in taken.items())
            st.markdown("As they are where nothing is said. The conventions tell what they do.")
            st.code(f"build({kind.name!r}, input_size, hidden_size, {call})", language="python", wrap_lines=True)
