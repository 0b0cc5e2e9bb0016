"""Layers of cells, in one direction or both, with their weights named as torch names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from explorer.cells.base import Cell


class Stack(nn.Module):
    """Cells on top of one another: one row a layer, or two (forward, then backward) where it is bidirectional.

    The next layer reads the h of the layer below, both directions side by side. The state dict's names are torch's:
    `weight_ih_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, …
    """

    def __init__(
        self, make: Callable[[int], Cell], input_size: int, num_layers: int = 1, bidirectional: bool = False
    ) -> None:
        """`make(input_size)` makes the cell of a row."""
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers is {num_layers}; it must be at least 1")
        directions = 2 if bidirectional else 1
        rows: list[Cell] = []
        for layer in range(num_layers):
            width = input_size if layer == 0 else directions * rows[0].hidden_size
            rows += [make(width) for _ in range(directions)]
        self.rows = nn.ModuleList(rows)
        self.input_size, self.num_layers, self.bidirectional, self.directions = (
            input_size,
            num_layers,
            bidirectional,
            directions,
        )
        self.register_state_dict_post_hook(_to_torch_names)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_from_torch_names)  # type: ignore[no-untyped-call]

    @staticmethod
    def of(cell: Cell) -> Stack:
        """The cell itself, seen as a stack of one row."""
        return Stack(lambda _: cell, cell.input_size)

    @property
    def cell(self) -> Cell:
        """First row, for the common properties of all rows: name, signals, belts. If only some rows of a cell have
        weights of x, the first that has them: its formulas hold in the others, too."""
        return max(self.rows, key=lambda row: len(row.input_blocks))  # type: ignore[return-value, arg-type]

    @property
    def hidden_size(self) -> int:
        return self.cell.hidden_size

    def layers(self) -> Iterator[list[Cell]]:
        """The rows of each layer, from below."""
        rows: list[Any] = list(self.rows)
        for first in range(0, len(rows), self.directions):
            yield rows[first : first + self.directions]

    def suffixes(self) -> list[str]:
        """Suffixes that torch appends to a weight's name in each row."""
        return [f"_l{layer}{end}" for layer in range(self.num_layers) for end in ("", "_reverse")[: self.directions]]


def _to_torch_names(stack: nn.Module, state: dict[str, Any], prefix: str, _metadata: Any) -> None:
    assert isinstance(stack, Stack)
    for row, suffix in enumerate(stack.suffixes()):
        own = f"{prefix}rows.{row}."
        for key in [key for key in state if key.startswith(own)]:
            state[f"{prefix}{key.removeprefix(own)}{suffix}"] = state.pop(key)


def _from_torch_names(stack: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    assert isinstance(stack, Stack)
    names = {name for name, _ in stack.cell.named_parameters()}
    for row, suffix in enumerate(stack.suffixes()):
        for name in names:
            if f"{prefix}{name}{suffix}" in state:
                state[f"{prefix}rows.{row}.{name}"] = state.pop(f"{prefix}{name}{suffix}")
