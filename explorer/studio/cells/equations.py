"""A cell's equations on the page, each in the colours of its quantities; what is not the parent's is marked and named."""

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
"""How many signs a formula has at most, to be set in type of that size: a line is to fit beside the picture."""


def painter(signals: Mapping[str, Signal], theme: Theme) -> Callable[[str, str], str]:
    """Gives each quantity the colour of its role."""
    return lambda name, written: rf"\textcolor{{{theme.roles[signals[name].role]}}}{{{written}}}"


def lines(cell: Cell, letters: Notation, theme: Theme | None = None) -> dict[str, str]:
    """Each signal's equation as LaTeX, in colours where there is a theme."""
    signals = changes.symbols(cell)
    paint = painter(signals, theme) if theme else lambda _, written: written
    found = {}
    for one in equations(cell.signals, cell.sums, letters):
        left, right = line(one, letters, signals, paint)
        found[one.name] = f"{left} = {right}"
    return found


def draw(view: View, marked: bool) -> None:
    """The notation, the equations one below the other in the order of computation, and what else there is to say of both."""
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
    """What it is called, whether it is the parent's, the equation; and in small how the parent has it."""
    mark = "" if kind == SAME else f"**{kind}** · "
    st.markdown(f"{mark}{called}\n\n$\\displaystyle {written}$")
    if kind == OTHER:
        st.markdown(f"before: $\\displaystyle {before}$")


def says(signal: Signal, letters: Notation) -> str:
    """What a signal is by what 1 means, and what the field calls it."""
    role = letters.says(signal.role, SAYS[signal.role])
    if not signal.label:
        return role
    return signal.label if role in signal.label else f"{role} ({signal.label})"


def _gone(parent: Cell, changed: Changed, letters: Notation, theme: Theme) -> None:
    """What only the parent has, struck out."""
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
    """The general form where the notation has one, and where its letters mean something else to others."""
    if letters is GENERAL:
        with st.container(key="equation_general"):
            st.markdown(
                f"In general: $\\displaystyle {general_form([s for s in cell.signals if s.name in cell.State._fields], letters)}$"
            )
    for note in notes(letters, frozenset(signal.name for signal in cell.signals), cell.sums, cell.belts):
        st.caption(note)


def copied(cell: Cell, letters: Notation) -> str:
    """All lines as LaTeX to be taken along: aligned at the sign of equality, without colours."""
    body = " \\\\\n".join(f"  {written.replace(' = ', ' &= ', 1)}" for written in lines(cell, letters).values())
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
