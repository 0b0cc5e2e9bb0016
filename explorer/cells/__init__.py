"""The cells: one file a family, one small class a cell, one registry. `build` makes any of them."""

from __future__ import annotations

from typing import Any

from explorer.cells.base import REGISTRY, Back, Backwards, Cell, Signals, Tap, untapped
from explorer.cells.parameters import ParameterCount, parameter_formula
from explorer.cells.stack import Stack

# A family registers its cells when it is imported; this order is that of the registry, so it is no alphabet's.
# isort: off
from explorer.cells import rnn  # noqa: F401
from explorer.cells import jordan  # noqa: F401
from explorer.cells import lstm_1997  # noqa: F401
from explorer.cells import lstm  # noqa: F401
from explorer.cells import lstm_peephole  # noqa: F401
from explorer.cells import lstm_coupled  # noqa: F401
from explorer.cells import lstm_sigmoid  # noqa: F401
from explorer.cells import greff  # noqa: F401
from explorer.cells import greff_fgr  # noqa: F401
from explorer.cells import depth_gated  # noqa: F401
from explorer.cells import grid  # noqa: F401
from explorer.cells import gru  # noqa: F401
from explorer.cells import gru_cho  # noqa: F401
from explorer.cells import minimal  # noqa: F401
from explorer.cells import mutants  # noqa: F401
from explorer.cells import clockwork  # noqa: F401
from explorer.cells import esn  # noqa: F401
# isort: on

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


def names() -> tuple[str, ...]:
    """The names that `build` knows."""
    return tuple(REGISTRY)


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
