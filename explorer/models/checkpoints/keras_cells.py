"""The cells of a Keras layer and their options, from its configuration, or else from the shapes of its weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.keras_config import Described, name_of
from explorer.models.checkpoints.keras_parts import BIAS, RECURRENT, Part
from explorer.models.checkpoints.wording import quoted

ORDER = {"LSTM": "ifgo", "GRU": "zrn", "SimpleRNN": "h"}
"""Order of the column blocks in a kernel, by their names in our cells."""
BY_BLOCKS = {len(order): kind for kind, order in ORDER.items()}
KINDS = (
    {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"} | {f"{kind}Cell": kind for kind in ORDER} | {kind: kind for kind in ORDER}
)
"""Kind of layer, by Keras class of the layer or cell."""
HARD, HARD_2 = "hard_sigmoid", "hard_sigmoid(0.2, 0.5)"
"""Names of hard_sigmoid in `explorer.cells.activations`: of Keras 3, and of Keras 1 and 2."""
MERGES = ("concat", "sum", "ave")
"""Supported ways to merge two directions."""
LEAKY = 0.2
"""Slope of Keras's leaky_relu."""
ASSUMED = "The file does not name its activations: tanh and sigmoid, Keras's defaults, are assumed. Choose others if they are wrong."
ASSUMED_HARD = (
    "The file does not name its activations: tanh and, at the gates, hard_sigmoid (0.2x + 0.5), the defaults of Keras before 2.3, are "
    "assumed. Choose others if they are wrong."
)
WHICH_HARD = "The file does not say which Keras wrote it; its hard_sigmoid is read as that of Keras 2, 0.2x + 0.5."
OLD = ("1.", "2.0.", "2.1.", "2.2.")
"""Keras versions whose gates default to hard_sigmoid. TensorFlow's Keras is excluded, since it may use either."""


@dataclass(frozen=True)
class Cell:
    """A Keras cell with its options.

    activation, gates  names in `explorer.cells.activations`
    after              whether a GRU resets after the product with its recurrent kernel
    cudnn              whether the weights have the layout of NVIDIA's cuDNN
    guessed            whether the activations are missing from the file
    """

    kind: str
    activation: str = "tanh"
    gates: str = "sigmoid"
    after: bool = False
    cudnn: bool = False
    guessed: bool = False
    notes: tuple[str, ...] = ()


def is_recurrent(described: Described) -> bool:
    """Return whether the layer or the layer that it wraps has a recurrent class, supported or not."""
    inner = described.config.get("layer")
    kinds = [described.kind, str(inner.get("class_name")) if isinstance(inner, dict) else ""]
    return any(kind in KINDS or kind == "RNN" or "LSTM" in kind or "GRU" in kind or "RNN" in kind for kind in kinds)


def check_class(described: Described) -> None:
    """Raise Unreadable if the class of the layer is not supported."""
    if described.kind not in ("Bidirectional", "RNN") and described.kind not in KINDS:
        raise _unknown(described.name, described.kind)


def _unknown(where: str, kind: str) -> Unreadable:
    return Unreadable(
        f"{quoted(where)} is of the class {quoted(kind)}, which is not known here; LSTM, GRU and SimpleRNN are read, by themselves, in "
        "an RNN or in a Bidirectional."
    )


def is_old(version: str) -> bool:
    """Return whether the gates of that Keras version default to hard_sigmoid."""
    return version.startswith(OLD) and not version.endswith("tf")


def hard_sigmoid(version: str) -> str:
    """Return our name of that Keras version's hard_sigmoid, whose slope became 1/6 in Keras 3."""
    major = version.partition(".")[0]
    return HARD if major.isdigit() and int(major) >= 3 else HARD_2


def described_cells(described: Described, where: str, rows: list[list[Part]], version: str) -> list[Cell]:
    """Return the cells of a layer by its configuration. Raise Unreadable if our cells cannot compute it."""
    config, kind = described.config, described.kind
    if kind == "Bidirectional":
        if config.get("merge_mode", "concat") not in MERGES:
            raise Unreadable(
                f"{quoted(where)} merges its two directions by {quoted(config.get('merge_mode'))}; only {', '.join(MERGES)} can be shown."
            )
        forward, backward = _inner(config.get("layer")), _inner(config.get("backward_layer"))
        if forward and backward and _computes(forward) != _computes(backward):
            raise Unreadable(f"{quoted(where)} has another kind of layer in each direction, which cannot be shown.")
        kind, config = forward or ("", {})
    elif config.get("go_backwards"):
        raise Unreadable(
            f"{quoted(where)} reads its input from the end (go_backwards), which cannot be shown; give it a Bidirectional."
        )
    notes = _notes(described, config)
    cells = list(_cells(config.get("cell"))) if kind == "RNN" else [(kind, config)]
    if len(cells) != len(rows):
        raise Unreadable(f"{quoted(where)} has weights of {len(rows)} cells where {len(cells)} are described.")
    return [_configured(kind, own, notes, where, version) for kind, own in cells]


