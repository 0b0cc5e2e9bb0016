"""Keras: archives (.keras) and HDF5 files (.h5, .weights.h5), of Keras 2 and 3."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from explorer.models.checkpoints.contents import Contents, Linear, Unreadable
from explorer.models.checkpoints.extras import require
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.hdf5 import Hdf5, check_text, opened
from explorer.models.checkpoints.keras_cells import check_class, is_recurrent
from explorer.models.checkpoints.keras_config import Described, layers, parsed, reads
from explorer.models.checkpoints.keras_kernel import kernel
from explorer.models.checkpoints.keras_layers import layers_of
from explorer.models.checkpoints.keras_parts import BIAS, KERNEL, TABLE, Group, groups
from explorer.models.checkpoints.keras_vocabulary import stored, symbols
from explorer.models.checkpoints.layers import Layer, check_layers, joined, unique, widened
from explorer.models.checkpoints.wording import listed, quoted
from explorer.models.checkpoints.zipped import Archive, names_in
from explorer.signals import Array

ROOTS = ("layers/", "_layer_checkpoint_dependencies/")
"""Where Keras 3 keeps a model's layers, and where Keras 2.12 did; those of before call them by their names."""
HDF5 = b"\x89HDF\r\n\x1a\n"
CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.weights.h5", "vocabulary.txt"
GUESSED = "The file does not say how its layers are connected; they are taken to lie on top of one another, as their sizes fit."


def holds(data: bytes) -> bool:
    """Whether it is an HDF5 file, or an archive with the names that Keras gives."""
    return data.startswith(HDF5) or (WEIGHTS.encode() in data and WEIGHTS in names_in(data))


def read(data: bytes) -> Contents:
    """What the file holds. Raises Unreadable."""
    require("h5py", "a Keras file")
    if data.startswith(HDF5):
        file = opened(data)
        text = file.text("model_config")
        return _contents("Keras (HDF5)", file, list(layers(parsed(text))) if text else [], ())
    archive = Archive(data)
    file = opened(archive.read(WEIGHTS))
    described = list(layers(parsed(_text(archive, CONFIG))))
    vocabularies = [name for name in archive.names if name.endswith(VOCABULARY)]
    return _contents("Keras", file, described, stored(_text(archive, vocabularies[0])) if vocabularies else ())


def _contents(what: str, file: Hdf5, described: list[Described], vocabulary: tuple[str, ...]) -> Contents:
    found = groups(file)
    recurrent, refused = _recurrent(found, described, file.text("keras_version"))
    if not recurrent:
        raise Unreadable(refused[0] if refused else _nothing(found, described))
    return Contents(
        format=what,
        recurrent=joined(recurrent, kernel),
        tables=_tables(found),
        linears=_linears(found),
        vocabulary=vocabulary or symbols(described),
        notes=(*(widened(kind) for kind in file.narrow), *_masks(described), *refused),
    )


def _recurrent(found: list[Group], described: list[Described], version: str) -> tuple[list[Layer], list[str]]:
    """The layers that our cells compute, and what is to be said of the others."""
    pairs = _paired([group for group in found if any(part.is_recurrent for part in group.parts)], described)
    by_name = {one.name: one for one in described}
    taken: Counter[str] = Counter()
    tops: dict[str, str] = {}  # what the top cell of a layer is called here
    made: list[Layer] = []
    refused: list[str] = []
    for group, own in pairs:
        try:
            if group is None:
                raise Unreadable(_without(own))
            where = unique(own.name if own else group.name, taken)
            below = by_name.get(reads(own, by_name) or "") if own else None
            new = list(
                layers_of(group, where, own, tops.get(below.name) if below and below.gives_sequences else None, version)
            )
        except Unreadable as error:
            refused.append(str(error))
            continue
        made += new
        if own and new:
            tops[own.name] = new[-1].where
    return (made if described else _guessed(made)), refused


