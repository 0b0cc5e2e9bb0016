"""Matrices of a state dict outside the recurrent layers: possible embeddings and linear layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import torch
from torch import Tensor

from explorer.models.checkpoints.contents import Linear, Recurrent
from explorer.models.checkpoints.guesses import EMBEDDING, READOUT
from explorer.models.checkpoints.wording import not_finite, quoted
from explorer.signals import Array

MATRIX = re.compile(r"(?P<where>.*?)(?:[./_](?:weight|w))?", re.IGNORECASE | re.DOTALL)
MOST_COPIES = 16
"""Maximum number of equal tensors that count as copies; more are zeros, or no layer registered under several names."""
BIAS_OF = {"weight": "bias", "w": "b", "W": "b"}


@dataclass(frozen=True)
class Matrices:
    """Tables and linear layers by the name of their layer, and the tensors behind each."""

    tables: dict[str, Tensor]
    linears: dict[str, Linear]
    sources: dict[str, tuple[str, ...]]

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes about NaN and infinite numbers."""
        parts = {
            **{name: [one.weight, one.bias] for name, one in self.linears.items()},
            **{name: [table] for name, table in self.tables.items()},
        }
        counts = {name: sum(int((~tensor.isfinite()).sum()) for tensor in tensors) for name, tensors in parts.items()}
        return tuple(not_finite(count, f"the numbers in {quoted(name)}") for name, count in counts.items() if count)


def matrices(
    tensors: Mapping[str, Tensor], of_layers: Callable[[str], bool], recurrent: Collection[Recurrent]
) -> Matrices:
    """Return the tables and linear layers among the tensors that do not belong to recurrent layers (`of_layers`).

    A table has no bias, and is named like an embedding or as wide as the input of some layers. A linear layer has a bias, or is as
    wide as the h of some layers and not named like an embedding. A matrix can be both.
    """
    inputs, outputs = {one.input_size for one in recurrent}, {one.outputs for one in recurrent}
    tables: dict[str, Tensor] = {}
    linears: dict[str, Linear] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for name, weight in tensors.items():
        if of_layers(name) or not _is_matrix(weight):
            continue
        layer, bias = _layer(name), _bias(name, tensors)
        if bias is None and (EMBEDDING.search(name) or weight.shape[1] in inputs):
            tables[layer] = _same_dtype(weight)[0]
            sources[layer] = (name,)
        if bias is not None or (weight.shape[1] in outputs and not EMBEDDING.search(name)):
            zeros = weight.new_zeros(len(weight))
            linears[layer] = Linear(*_same_dtype(weight, zeros if bias is None else tensors[bias]))
            sources[layer] = (name,) if bias is None else (name, bias)
    return Matrices(tables, linears, _with_copies(sources, linears, tensors))


def _is_matrix(tensor: Tensor) -> bool:
    return tensor.ndim == 2 and tensor.dtype.is_floating_point and 0 not in tensor.shape


def _layer(name: str) -> str:
    """Return the name of a matrix's layer: "decoder" for "decoder.weight"."""
    match = MATRIX.fullmatch(name)
    return match["where"] if match and match["where"] else name


def _bias(name: str, tensors: Mapping[str, Tensor]) -> str | None:
    """Return the name of a matrix's bias, which differs in its ending and has one entry per row; None if the file lacks it."""
    for end, other in BIAS_OF.items():
        bias = name.removesuffix(end) + other
        if name.endswith(end) and bias in tensors and tensors[bias].shape == tensors[name].shape[:1]:
            return bias
    return None


def _same_dtype(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the tensors as float64 if any of them is, otherwise as float32."""
    dtype = torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32
    return tuple(tensor.to(dtype) for tensor in tensors)


def _with_copies(
    sources: Mapping[str, tuple[str, ...]], linears: Mapping[str, Linear], tensors: Mapping[str, Tensor]
) -> dict[str, tuple[str, ...]]:
    """Return the sources of each layer and of its copies, since a layer can be registered under two names.

    A readout tied to the embedding is not a copy of it: the two are used in different places.
    """
    keys = {layer: tuple(digest(tensors[name]) for name in names) for layer, names in sources.items()}
    alike: dict[tuple[bytes, ...], list[str]] = {}
    for layer, names in sources.items():
        if layer not in linears or len(names) > 1 or not READOUT.search(layer):
            alike.setdefault(keys[layer], []).extend(names)
    copies = {key: names for key, names in alike.items() if len(names) <= MOST_COPIES}
    return {layer: tuple(dict.fromkeys((*names, *copies.get(keys[layer], ())))) for layer, names in sources.items()}


def digest(tensor: Tensor) -> bytes:
    """Return a digest that is equal for tensors of equal dtype, shape and numbers, and different for others."""
    numbers: Array = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
    kind = f"{tensor.dtype} {list(tensor.shape)}".encode()[:64]
    return blake2b(numbers.data, digest_size=16, key=kind).digest()