def _computes(layer: tuple[str, dict[str, Any]]) -> tuple[object, ...]:
    """Return the settings of a layer that determine its computation."""
    kind, config = layer
    return (kind, *(str(config.get(name)) for name in ("activation", "recurrent_activation", "reset_after")))


def _cells(entry: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the cells of an RNN layer, those of a StackedRNNCells in order."""
    outer = _inner(entry)
    if outer is None:
        return
    kind, config = outer
    inner = config.get("cells")
    if kind != "StackedRNNCells" or not isinstance(inner, list):
        yield kind, config
        return
    for one in inner:
        cell = _inner(one)
        if cell is not None:
            yield cell


def _inner(entry: Any) -> tuple[str, dict[str, Any]] | None:
    """Return the class and configuration of a nested layer; None if the entry is not a layer."""
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return None
    return str(entry.get("class_name")), entry["config"]


def _configured(kind: str, config: dict[str, Any], notes: tuple[str, ...], where: str, version: str) -> Cell:
    if kind not in KINDS:
        raise _unknown(where, kind)
    cudnn = kind.startswith("CuDNN")
    usual = config.get("inner_activation", "hard_sigmoid" if is_old(version) else "sigmoid")  # the name in Keras 1
    named = (config.get("activation", "tanh"), config.get("recurrent_activation", usual))
    activation, gates = ("tanh", "sigmoid") if cudnn else (ours(one, version) for one in named)
    gated = KINDS[kind] != "SimpleRNN"
    if not version and HARD_2 in ((activation, gates) if gated else (activation,)):
        notes = (*notes, WHICH_HARD)
    return Cell(
        KINDS[kind],
        activation,
        gates if gated else "sigmoid",
        cudnn or bool(config.get("reset_after", False)),
        cudnn,
        notes=notes,
    )


def ours(function: Any, version: str) -> str:
    """Return our name of a Keras activation; Keras's own name if our cells lack it."""
    name = name_of(function)
    own = function.get("config") if isinstance(function, dict) else None
    config = own if isinstance(own, dict) else {}
    if name == "hard_sigmoid":
        return hard_sigmoid(version)
    if name == "leaky_relu":
        return f"leaky_relu({LEAKY})"
    if name == "LeakyReLU":
        return f"leaky_relu({_number(config, ('negative_slope', 'alpha'), 0.3)})"
    if name == "ELU":
        return f"elu({_number(config, ('alpha',), 1.0)})"
    if name == "ReLU" and not any(config.get(one) for one in ("max_value", "negative_slope", "threshold")):
        return "relu"
    return name


def _number(config: dict[str, Any], names: tuple[str, ...], usual: float) -> float:
    """Return a number from a configuration; NaN if the value is not a number."""
    value = next((config[name] for name in names if name in config), usual)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def guessed_cell(part: Part, version: str, where: str) -> Cell:
    """Return the cell of a file without a configuration, from the shapes of its weights."""
    units, columns = part.arrays[RECURRENT].shape
    bias = part.arrays.get(BIAS)
    if columns % units or columns // units not in BY_BLOCKS:
        raise Unreadable(
            f"{quoted(where)} has {columns:,} columns for {units:,} units; an LSTM has 4 a unit, a GRU 3, a SimpleRNN 1."
        )
    kind = BY_BLOCKS[columns // units]
    cudnn = kind != "SimpleRNN" and bias is not None and bias.shape == (2 * columns,)
    after = cudnn or bias is None or bias.ndim == 2
    if cudnn:
        return Cell(kind, after=after, cudnn=True)
    hard = is_old(version) and kind != "SimpleRNN"
    gates = HARD_2 if hard else "sigmoid"
    return Cell(kind, gates=gates, after=after, guessed=True, notes=(ASSUMED_HARD if hard else ASSUMED,))


def alternatives(cell: Cell) -> dict[str, Cell]:
    """Return the other possible cells, by display name, if the file does not name the activations."""
    if not cell.guessed:
        return {}
    variants = {"relu": replace(cell, activation="relu")}
    if cell.kind != "SimpleRNN":
        others = {
            "gates: sigmoid": "sigmoid",
            "gates: hard_sigmoid (Keras 1 and 2: 0.2x + 0.5)": HARD_2,
            "gates: hard_sigmoid (Keras 3: x/6 + 0.5)": HARD,
        }
        variants = {
            name: replace(cell, gates=gates) for name, gates in others.items() if gates != cell.gates
        } | variants
    return {name: replace(one, notes=(), guessed=False) for name, one in variants.items()}


def _notes(described: Described, config: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if config.get("stateful"):
        notes.append(
            "In Keras it continues from the end of the previous batch (stateful); here each text starts from zeros."
        )
    if len(set(described.sources)) > 1 or len(described.sources) > 1:
        notes.append("In the file its initial state comes from another layer; here it starts from zeros.")
    return tuple(notes)
