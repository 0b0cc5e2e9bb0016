"""The cells: one file a family, one small class a cell, one registry. `build` makes any of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from explorer.cells.base import REGISTRY, Back, Backwards, Cell, Signals, Tap, untapped
from explorer.cells.parameters import ParameterCount, parameter_formula
from explorer.cells.stack import Stack

__all__ = [
    "REGISTRY",
    "Back",
    "Backwards",
    "Cell",
    "ParameterCount",
    "Signals",
    "Stack",
    "Tap",
    "build",
    "names",
    "parameter_formula",
    "untapped",
]


for _module in iter_modules(__path__):  # a cell is registered when its file is imported: each file of this folder is
    import_module(f"{__name__}.{_module.name}")


def names() -> tuple[str, ...]:
    """The names that `build` knows: each cell before those that change it, the oldest of these first."""

    def line_of(parent: str) -> Iterator[str]:
        for name in sorted(children.get(parent, ()), key=lambda name: (REGISTRY[name].year(), name)):
            yield name
            yield from line_of(name)

    children: dict[str, list[str]] = {}
    for name, cell in REGISTRY.items():
        children.setdefault(cell.parent if cell.parent in REGISTRY else "", []).append(name)
    return tuple(line_of(""))


def build(
    name: str, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False, **options: Any
) -> Cell | Stack:
    """An untrained cell, or a stack of them where there is more than one row; an nn.Module with torch's state-dict names.

    `options` are the cell's own (`nonlinearity=` for rnn, `forget_bias=` for lstm). Raises ValueError for an unknown name or size,
    TypeError for an option that the cell does not have.
    """
    if name not in REGISTRY:
        raise ValueError(f"unknown cell {name!r}; choose from {', '.join(REGISTRY)}")
    cell = REGISTRY[name]
    if num_layers == 1 and not bidirectional:
        return cell(input_size, hidden_size, **options)
    return Stack(lambda width: cell(width, hidden_size, **options), input_size, num_layers, bidirectional)
