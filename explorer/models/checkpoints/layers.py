"""Single recurrent layers as read by the formats, joined into stacks if one reads another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.cells import REGISTRY
from explorer.models.checkpoints.contents import Kernel, Recurrent, Unreadable
from explorer.models.checkpoints.limits import MEGABYTE, MOST_BYTES
from explorer.models.checkpoints.wording import not_finite
from explorer.signals import Array

Blocks = dict[str, Array]
"""Blocks of `unit` rows of a weight, by our names: {"i": [unit, input], …}; {"i": [unit], …} for a bias."""


MOST_LAYERS = 256
"""Maximum number of recurrent layers in a file, since the user chooses among them."""


@dataclass(frozen=True)
class Layer:
    """One layer, in one direction or both.

    rows    one for each direction, forward first: weights by their names in the cell's state dict
    reads   `where` of the layer whose h it reads at every step; None if it reads something else
    origin  data that its own framework needs to run it
    tensors names of the file's tensors that the weights come from
    """

    where: str
    cell: str
    input_size: int
    hidden_size: int
    rows: tuple[dict[str, Tensor], ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    reads: str | None = None
    notes: tuple[str, ...] = ()
    origin: Any = None
    tensors: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of the weights in bytes."""
        return sum(weight.nbytes for row in self.rows for weight in row.values())

    def continues(self, below: Layer) -> bool:
        """Return whether this layer can be stacked on `below`: same kind and size, and its input fits the other's output."""
        same = (self.cell, dict(self.options), self.hidden_size, len(self.rows))
        return (
            same == (below.cell, dict(below.options), below.hidden_size, len(below.rows))
            and self.input_size == below.hidden_size * len(below.rows)
            and _dtype(self) == _dtype(below)
        )


def join_layers(layers: Sequence[Layer], kernel: Callable[[Sequence[Layer]], Kernel | None]) -> tuple[Recurrent, ...]:
    """Join layers that read one another and fit into one entry each. `kernel` returns the reference kernel of an entry."""
    return tuple(entry(chain, kernel) for chain in chain_layers(layers))


def chain_layers(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Group the layers by entry, each from bottom to top."""
    chains: list[list[Layer]] = []
    for layer in layers:
        below = [chain for chain in chains if chain[-1].where == layer.reads and layer.continues(chain[-1])]
        if below:
            below[0].append(layer)
        else:
            chains.append([layer])
    return chains


def entry(chain: Sequence[Layer], kernel: Callable[[Sequence[Layer]], Kernel | None]) -> Recurrent:
    """Return stacked layers as one entry."""
    return _recurrent(chain, kernel(chain))


def check_layers(count: int) -> None:
    """Raise Unreadable for more recurrent layers than a user could choose from."""
    if count > MOST_LAYERS:
        raise Unreadable(
            f"The file has more than {MOST_LAYERS} recurrent layers; save only those that you want to see."
        )


def check_copies(total: int) -> None:
    """Raise Unreadable if the weights, copied for each layer, exceed twice the file limit, since layers can share weights in a file."""
    if total > 2 * MOST_BYTES:
        raise Unreadable(
            f"The layers have more than {2 * MOST_BYTES // MEGABYTE} MB of weights together, since they share them in the file; save only "
            "those that you want to see."
        )


def unique(name: str, counts: Counter[str]) -> str:
    """Return the name, followed by a number if it is already in use."""
    counts[name] += 1
    return name if counts[name] == 1 else f"{name} ({counts[name]})"


def row(
    cell: str, weight_ih: Blocks, weight_hh: Blocks, bias_ih: Blocks | None, bias_hh: Blocks | None
) -> dict[str, Tensor]:
    """Return a direction's weights, with the blocks in the cell's order. Missing biases are zeros."""

    def whole(blocks: Blocks) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.concatenate([blocks[name] for name in REGISTRY[cell].blocks])))

    weights = {"weight_ih": whole(weight_ih), "weight_hh": whole(weight_hh)}
    zeros = torch.zeros_like(weights["weight_hh"][:, 0])
    weights["bias_ih"] = zeros if bias_ih is None else whole(bias_ih)
    weights["bias_hh"] = zeros.clone() if bias_hh is None else whole(bias_hh)
    return weights


def floats(array: Array, what: str) -> Array:
    """Return the weights as float32, or unchanged if float64. Raise Unreadable for other dtypes; `what` begins the message."""
    if is_exact(array):
        return array
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    raise Unreadable(
        f"{what} holds values of type {array.dtype.name}; only weights in floating point are read, not quantised ones."
    )


def is_exact(array: Array) -> bool:
    """Return whether the array keeps its dtype: float32 or float64."""
    return bool(array.dtype == np.float64 or array.dtype == np.float32)


def widening_note(kind: str) -> str:
    """Return the note for weights stored in fewer bits than float32."""
    return f"Its weights are {kind} in the file; they are computed with as float32."


def _recurrent(chain: Sequence[Layer], kernel: Kernel | None) -> Recurrent:
    first, single = chain[0], len(chain) == 1 and len(chain[0].rows) == 1
    weights = {
        name if single else f"{name}_l{level}{'_reverse' if direction else ''}": weight
        for level, layer in enumerate(chain)
        for direction, own in enumerate(layer.rows)
        for name, weight in own.items()
    }
    return Recurrent(
        where=" → ".join(layer.where for layer in chain),
        cell=first.cell,
        input_size=first.input_size,
        hidden_size=first.hidden_size,
        weights=weights,
        num_layers=len(chain),
        bidirectional=len(first.rows) == 2,
        options=dict(first.options),
        notes=(*dict.fromkeys(note for layer in chain for note in layer.notes), *_not_finite(weights)),
        kernel=kernel,
        tensors=tuple(dict.fromkeys(name for layer in chain for name in layer.tensors)),
    )


def _not_finite(weights: Mapping[str, Tensor]) -> list[str]:
    count = sum(int((~weight.isfinite()).sum()) for weight in weights.values())
    return [not_finite(count, "its weights")] if count else []


def _dtype(layer: Layer) -> torch.dtype:
    return layer.rows[0]["weight_hh"].dtype
