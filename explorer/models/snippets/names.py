"""Weights by their names in formulas, as slices of the file's tensors."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from torch import Tensor

from explorer.cells import Cell


def unpacked(cell: Cell, used: Collection[str]) -> list[str]:
    """Lines that give the weights of one row, in the file under a name that goes on with `end`, the names that formulas know them by.

    Raises ValueError where one of the `used` is computed from the weights and not a part of them.
    """
    unplaced = {name: weight for name, weight in cell.named_weights.items() if name in used}
    lines = []
    for name, weight in cell.named_parameters():
        parts = {part: view for part, view in unplaced.items() if _within(view, weight)}
        unplaced = {part: view for part, view in unplaced.items() if part not in parts}
        lines += _lines(f'weights[f"stack.{name}{{end}}"]', weight, parts)
    if unplaced:
        raise ValueError(
            f"there is no snippet of {cell.name}: {', '.join(unplaced)} is not in its weights as it stands"
        )
    return lines


def _lines(source: str, weight: Tensor, parts: dict[str, Tensor]) -> list[str]:
    """One line for all parts where they are successive blocks of rows, else a line each."""
    parts = dict(sorted(parts.items(), key=lambda part: part[1].data_ptr()))
    sizes = {len(view) for view in parts.values()}
    one_after_the_other = all(a.data_ptr() + a.nbytes == b.data_ptr() for a, b in pairwise(parts.values()))
    if len(sizes) == 1 and one_after_the_other and sum(view.numel() for view in parts.values()) == weight.numel():
        split = "" if len(parts) == 1 else f".split({sizes.pop()})"
        return [f"{', '.join(parts)} = {source}{split}"]
    return [f"{name} = {source}[{_slice(view, weight)}]" for name, view in parts.items()]


def _within(view: Tensor, weight: Tensor) -> bool:
    """True if `view` is a part of the weight itself and not a copy."""
    first = weight.data_ptr()
    return first <= view.data_ptr() < first + weight.nbytes


def _slice(view: Tensor, weight: Tensor) -> str:
    """Index of a part of the weight, as source text."""
    row, column = divmod((view.data_ptr() - weight.data_ptr()) // weight.itemsize, weight[0].numel())
    rows = f"{row}:{row + len(view)}"
    return rows if view.shape[1:] == weight.shape[1:] else f"{rows}, {column}:{column + view.shape[1]}"
