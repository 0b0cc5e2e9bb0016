"""Group weights with PyTorch's names into recurrent layers: identify the cell, and check that the shapes fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from explorer.cells import REGISTRY, build
from explorer.models.checkpoints.contents import Recurrent, Unreadable
from explorer.models.checkpoints.torch_kernel import kernel
from explorer.models.checkpoints.wording import listed, not_finite, quoted

BY_BLOCKS = {4: "lstm", 3: "gru", 1: "rnn"}
"""PyTorch's cells by the number of blocks of `unit` rows in their weights."""
EXTRAS = (
    {},
    {"peephole": "diagonal"},
    {"peephole": "full"},
    *({"gates": gates} for gates in ("i", "f", "o", "if", "io", "fo")),
)
"""Options that give our cells weights beyond PyTorch's."""
WEIGHTS, BIASES = ("weight_ih", "weight_hh"), ("bias_ih", "bias_hh")
UNKNOWN_NONLINEARITY = "Weights do not tell tanh from relu; {}."
Row = tuple[int, bool]
"""The index of a layer, and whether it reads backwards."""


@dataclass
class Module:
    """The weights under one name, as stored in the file.

    rows      the parts of each row: "weight_ih" and so on
    sources   names of the file's tensors that these come from
    folded    notes on computed weights, with their names: {"weight_norm is applied to {}.": ["weight_hh_l0"]}
    problems  messages about weights that cannot be computed
    """

    where: str
    stacked: bool
    rows: dict[Row, dict[str, Tensor]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    folded: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return quoted(self.where) if self.where else "The recurrent layer"

    @property
    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All weights, with their names in messages: "weight_ih_l0_reverse"."""
        for row, parts in self.rows.items():
            yield from ((f"{part}{self.ending(row)}", tensor) for part, tensor in parts.items())

    def ending(self, row: Row) -> str:
        """Return the ending of the names of a row's weights."""
        layer, backwards = row
        return f"_l{layer}{'_reverse' if backwards else ''}" if self.stacked else ""


def recurrent(module: Module) -> Recurrent:
    """Return the module as layers of one of our cells. Raise Unreadable, naming what is missing or does not fit."""
    if module.problems:
        raise Unreadable(module.problems[0])
    _check_parts(module)
    layers, both = _rows(module)
    notes = [note.format(listed(names)) for note, names in module.folded.items()]
    notes += _numbers(module)
    has_biases = _biases(module, notes)
    _check_shapes(module, both)
    first = module.rows[0, False]
    inputs, units = first["weight_ih"].shape[1], first["weight_hh"].shape[1]
    cell, options = _cell(module, units)
    ending = module.ending if layers > 1 or both else (lambda _: "")
    weights = {
        f"{part}{ending(row)}": tensor for row, parts in sorted(module.rows.items()) for part, tensor in parts.items()
    }
    shape = (cell, inputs, units, layers, both, has_biases, weights)
    result = Recurrent(
        where=module.where,
        cell=cell,
        input_size=inputs,
        hidden_size=units,
        weights=weights,
        num_layers=layers,
        bidirectional=both,
        options=options,
        notes=tuple(notes),
        kernel=kernel(*shape),
        tensors=tuple(module.sources),
    )
    if cell != "rnn":
        return result
    relu = replace(
        result,
        notes=(*notes, UNKNOWN_NONLINEARITY.format("relu was chosen")),
        options={"nonlinearity": "relu"},
        kernel=kernel(*shape, nonlinearity="relu"),
    )
    return replace(result, notes=(*notes, UNKNOWN_NONLINEARITY.format("tanh is assumed")), rather={"relu": relu})


def _check_parts(module: Module) -> None:
    """Raise Unreadable for a missing weight, or one with the wrong number of dimensions."""
    for row, parts in module.rows.items():
        if "weight_hr" in parts:
            raise Unreadable(
                f"{module} is an LSTM with a projection (proj_size, its {quoted('weight_hr' + module.ending(row))}), which cannot be shown."
            )
        for part in WEIGHTS:
            if part not in parts:
                raise Unreadable(f"{module} has no {quoted(part + module.ending(row))}; the file is not complete.")
    for name, tensor in module.tensors:
        dims = 1 if name.startswith("bias") or "peephole" in name else 2
        if name.startswith((*WEIGHTS, *BIASES)) and (tensor.ndim != dims or 0 in tensor.shape):
            raise Unreadable(
                f"{module} has a {quoted(name)} of shape {list(tensor.shape)}; {'[rows]' if dims == 1 else '[rows, columns]'} is expected."
            )


def _rows(module: Module) -> tuple[int, bool]:
    """Return the number of layers, and whether they are bidirectional. Raise Unreadable for gaps."""
    layers = 1 + max(layer for layer, _ in module.rows)
    both = any(backwards for _, backwards in module.rows)
    expected = [(layer, backwards) for layer in range(layers) for backwards in ((False, True) if both else (False,))]
    missing = [row for row in expected if row not in module.rows]
    if missing:
        names = [WEIGHTS[0] + module.ending(row) for row in missing[:3]]
        half = [(layer, not backwards) for layer, backwards in missing if (layer, not backwards) in module.rows]
        of = "both directions" if half else f"{layers:,} layers"
        raise Unreadable(f"{module} has weights of {of}, but not {listed(names)}; the file is not complete.")
    return layers, both


def _numbers(module: Module) -> list[str]:
    """Convert all weights to float32 or float64, and return the notes about it. Raise Unreadable for other dtypes."""
    kinds: dict[torch.dtype, str] = {}
    for name, tensor in module.tensors:
        kinds.setdefault(tensor.dtype, name)
    notes = []
    for kind, name in kinds.items():
        if not kind.is_floating_point:
            what = "complex numbers" if kind.is_complex else "whole numbers, as a quantised network has,"
            raise Unreadable(
                f"{module} has {what} in {quoted(name)} ({kind_name(kind)}); save it with its weights as float32."
            )
        if kind.itemsize < 4:
            notes.append(f"Its weights are {kind_name(kind)} in the file; they are computed with as float32.")
    dtype = torch.float64 if torch.float64 in kinds else torch.float32
    for parts in module.rows.values():
        parts.update({part: tensor.to(dtype) for part, tensor in parts.items()})
    broken = sum(int((~tensor.isfinite()).sum()) for _, tensor in module.tensors)
    if broken:
        notes.append(not_finite(broken, "its weights"))
    return notes


def kind_name(kind: torch.dtype) -> str:
    """Return the short name of a dtype: "float16"."""
    return str(kind).removeprefix("torch.")


def _biases(module: Module, notes: list[str]) -> bool:
    """Return whether the module has biases, and add zeros if it has none. Raise Unreadable if only some are missing."""
    missing = [part + module.ending(row) for row, parts in module.rows.items() for part in BIASES if part not in parts]
    if len(missing) < 2 * len(module.rows):
        if missing:
            raise Unreadable(f"{module} has biases, but not {listed(missing)}; the file is not complete.")
        return True
    for parts in module.rows.values():
        for part, like in zip(BIASES, WEIGHTS, strict=True):
            parts[part] = parts[like].new_zeros(len(parts[like]))
    notes.append("It has no biases; they are zeros here.")
    return False


def _check_shapes(module: Module, both: bool) -> None:
    """Raise Unreadable unless all rows have the same size and fit the rows below them."""
    units = module.rows[0, False]["weight_hh"].shape[1]
    blocks = len(module.rows[0, False]["weight_ih"])
    plain = module.rows[0, False].keys() == {*WEIGHTS, *BIASES}  # other cells may have fewer recurrent blocks
    for (layer, backwards), parts in module.rows.items():
        ending = module.ending((layer, backwards))
        inputs = module.rows[0, False]["weight_ih"].shape[1] if layer == 0 else units * (2 if both else 1)
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (blocks, inputs),
            "weight_hh": (blocks if plain else len(parts["weight_hh"]), units),
        }
        shapes |= {bias: (len(parts[weight]),) for bias, weight in zip(BIASES, WEIGHTS, strict=True)}
        for part, shape in shapes.items():
            if tuple(parts[part].shape) != shape:
                raise Unreadable(
                    f"{module} does not fit together: {quoted(part + ending)} has the shape {list(parts[part].shape)}, but the "
                    f"other weights ask for {list(shape)}."
                )


