"""A cell's equations, one a signal, as a notation puts them: what is squashed stands where it is squashed, biases are one, W x and U h
become W [h, x].

Everything stays a formula (`explorer.formula`): what is printed can be evaluated, and a test does so for every cell and notation. The
names that a rewriting brings along (`W__i`, `b__i`: two underscores, since they belong to no one source) come with formulas of their own.
In these `cat` puts arrays together along their last axis: vectors one behind the other, matrices side by side.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explorer import formula
from explorer.notations.conventions import Notation
from explorer.signals import Signal

FIRST_IN_BRACKETS = ("c", "h", "i")
"""The order within [c, h, x], by where a matrix reads from; others stand before them."""


@dataclass(frozen=True)
class Equation:
    """`name` = `formula`, over signals, `<state>_prev`, `<state>_below`, weights and the names in `definitions`.

    definitions  name -> formula over the cell's own weights, of what the notation has joined
    """

    name: str
    formula: str
    definitions: Mapping[str, str] = field(default_factory=dict)


def equations(signals: Sequence[Signal], sums: Mapping[str, str], notation: Notation) -> tuple[Equation, ...]:
    """One for each signal, in the order of computation. `sums` has the formula of each pre-activation."""
    return tuple(_equation(signal, sums, notation) for signal in signals)


def _equation(signal: Signal, sums: Mapping[str, str], notation: Notation) -> Equation:
    whole = _Insert(sums).visit(_copy(signal.formula))
    join = _Join(whole, notation.joins_biases, notation.concatenates)
    return Equation(signal.name, ast.unparse(join.visit(whole)), join.definitions)


def _copy(text: str) -> ast.expr:
    """Copy of a formula's tree that may be changed."""
    return ast.parse(ast.unparse(formula.parse(text)), mode="eval").body


class _Insert(ast.NodeTransformer):
    """Transformer that puts the sums in the place of the pre-activations."""

    def __init__(self, sums: Mapping[str, str]) -> None:
        self.sums = sums

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _copy(self.sums[node.id]) if node.id in self.sums else node


class _Join(ast.NodeTransformer):
    """Joins biases and matrices that stand in one sum."""

    def __init__(self, whole: ast.expr, biases: bool, matrices: bool) -> None:
        self.biases, self.matrices = biases, matrices
        names = [node.id for node in ast.walk(whole) if isinstance(node, ast.Name) and _bias(node)]
        self.going_to = Counter(map(target, names))
        self.definitions: dict[str, str] = {}

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, ast.Add):
            return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        terms = list(_terms(node))
        if self.matrices:
            terms = self._joined(terms, [term for term in terms if _matrix(term)], self._matrix)
        if self.biases:
            biases = [term for term in terms if isinstance(term, ast.Name) and _bias(term)]
            alone = any(self.going_to[target(bias.id)] == 1 for bias in biases)  # there is no other to be told from it
            terms = self._joined(terms, list(biases), self._bias, least=1 if alone else 2)
        whole, *rest = [term if _matrix(term) or _bias(term) else self.visit(term) for term in terms]
        for term in rest:
            whole = ast.BinOp(whole, ast.Add(), term)
        return whole

    def _joined(self, terms: list[ast.expr], some: list[ast.expr], join: Any, least: int = 2) -> list[ast.expr]:
        """Terms with one sum in the place of `some`, if there are enough: a bias last, as it is usually written."""
        if len(some) < least:
            return terms
        rest = [term for term in terms if term not in some]
        one = join(some)
        return [*rest, one] if _bias(one) else [one, *rest]

    def _matrix(self, products: list[Any]) -> ast.expr:
        products = sorted(products, key=lambda product: _place(product.left.id))
        name = f"W__{target(products[0].left.id)}"
        self.definitions[name] = f"cat({', '.join(product.left.id for product in products)})"
        vectors = ast.Call(ast.Name("cat"), [product.right for product in products], [])
        return ast.BinOp(ast.Name(name), ast.MatMult(), vectors)

    def _bias(self, biases: list[Any]) -> ast.expr:
        name = f"b__{target(biases[0].id)}"
        self.definitions[name] = " + ".join(bias.id for bias in biases)
        return ast.Name(name)


def target(weight: str) -> str:
    """Target of a weight: "i" of "W_hi" and of "W__i"."""
    return weight.partition("__")[2] or weight.partition("_")[2][1:]


def origin(weight: str) -> str:
    """Source of a weight: "h" of "W_hi"; "" of a joined matrix."""
    return "" if "__" in weight else weight.partition("_")[2][:1]


def _place(weight: str) -> int:
    source = origin(weight)
    return FIRST_IN_BRACKETS.index(source) if source in FIRST_IN_BRACKETS else -1


def _terms(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _terms(node.left)
        yield from _terms(node.right)
    else:
        yield node


def _matrix(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Name)


def _bias(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.startswith("b_")
