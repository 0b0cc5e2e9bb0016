"""Equations in five usual notations of the same arithmetic, each rewritten from the cell's formulas."""

from explorer.notations.conventions import NOTATIONS, PYTORCH, Notation, notes
from explorer.notations.latex import general_form, line, symbol
from explorer.notations.rewriting import Equation, equations

__all__ = [
    "NOTATIONS",
    "PYTORCH",
    "Equation",
    "Notation",
    "equations",
    "general_form",
    "line",
    "notes",
    "symbol",
]