def _paired(found: list[Group], described: list[Described]) -> list[tuple[Group | None, Described | None]]:
    """Each layer's weights with its description, in the order of these; weights that are described nowhere stand behind."""
    layers = list(filter(is_recurrent, described))
    check_layers(len(layers) + len(found))
    numbered = any(group.path.startswith(ROOTS) for group in found)
    below: dict[
        str, list[Group]
    ] = {}  # the groups that are at a path or under it, or, where layers have names, by these
    for group in found:
        steps = group.path.replace(ROOTS[1], ROOTS[0]).split("/")
        for depth, step in enumerate(steps):
            below.setdefault("/".join(steps[: depth + 1]) if numbered else step, []).append(group)
    pairs: list[tuple[Group | None, Described | None]] = []
    used: set[str] = set()
    for own in layers:
        fits = next((one for one in below.get(own.path if numbered else own.name, []) if one.path not in used), None)
        used |= {fits.path} if fits else set()
        pairs.append((fits, own))
    return pairs + [(group, None) for group in found if group.path not in used]


def _without(own: Described | None) -> str:
    """Why a layer that is described has no weights."""
    assert own is not None
    check_class(own)
    return f"The file describes the layer {quoted(own.name)}, but holds no weights of it that are a {own.kind}'s."


def _guessed(made: list[Layer]) -> list[Layer]:
    """The layers with what each reads, where nobody says: the one before it, where that can be seen by the sizes.

    That is so where the lower one's input has another width than its h. Two layers of which all is of one width may as well lie beside
    each other, as an encoder and a decoder do; they stay apart.
    """
    found = made[:1]
    for layer in made[1:]:
        below = found[-1]
        told = layer.continues(below) and (below.reads is not None or below.input_size != layer.input_size)
        found.append(
            replace(layer, reads=below.where, notes=(*layer.notes, GUESSED)) if told and layer.reads is None else layer
        )
    return found


def _masks(described: list[Described]) -> list[str]:
    """What is to be said of steps that Keras leaves out."""
    masked = [one.name for one in described if one.kind == "Masking" or one.config.get("mask_zero")]
    return [f"Keras leaves out the steps of padding ({listed(masked)}); here every step is read."] if masked else []


def _tables(found: list[Group]) -> dict[str, Tensor]:
    taken: Counter[str] = Counter()
    return {
        unique(group.name, taken): _tensor(part.arrays[TABLE])
        for group in found
        for part in group.parts
        if TABLE in part.arrays and part.arrays[TABLE].ndim == 2 and part.arrays[TABLE].size
    }


def _linears(found: list[Group]) -> dict[str, Linear]:
    """Keras keeps a kernel as [input, output]."""
    taken: Counter[str] = Counter()
    linears = {}
    for group in found:
        for part in group.parts:
            kernel, bias = part.arrays.get(KERNEL), part.arrays.get(BIAS)
            if part.is_recurrent or kernel is None or kernel.ndim != 2 or not kernel.size:
                continue
            bias = np.zeros(kernel.shape[1], kernel.dtype) if bias is None else bias
            if bias.shape == kernel.shape[1:]:
                linears[unique(group.name, taken)] = Linear(_tensor(kernel.T), _tensor(bias))
    return linears


def _nothing(found: list[Group], described: list[Described]) -> str:
    """What to say of a file without a recurrent layer."""
    names = [one.kind for one in described] or [group.name for group in found]
    has = f"it has {listed(names)}" if names else "it has no layer at all"
    return f"There is no recurrent layer in this Keras file; {has}. An LSTM, a GRU or a SimpleRNN is needed."


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def _text(archive: Archive, name: str) -> str:
    """A text in the archive; empty where there is none of that name."""
    if name not in archive.names:
        return "{}"
    check_text(archive.size(name))
    return archive.read(name).decode("utf-8", "replace")


FORMAT = Format("Keras", (".keras", ".h5", ".hdf5"), holds, read, first=-1)
