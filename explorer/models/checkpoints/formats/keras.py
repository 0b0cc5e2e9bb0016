"""Keras archives (.keras) and HDF5 files (.h5, .weights.h5), from Keras 2 and 3."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.models.checkpoints.contents import Contents, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.extras import require
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.hdf5 import Hdf5, check_text, read_hdf5
from explorer.models.checkpoints.keras_cells import WHICH_HARD, alternatives, check_class, is_recurrent
from explorer.models.checkpoints.keras_config import Described, layers, parse_config, reads
from explorer.models.checkpoints.keras_kernel import kernel
from explorer.models.checkpoints.keras_layers import alternative, layers_of
from explorer.models.checkpoints.keras_parts import BIAS, KERNEL, OLD_ROOT, ROOT, TABLE, Group, groups
from explorer.models.checkpoints.keras_route import Model, add_routes
from explorer.models.checkpoints.keras_stages import Weights
from explorer.models.checkpoints.keras_vocabulary import read_symbols, symbols
from explorer.models.checkpoints.layers import Layer, chain_layers, check_layers, entry, unique, widening_note
from explorer.models.checkpoints.wording import listed, quoted
from explorer.models.checkpoints.zipped import Archive, names_in
from explorer.signals import Array

ROOTS = (ROOT, OLD_ROOT)
OPTIMIZER = ("optimizer/", "optimizer_weights/")
"""Path prefixes of optimizer state, which is not part of the network."""
KERAS_3 = "3"
SLOPE_OF_3 = "gates: hard_sigmoid (Keras 3: x/6 + 0.5)"
HDF5 = b"\x89HDF\r\n\x1a\n"
CONFIG, METADATA, WEIGHTS, VOCABULARY = "config.json", "metadata.json", "model.weights.h5", "vocabulary.txt"
GUESSED = "The file does not say how its layers are connected; they are assumed to be stacked, since their sizes fit."


def holds(data: bytes) -> bool:
    """Return whether the data is an HDF5 file, or an archive with Keras's entry names."""
    return data.startswith(HDF5) or (WEIGHTS.encode() in data and WEIGHTS in names_in(data))


def read(data: bytes) -> Contents:
    """Read a Keras file. Raise Unreadable if it is not supported."""
    require("h5py", "a Keras file")
    if data.startswith(HDF5):
        file = read_hdf5(data)
        text, trained = file.text("model_config"), parse_config(file.text("training_config") or "{}")
        model = parse_config(text) if text else {}
        return _contents("Keras (HDF5)", file, model, trained.get("loss"), file.text("keras_version"), ())
    archive = Archive(data)
    file = read_hdf5(archive.read(WEIGHTS))
    model = parse_config(_text(archive, CONFIG))
    compiled, version = model.get("compile_config"), parse_config(_text(archive, METADATA)).get("keras_version")
    loss = compiled.get("loss") if isinstance(compiled, dict) else None
    vocabularies = [name for name in archive.names if name.endswith(VOCABULARY)]
    vocabulary = read_symbols(_text(archive, vocabularies[0])) if vocabularies else ()
    return _contents("Keras", file, model, loss, version if isinstance(version, str) else "", vocabulary)


def _contents(
    what: str, file: Hdf5, model: dict[str, Any], loss: Any, version: str, vocabulary: tuple[str, ...]
) -> Contents:
    described, layer_weights = list(layers(model)), groups(file)
    recurrent, refused = _groups(file, layer_weights, described, model, loss, version)
    if not recurrent:
        raise Unreadable(refused[0] if refused else _nothing(layer_weights, described))
    tables, linears = _tables(layer_weights), _linears(layer_weights)
    return Contents(
        format=what,
        recurrent=recurrent,
        tables={name: tensor for name, (tensor, _, _) in tables.items()},
        linears={name: one for name, (one, _) in linears.items()},
        vocabulary=vocabulary or symbols(described),
        notes=(*(widening_note(kind) for kind in file.narrow), *_masks(described), *refused),
        shapes={path: array.shape for path, array in file.arrays.items() if not path.startswith(OPTIMIZER)},
        sources={name: tensors for name, (_, tensors, _) in tables.items()}
        | {name: tensors for name, (_, tensors) in linears.items()},
    )


