"""A cell's equations on the page, coloured by quantity; differences from the parent are marked and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from explorer.cells import Cell
from explorer.figures.roles import SAYS
from explorer.figures.theme import Theme
from explorer.notations import Notation, equations, general_form, line, notes, symbol
from explorer.notations.conventions import GENERAL
from explorer.signals import Signal
from explorer.studio import notation, style
from explorer.studio.cells import View, changes
from explorer.studio.cells.changes import OTHER, SAME, Changed

SIZES = {"short": 60, "long": 100, "longest": 1000}
"""Maximum number of characters in a formula for each type size, so that a line fits beside the picture."""


def painter(signals: Mapping[str, Signal], theme: Theme) -> Callable[[str, str], str]:
    """Return a function that colours each quantity by its role."""
    return lambda name, written: rf"\textcolor{{{theme.roles[signals[name].role]}}}{{{written}}}"


def lines(cell: Cell, letters: Notation, theme: Theme | None = None) -> dict[str, str]:
    """Return each signal's equation as LaTeX, coloured if there is a theme."""
    signals = changes.symbols(cell)
    paint = painter(signals, theme) if theme else lambda _, written: written
    result = {}
    for one in equations(cell.signals, cell.sums, letters):
        left, right = line(one, letters, signals, paint)
        result[one.name] = f"{left} = {right}"
    return result


def draw(view: View, marked: bool) -> None:
    """Draw the notation, the equations in the order of computation, and notes on both."""
    letters, theme = notation.current(), style.theme()
    before = lines(view.parent, letters, theme) if view.parent else {}
    signs = {name: len(formula) for name, formula in changes.formulas(view.cell).items()}
    for name, written in lines(view.cell, letters, theme).items():
        kind = view.changed.kind(name) if marked else SAME
        size = next(size for size, most in SIZES.items() if signs[name] <= most)
        with st.container(key=f"equation_{kind}_{size}_{name}", gap=None):
            _one(kind, says(changes.symbols(view.cell)[name], letters), written, before.get(name, ""))
    if marked and view.parent:
        _gone(view.parent, view.changed, letters, theme)
    _around(view.cell, letters)
    with st.expander("All lines as LaTeX", icon=":material/content_copy:"):
        st.code(copied(view.cell, letters), language="latex", wrap_lines=True)


def _one(kind: str, called: str, written: str, before: str) -> None:
    """Draw one equation with its name and change mark, and the parent's version below it in small type."""
    mark = "" if kind == SAME else f"**{kind}** · "
    st.markdown(f"{mark}{called}\n\n$\\displaystyle {written}$")
    if kind == OTHER:
        st.markdown(f"before: $\\displaystyle {before}$")


def says(signal: Signal, letters: Notation) -> str:
    """Return a signal's meaning and its usual name in the field."""
    role = letters.says(signal.role, SAYS[signal.role])
    if not signal.label:
        return role
    return signal.label if role in signal.label else f"{role} ({signal.label})"


def _gone(parent: Cell, changed: Changed, letters: Notation, theme: Theme) -> None:
    """Draw the quantities that only the parent has, struck out."""
    signals = changes.symbols(parent)
    paint = painter(signals, theme)
    struck = [
        f"$\\cancel{{\\,{paint(n, symbol(signals[n], letters))}\\,}}\\;$ {says(signals[n], letters)}"
        for n in changed.gone
    ]
    if struck:
        with st.container(key="equation_gone"):
            st.markdown(f"**gone** · {', '.join(struck)}")


def _around(cell: Cell, letters: Notation) -> None:
    """Draw the general form, if the notation has one, and notes where others use its letters differently."""
    if letters is GENERAL:
        with st.container(key="equation_general"):
            st.markdown(
                f"In general: $\\displaystyle {general_form([s for s in cell.signals if s.name in cell.State._fields], letters)}$"
            )
    for note in notes(letters, frozenset(signal.name for signal in cell.signals), cell.sums, cell.belts):
        st.caption(note)


def copied(cell: Cell, letters: Notation) -> str:
    """Return all lines as LaTeX for copying: aligned at the equals sign, without colours."""
    body = " \\\\\n".join(f"  {written.replace(' = ', ' &= ', 1)}" for written in lines(cell, letters).values())
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
