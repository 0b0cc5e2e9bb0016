"""A cell's arithmetic as text: `"f * c_prev + i * g"`, read by a person, evaluated on numbers, drawn by the stage.

A formula may use names, numbers, `+ - *`, `@` for a matrix times a vector, parentheses and calls of functions that the caller hands in.
Nothing else parses, so a formula that comes out of a file can do no harm.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.MatMult: lambda W, vectors: vectors @ W.T,
}
"""`W @ x` is W [row, column] times each vector of x [..., column]."""


def evaluate(formula: str, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """The value of `formula`; works alike on floats, numpy arrays and torch tensors.

    Raises ValueError where the text is no formula, KeyError where `values` lacks a name that it uses.
    """
    functions = functions or {}

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return values[name]
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return number
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=[first, *rest], keywords=[]) if name in functions:
                return functions[name](value(first), *map(value, rest))
        raise ValueError(f"not a formula: {formula!r}; names, numbers, + - * @ and {sorted(functions)} are understood")

    return value(parse(formula))


@lru_cache(maxsize=256)
def names(formula: str) -> frozenset[str]:
    """The names of the values that `formula` uses, those of functions left out."""
    called = {node.func for node in ast.walk(parse(formula)) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(parse(formula)) if isinstance(node, ast.Name) and node not in called)


@lru_cache(maxsize=256)
def functions(formula: str) -> frozenset[str]:
    """The names of the functions that `formula` calls."""
    called = (node.func for node in ast.walk(parse(formula)) if isinstance(node, ast.Call))
    return frozenset(function.id for function in called if isinstance(function, ast.Name))


LONGEST = 500
"""Characters: a cell needs a tenth of it, and a text from elsewhere is not to exhaust the stack."""


@lru_cache(maxsize=256)
def parse(formula: str) -> ast.expr:
    """Syntax tree of a formula, to be read and not changed. Raises ValueError if the text is not a formula."""
    if len(formula) > LONGEST:
        raise ValueError(f"not a formula: {formula[:20]!r}… is longer than {LONGEST} characters")
    try:
        return ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes, lone surrogates
        raise ValueError(f"not a formula: {formula!r} ({error})") from error