def _groups(
    file: Hdf5, layer_weights: list[Group], described: list[Described], model: dict[str, Any], loss: Any, version: str
) -> tuple[tuple[Recurrent, ...], list[str]]:
    """Return the recurrent layers with their routes and alternatives, and the messages for layers that cannot be computed."""
    paired = _recurrent(layer_weights, described, version)
    chains = chain_layers(paired.layers)
    one = _with_routes(chains, paired, file, layer_weights, described, model, loss, version)
    rather: dict[str, tuple[Recurrent, ...]] = {}
    if not version and any(WHICH_HARD in layer.notes for layer in paired.layers):
        other = _recurrent(layer_weights, described, KERAS_3)
        rather[SLOPE_OF_3] = _with_routes(
            chain_layers(other.layers), other, file, layer_weights, described, model, loss, KERAS_3
        )
    for name in dict.fromkeys(name for layer in paired.layers for name in alternatives(layer.origin.cell)):
        instead = [[alternative(layer, name) for layer in chain] for chain in chains]
        rather[name] = tuple(entry(chain, kernel) for chain in instead)
    with_others = tuple(
        replace(own, rather={name: others[at] for name, others in rather.items() if _differ(own, others[at])})
        for at, own in enumerate(one)
    )
    return with_others, list(paired.refused.values())


def _differ(one: Recurrent, other: Recurrent) -> bool:
    return (one.cell, dict(one.options)) != (other.cell, dict(other.options))


def _with_routes(
    chains: list[list[Layer]],
    paired: Paired,
    file: Hdf5,
    layer_weights: list[Group],
    described: list[Described],
    model: dict[str, Any],
    loss: Any,
    version: str,
) -> tuple[Recurrent, ...]:
    entries = [(chain, entry(chain, kernel)) for chain in chains]
    if not described:
        return tuple(own for _, own in entries)
    by_group = {path: name for name, (_, _, path) in _tables(layer_weights).items()}
    places = _places(layer_weights, described)
    tables = {path: by_group[group.path] for path, group in places.items() if group.path in by_group}
    weights = Weights(file, _is_numbered(layer_weights))
    return add_routes(Model(model, loss, weights, tables, paired.by_path, paired.refused, version), entries)


@dataclass(frozen=True)
class Paired:
    """The recurrent layers of a file that our cells can compute.

    layers   all of them
    by_path  those with a configuration, by its path
    refused  why the others cannot be computed, by path
    """

    layers: list[Layer]
    by_path: dict[str, list[Layer]]
    refused: dict[str, str]


def _recurrent(layer_weights: list[Group], described: list[Described], version: str) -> Paired:
    """Return the layers that our cells can compute, and the messages for the others."""
    pairs = _pair_layers(
        [group for group in layer_weights if any(part.is_recurrent for part in group.parts)], described
    )
    by_name = {one.name: one for one in described}
    counts: Counter[str] = Counter()
    tops: dict[str, str] = {}  # name of each layer's top cell
    layers: list[Layer] = []
    by_path: dict[str, list[Layer]] = {}
    refused: dict[str, str] = {}
    for group, own in pairs:
        try:
            if group is None:
                raise Unreadable(_without(own))
            where = unique(own.name if own else group.name, counts)
            below = by_name.get(reads(own, by_name) or "") if own else None
            new = list(
                layers_of(group, where, own, tops.get(below.name) if below and below.gives_sequences else None, version)
            )
        except Unreadable as error:
            refused[own.path if own else f"weights {len(refused)}"] = str(error)
            continue
        layers += new
        if own and new:
            tops[own.name] = new[-1].where
            by_path[own.path] = new
    return Paired(layers if described else _connect_by_size(layers), by_path, refused)


def _is_numbered(layer_weights: list[Group]) -> bool:
    """Return whether the file has Keras 3's layout, in which layers and weights are numbered."""
    return any(group.path.startswith(ROOTS) for group in layer_weights)


def _below(layer_weights: list[Group]) -> dict[str, list[Group]]:
    """Return the groups at or under each path; by layer name if the file uses names."""
    below: dict[str, list[Group]] = {}
    numbered = _is_numbered(layer_weights)
    for group in layer_weights:
        steps = group.path.replace(OLD_ROOT, ROOT).split("/")
        for depth, step in enumerate(steps):
            below.setdefault("/".join(steps[: depth + 1]) if numbered else step, []).append(group)
    return below