def _cell(module: Module, units: int) -> tuple[str, dict[str, str]]:
    """Return the cell with these weights, and its options: PyTorch's cells by their blocks, others by their further weights."""
    first = module.rows[0, False]
    rows = len(first["weight_ih"])
    others = {part for parts in module.rows.values() for part in parts} - {*WEIGHTS, *BIASES}
    if not others:
        if rows % units == 0 and rows // units in BY_BLOCKS:
            return BY_BLOCKS[rows // units], {}
        raise Unreadable(
            f"{module} has {rows:,} rows of weights for {units:,} units; an LSTM has 4 a unit, a GRU 3, a plain RNN 1."
        )
    names = frozenset(first)
    for name, options in _beside():
        if names == _names(name, **options) and _fits(module, name, options):
            return name, options
    raise Unreadable(f"{module} has {listed(sorted(others))} besides its weights, which no cell here has.")


def _beside() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the cells with further weights and the options that select them, the peephole LSTM before cells with optional peepholes."""
    for name in sorted(REGISTRY, key=lambda name: name != "lstm-peephole"):
        yield from ((name, dict(options)) for options in EXTRAS if _names(name, **options))


@cache
def _names(cell: str, **options: str) -> frozenset[str]:
    """Return the names of a cell's weights; empty if it does not have these options."""
    try:
        return frozenset(name for name, _ in build(cell, 1, 1, **dict[str, Any](options)).named_parameters())
    except (TypeError, ValueError):
        return frozenset()


def _fits(module: Module, cell: str, options: Mapping[str, Any]) -> bool:
    """Return whether every row has the weights of this cell, with the right shapes."""
    for parts in module.rows.values():
        inputs, units = parts["weight_ih"].shape[1], parts["weight_hh"].shape[1]
        with torch.device("meta"):  # shapes only
            shapes = {name: weight.shape for name, weight in build(cell, inputs, units, **options).named_parameters()}
        if {name: weight.shape for name, weight in parts.items()} != shapes:
            return False
    return True
