"""Group the weights of a Keras file by layer, for any Keras version.

Keras 3 numbers them: "layers/bidirectional/forward_layer/cell/vars/0". Older files name them:
"model_weights/bidirectional/bidirectional/forward_lstm/lstm_cell/kernel:0".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from explorer.models.checkpoints.hdf5 import Hdf5
from explorer.signals import Array

ROOT, OLD_ROOT = "layers/", "_layer_checkpoint_dependencies/"
"""Root paths of a model's layers in Keras 3 and in Keras 2.12; older versions use the layer names."""
KERNEL, RECURRENT, BIAS, TABLE = "kernel", "recurrent_kernel", "bias", "embeddings"
NAMED = re.compile(r"(?P<base>.*/)?(?P<name>kernel|recurrent_kernel|bias|embeddings)(?::0)?")
NUMBERED = re.compile(r"(?P<base>.*/)?vars/(?P<at>[0-9])")
CELL = re.compile(r"cell|cells|(?:stacked_rnn_cells|lstm_cell|gru_cell|simple_rnn_cell)(?:_\d+)?")
DIRECTION = re.compile(r"(?P<direction>forward|backward)_.+")
DIRECTIONS = {"forward", "backward"}


@dataclass
class Part:
    """The weights of one recurrent cell, one table or one linear layer.

    path       path of its layer's group in the file
    direction  "forward" or "backward" in a bidirectional layer; otherwise empty
    tensors    path of each array in the file
    """

    path: str
    direction: str = ""
    arrays: dict[str, Array] = field(default_factory=dict)
    tensors: tuple[str, ...] = ()

    @property
    def is_recurrent(self) -> bool:
        return RECURRENT in self.arrays


@dataclass
class Group:
    """A layer's parts: one cell per direction, or several stacked cells."""

    path: str
    name: str
    parts: list[Part]


def groups(file: Hdf5) -> list[Group]:
    """Return the layers that have weights, in the file's stated order of layers, or else ordered by path."""
    bases: dict[str, dict[str, Array]] = {}
    paths: dict[str, list[str]] = {}
    for path, array in file.arrays.items():
        match = NAMED.fullmatch(path)
        if match:
            base = (match["base"] or "").rstrip("/")
            bases.setdefault(base, {})[match["name"]] = array
            paths.setdefault(base, []).append(path)
    for base, arrays in _numbered(file.arrays).items():
        if base not in bases:
            bases[base] = _recognised(base, arrays, file)
            paths[base] = [f"{base}/vars/{at}".lstrip("/") for at in range(len(bases[base]))]
    placed = {base: _stripped(base) for base in sorted(filter(bases.get, bases), key=_natural)}
    pairs: dict[str, set[str]] = {}
    for _, above, direction in placed.values():
        pairs.setdefault(above, set()).add(direction)
    gathered: dict[str, list[Part]] = {}
    for base, (path, above, direction) in placed.items():
        both = pairs[above] >= DIRECTIONS and direction  # a layer may have such a name without being half of a pair
        own_path, way = (above, direction) if both else (path, "")
        part = Part(own_path, way, bases[base], tuple(paths[base]))
        gathered.setdefault(part.path, []).append(part)
    found_groups = [Group(path, _name(path, file), own) for path, own in gathered.items()]
    order = {name: at for at, name in enumerate(_order(file))}
    return sorted(
        found_groups,
        key=lambda group: min((order[one] for one in group.path.split("/") if one in order), default=len(order)),
    )


def _numbered(arrays: dict[str, Array]) -> dict[str, dict[int, Array]]:
    by_base: dict[str, dict[int, Array]] = {}
    for path, array in arrays.items():
        part = NUMBERED.fullmatch(path)
        if part:
            by_base.setdefault((part["base"] or "").rstrip("/"), {})[int(part["at"])] = array
    return by_base


def _recognised(base: str, arrays: dict[int, Array], file: Hdf5) -> dict[str, Array]:
    """Name numbered weights by their shapes: two matrices make a cell, a matrix and a bias a linear layer, one matrix a table."""
    first, second = arrays.get(0), arrays.get(1)
    if first is None or first.ndim != 2:
        return {}
    if second is not None and second.ndim == 2 and CELL.fullmatch(base.rpartition("/")[2]):
        return {KERNEL: first, RECURRENT: second} | ({BIAS: arrays[2]} if 2 in arrays else {})
    if second is not None:
        return {KERNEL: first, BIAS: second} if second.ndim == 1 else {}
    called = f"{base.rpartition('/')[2]} {file.texts.get((f'{base}/vars', 'name'), '')}".lower()
    return {TABLE if "embed" in called else KERNEL: first}


def _stripped(base: str) -> tuple[str, str, str]:
    """Return the path without trailing cell names, its parent, and the direction that its last component names, if any."""
    steps = base.split("/")
    while len(steps) > 1 and CELL.fullmatch(steps[-1]):
        steps.pop()
    match = DIRECTION.fullmatch(steps[-1]) if len(steps) > 1 else None
    return "/".join(steps), "/".join(steps[:-1]), match["direction"] if match else ""


def _name(path: str, file: Hdf5) -> str:
    """Return the layer's name: Keras 3 stores it beside the weights, older versions in the path."""
    return file.texts.get((f"{path}/vars", "name")) or path.rpartition("/")[2] or path


def _order(file: Hdf5) -> list[str]:
    """Return the layer names in the model's order; empty for Keras 3, which does not store it."""
    return next((names for (_, own), names in file.lists.items() if own == "layer_names"), [])


def _natural(path: str) -> list[tuple[int, str]]:
    """Return a sort key that puts lstm_10 after lstm_9."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", path)]
