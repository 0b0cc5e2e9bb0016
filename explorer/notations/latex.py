"""Equations as LaTeX, in a notation's letters."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from explorer import formula
from explorer.notations.conventions import TILDE, Notation
from explorer.notations.rewriting import Equation, origin, target
from explorer.signals import Signal

Paint = Callable[[str, str], str]
"""(name of a signal, its LaTeX) -> the same in its colour."""

CONSTANTS = {"alpha": r"\alpha", "period": r"T", "M": "M"}
"""Numbers of a cell that are not trained."""
FUNCTIONS = {
    "sigmoid": r"\sigma",
    "tanh": r"\tanh",
    "relu": r"\operatorname{relu}",
    "leaky_relu": r"\operatorname{leaky\,relu}",
}
SUM, PRODUCT, APPLIED, ATOM = range(4)
"""Precedence of the parts of an expression."""


def line(
    equation: Equation, notation: Notation, signals: Mapping[str, Signal], paint: Paint = lambda _, symbol: symbol
) -> tuple[str, str]:
    """Both sides of an equation, as LaTeX."""
    printer = _Printer(notation, signals, paint)
    return printer.name(equation.name), printer.text(equation.formula)


def general_form(states: Sequence[Signal], notation: Notation) -> str:
    """x_t = F(x_{t-1}, u_t) of a cell with these states, in which x is the whole state and u the input."""
    letters = ", ".join(symbol(state, notation) for state in states)
    state = letters if len(states) == 1 else rf"({letters})"
    return rf"\mathbf{{x}}_t = F(\mathbf{{x}}_{{t-1}}, \mathbf{{u}}_t), \quad \mathbf{{x}}_t = {state},\; \mathbf{{u}}_t = x_t"


def symbol(signal: Signal, notation: Notation) -> str:
    """A signal's symbol, its own letter replaced by the notation's."""
    base = signal.name.partition("_")[0]
    if base in notation.letters and signal.symbol.startswith(base):
        return _letter(base, notation) + signal.symbol[len(base) :]
    return signal.symbol


def _letter(name: str, notation: Notation) -> str:
    base, line, rest = name.partition("_")
    plain = notation.letters.get(base, base)
    letter = rf"\tilde{{{plain.removesuffix(TILDE)}}}" if plain.endswith(TILDE) else plain
    return rf"{letter}^{{\text{{{rest}}}}}" if line else letter


class _Printer:
    def __init__(self, notation: Notation, signals: Mapping[str, Signal], paint: Paint) -> None:
        self.notation, self.signals, self.paint = notation, signals, paint

    def text(self, text: str) -> str:
        return self._node(formula.parse(text))[0]

    def name(self, name: str) -> str:
        base, line, when = name.rpartition("_")
        if line and when in ("prev", "below") and base in self.signals:
            return self.paint(base, _at(symbol(self.signals[base], self.notation), when))
        if name in self.signals:
            return self.paint(name, symbol(self.signals[name], self.notation))
        return CONSTANTS.get(name) or self._weight(name)

    def _weight(self, name: str) -> str:
        forms = self.notation.bias if name.startswith("b_") else self.notation.weight
        of, to = origin(name), target(name)
        form = forms.get(of) or forms["*"]
        letter, line, rest = to.partition("_")
        to = symbol_of_target(letter, self.notation) + (rf",\text{{{rest}}}" if line else "")
        written = form.format(of=_letter(of, self.notation) if of else "", to=to)
        return written[0].lower() + written[1:] if name.startswith("w_") else written  # a vector, not a matrix

    def _node(self, node: ast.expr) -> tuple[str, int]:
        """LaTeX, and how strongly it holds together."""
        match node:
            case ast.Name(id=name):
                return self.name(name), ATOM
            case ast.Constant(value=int() | float() as value):
                return f"{value}", ATOM
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return f"{self._within(left, SUM)} + {self._within(right, SUM)}", SUM
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return f"{self._within(left, SUM)} - {self._within(right, PRODUCT)}", SUM
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                number = isinstance(left, ast.Constant) or _is_number(left)
                times = r"\," if number else r" \odot "
                return f"{self._within(left, PRODUCT)}{times}{self._within(right, PRODUCT)}", PRODUCT
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                times = r" \cdot " if isinstance(right, ast.Call) else r"\,"
                return f"{self._within(left, ATOM)}{times}{self._within(right, ATOM)}", APPLIED
            case ast.Call(func=ast.Name(id="cat"), args=vectors):
                return rf"[{', '.join(self._within(vector, SUM) for vector in vectors)}]", ATOM
            case ast.Call(func=ast.Name(id="divides"), args=[divisor, number]):
                return rf"[\,{self._within(divisor, ATOM)} \mid {self._within(number, ATOM)}\,]", ATOM
            case ast.Call(func=ast.Name(id=name), args=arguments):
                written = FUNCTIONS.get(name, rf"\operatorname{{{name}}}")
                return rf"{written}\left({', '.join(self._within(one, SUM) for one in arguments)}\right)", ATOM
        raise ValueError(f"there is no way to print {ast.unparse(node)!r}")

    def _within(self, node: ast.expr, least: int) -> str:
        written, strength = self._node(node)
        return written if strength >= least else rf"\left({written}\right)"


def symbol_of_target(letter: str, notation: Notation) -> str:
    """Target of a weight, in its index: the letter of the gate, or of the candidate without its tilde."""
    return notation.letters.get(letter, letter).removesuffix(TILDE)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)


def _at(symbol: str, when: str) -> str:
    """The symbol one step before, or of the layer below."""
    if when == "prev":
        return symbol.replace("_t", "_{t-1}")
    head, up, rest = symbol.partition("^{")
    return rf"{head}^{{\ell-1,{rest}" if up else symbol.replace("_t", r"^{\ell-1}_t")
