"""Convert Keras's LSTM, GRU and SimpleRNN to our cells: gate order, biases and activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from explorer.cells.activations import activation, gate_activation
from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.keras_cells import (
    ORDER,
    Cell,
    alternatives,
    check_class,
    described_cells,
    guessed_cell,
)
from explorer.models.checkpoints.keras_config import Described
from explorer.models.checkpoints.keras_parts import BIAS, KERNEL, RECURRENT, Group, Part
from explorer.models.checkpoints.layers import Blocks, Layer, row
from explorer.models.checkpoints.wording import quoted
from explorer.signals import Array


@dataclass(frozen=True)
class Origin:
    """The data to run a layer in Keras: the cell, and each direction's weights as stored in the file."""

    cell: Cell
    weights: tuple[dict[str, Array], ...] = field(repr=False)


def layers_of(
    group: Group, where: str, described: Described | None, reads: str | None, version: str
) -> Iterator[Layer]:
    """Yield the layers of a group, one per stacked cell. Raise Unreadable for what cannot be computed."""
    if described is not None:
        check_class(described)
    rows = _directions(group, where)
    by_shape = [guessed_cell(parts[0], version, where) for parts in rows] if described is None else []
    cells = by_shape if described is None else described_cells(described, where, rows, version)
    for level, (cell, parts) in enumerate(zip(cells, rows, strict=True)):
        own = where if len(rows) == 1 else f"{where}, cell {level}"
        yield _layer(cell, parts, own, reads)
        reads = own


def _layer(cell: Cell, parts: list[Part], where: str, reads: str | None) -> Layer:
    for part in parts:
        _check_shapes(cell, part, where)
    first = parts[0].arrays
    if any(part.arrays[name].shape != first[name].shape for part in parts for name in (KERNEL, RECURRENT)):
        raise Unreadable(f"{quoted(where)} has another size in each direction, which cannot be shown.")
    if any((BIAS in part.arrays) != (BIAS in first) for part in parts):
        raise Unreadable(f"{quoted(where)} has a bias in one direction only; the file is not complete.")
    name, options = _ours(cell, where)
    notes = list(cell.notes)
    if BIAS not in first:
        notes.append("It has no biases; they are zeros here.")
    return Layer(
        where=where,
        cell=name,
        input_size=first[KERNEL].shape[0],
        hidden_size=first[RECURRENT].shape[0],
        rows=tuple(_row(cell, name, part) for part in parts),
        options=options,
        reads=reads,
        notes=tuple(notes),
        origin=Origin(cell, tuple(part.arrays for part in parts)),
        tensors=tuple(name for part in parts for name in part.tensors),
    )


def alternative(layer: Layer, name: str) -> Layer:
    """Return the layer with the alternative of that name; unchanged if no such alternative exists, as for known activations."""
    cell = alternatives(layer.origin.cell).get(name)
    if cell is None:
        return layer
    ours, options = _ours(cell, layer.where)
    notes = tuple(note for note in layer.notes if note not in layer.origin.cell.notes)
    return replace(layer, cell=ours, options=options, notes=notes, origin=replace(layer.origin, cell=cell))


def _directions(group: Group, where: str) -> list[list[Part]]:
    """Return the cells of a layer from bottom to top, each with its directions."""
    parts = [part for part in group.parts if part.is_recurrent]
    for part in parts:
        kernels = [part.arrays.get(name) for name in (KERNEL, RECURRENT)]
        if any(one is None or one.ndim != 2 or not one.size for one in kernels):
            raise Unreadable(f"{quoted(where)} does not have the two weight matrices of an LSTM, a GRU or a SimpleRNN.")
    if not any(part.direction for part in parts):
        return [[part] for part in parts]
    both = sorted(parts, key=lambda part: part.direction != "forward")
    if [part.direction for part in both] != ["forward", "backward"]:
        raise Unreadable(
            f"{quoted(where)} reads in both directions, but not with one cell in each; this cannot be shown."
        )
    return [both]


def _check_shapes(cell: Cell, part: Part, where: str) -> None:
    """Raise Unreadable for a weight whose shape does not fit the cell."""
    arrays, blocks = part.arrays, len(ORDER[cell.kind])
    units = arrays[RECURRENT].shape[0]
    columns = blocks * units
    bias: tuple[int, ...] = (2 * columns,) if cell.cudnn else (columns,)
    if cell.kind == "GRU" and cell.after and not cell.cudnn:
        bias = (2, columns)
    shapes = {KERNEL: (arrays[KERNEL].shape[0], columns), RECURRENT: (units, columns), BIAS: bias}
    for name, shape in shapes.items():
        if name in arrays and (arrays[name].shape != shape or 0 in shape):
            raise Unreadable(
                f"The {name} of {quoted(where)} has the shape {list(arrays[name].shape)}, where a {cell.kind} of {units:,} units has "
                f"{list(shape)}."
            )


def _ours(cell: Cell, where: str) -> tuple[str, dict[str, Any]]:
    """Return the name and options of our cell. Raise Unreadable if no cell has these activations."""
    gates = {} if cell.gates == "sigmoid" else {"gate": cell.gates}
    try:
        activation(cell.activation)
        if cell.kind == "SimpleRNN":
            return "rnn", {"nonlinearity": cell.activation}
        gate_activation(cell.gates)
    except ValueError as error:
        raise Unreadable(f"{quoted(where)} is a {cell.kind} with {_shown(cell)}; no cell here has these.") from error
    if cell.kind == "GRU":
        return "gru" if cell.after else "gru-cho", {"candidate": cell.activation} | gates
    if cell.activation == cell.gates == "sigmoid":
        return "lstm-sigmoid", {}
    squashed = {} if cell.activation == "tanh" else {"candidate": cell.activation, "output": cell.activation}
    return "lstm", gates | squashed


def _shown(cell: Cell) -> str:
    gates = "" if cell.kind == "SimpleRNN" else f" and, at its gates, {quoted(cell.gates)}"
    return f"the activation {quoted(cell.activation)}{gates}"


def _row(cell: Cell, name: str, part: Part) -> dict[str, Any]:
    """Return the weights of a direction under our names, transposed to rows."""
    arrays = part.arrays
    from_input, recurrent = _blocks(cell, arrays[KERNEL]), _blocks(cell, arrays[RECURRENT])
    first, second = _biases(cell, arrays.get(BIAS))
    return row(name, from_input, recurrent, first, second)


def _blocks(cell: Cell, kernel: Array) -> Blocks:
    """Return a kernel's column blocks as rows, [unit, input].

    cuDNN stores a block row by row as we do; Keras labels the same numbers [input, unit].
    """
    order = ORDER[cell.kind]
    blocks = zip(order, np.split(kernel, len(order), axis=1), strict=True)
    return {name: block.reshape(block.shape[::-1]) if cell.cudnn else block.T for name, block in blocks}


def _biases(cell: Cell, bias: Array | None) -> tuple[Blocks | None, Blocks | None]:
    """Return the input bias and the recurrent bias. Keras has a single bias, except for a GRU with reset_after and for cuDNN."""
    order = ORDER[cell.kind]
    if bias is None:
        return None, None
    halves = bias.reshape(2, -1) if cell.cudnn or bias.ndim == 2 else bias[None]
    biases = [dict(zip(order, np.split(half, len(order)), strict=True)) for half in halves]
    return biases[0], biases[1] if len(biases) == 2 else None