def _places(layer_weights: list[Group], described: list[Described]) -> dict[str, Group]:
    """Return the weights of each layer, by its path."""
    below, numbered = _below(layer_weights), _is_numbered(layer_weights)
    firsts = {one.path: below.get(one.path if numbered else one.name, []) for one in described}
    return {path: groups[0] for path, groups in firsts.items() if groups}


def _pair_layers(layer_weights: list[Group], described: list[Described]) -> list[tuple[Group | None, Described | None]]:
    """Pair each layer's weights with its configuration, in the order of the configuration. Weights without one come last."""
    layers = list(filter(is_recurrent, described))
    check_layers(len(layers) + len(layer_weights))
    numbered, below = _is_numbered(layer_weights), _below(layer_weights)
    pairs: list[tuple[Group | None, Described | None]] = []
    used: set[str] = set()
    for own in layers:
        fits = next((one for one in below.get(own.path if numbered else own.name, []) if one.path not in used), None)
        used |= {fits.path} if fits else set()
        pairs.append((fits, own))
    return pairs + [(group, None) for group in layer_weights if group.path not in used]


def _without(own: Described | None) -> str:
    """Return the message for a layer with a configuration but no weights."""
    assert own is not None
    check_class(own)
    return f"The file describes the layer {quoted(own.name)}, but holds no {own.kind} weights for it."


def _connect_by_size(separate: list[Layer]) -> list[Layer]:
    """Connect layers without a configuration: each reads the previous one if the sizes leave no doubt.

    The sizes are conclusive if the lower layer's input and h have different widths. If all widths are equal, the layers could also be
    parallel, like an encoder and a decoder, so they stay separate.
    """
    connected = separate[:1]
    for layer in separate[1:]:
        below = connected[-1]
        stacked = layer.continues(below) and (below.reads is not None or below.input_size != layer.input_size)
        connected.append(
            replace(layer, reads=below.where, notes=(*layer.notes, GUESSED))
            if stacked and layer.reads is None
            else layer
        )
    return connected


def _masks(described: list[Described]) -> list[str]:
    """Return the note about padding steps that Keras skips."""
    masked = [one.name for one in described if one.kind == "Masking" or one.config.get("mask_zero")]
    return [f"Keras skips the padding steps ({listed(masked)}); here every step is read."] if masked else []


def _tables(layer_weights: list[Group]) -> dict[str, tuple[Tensor, tuple[str, ...], str]]:
    """Return the embeddings by name: the table, its tensors in the file, and the path of its group."""
    counts: Counter[str] = Counter()
    return {
        unique(group.name, counts): (_tensor(part.arrays[TABLE]), part.tensors, group.path)
        for group in layer_weights
        for part in group.parts
        if TABLE in part.arrays and part.arrays[TABLE].ndim == 2 and part.arrays[TABLE].size
    }


def _linears(layer_weights: list[Group]) -> dict[str, tuple[Linear, tuple[str, ...]]]:
    """Return the linear layers by name, with their tensors in the file. Keras stores a kernel as [input, output]."""
    counts: Counter[str] = Counter()
    linears: dict[str, tuple[Linear, tuple[str, ...]]] = {}
    for group in layer_weights:
        for part in group.parts:
            kernel, bias = part.arrays.get(KERNEL), part.arrays.get(BIAS)
            if part.is_recurrent or kernel is None or kernel.ndim != 2 or not kernel.size:
                continue
            bias = np.zeros(kernel.shape[1], kernel.dtype) if bias is None else bias
            if bias.shape == kernel.shape[1:]:
                linears[unique(group.name, counts)] = Linear(_tensor(kernel.T), _tensor(bias)), part.tensors
    return linears


def _nothing(layer_weights: list[Group], described: list[Described]) -> str:
    """Return the message for a file without a recurrent layer."""
    names = [one.kind for one in described] or [group.name for group in layer_weights]
    has = f"it has {listed(names)}" if names else "it has no layer at all"
    return f"There is no recurrent layer in this Keras file; {has}. An LSTM, a GRU or a SimpleRNN is needed."


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def _text(archive: Archive, name: str) -> str:
    """Return a text in the archive; "{}" if the archive lacks it."""
    if name not in archive.names:
        return "{}"
    check_text(archive.size(name))
    return archive.read(name).decode("utf-8", "replace")


FORMAT = Format("Keras", (".keras", ".h5", ".hdf5"), holds, read, first=-1)
