"""Which cells a Keras layer has, and how they are computed: by its configuration, or where there is none by the shapes of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.keras_config import Described, name_of
from explorer.models.checkpoints.keras_parts import BIAS, RECURRENT, Part
from explorer.models.checkpoints.wording import quoted

ORDER = {"LSTM": "ifgo", "GRU": "zrn", "SimpleRNN": "h"}
"""The order of the blocks of columns in a kernel, by their names here."""
BY_BLOCKS = {len(order): kind for kind, order in ORDER.items()}
KINDS = (
    {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"} | {f"{kind}Cell": kind for kind in ORDER} | {kind: kind for kind in ORDER}
)
"""Keras's kinds of layer, and of cell, by the classes that are of it."""
ASSUMED = "The file does not say what squashes its sums; Keras's own defaults are assumed."
HARD = "Before Keras 2.3 the default for the gates was hard_sigmoid, and the file does not say; sigmoid is assumed."
OLD = ("1.", "2.0.", "2.1.", "2.2.")


@dataclass(frozen=True)
class Cell:
    """A cell of Keras's as it is to be computed.

    after  whether a GRU resets after the product with its recurrent kernel
    cudnn  whether the weights lie as NVIDIA's library has them
    """

    kind: str
    activation: str = "tanh"
    gates: str = "sigmoid"
    after: bool = False
    cudnn: bool = False
    notes: tuple[str, ...] = ()


def is_recurrent(described: Described) -> bool:
    """Whether the layer is recurrent by its class, or by that of what it wraps, though perhaps none that can be read."""
    inner = described.config.get("layer")
    kinds = [described.kind, str(inner.get("class_name")) if isinstance(inner, dict) else ""]
    return any(kind in KINDS or kind == "RNN" or "LSTM" in kind or "GRU" in kind or "RNN" in kind for kind in kinds)


def check_class(described: Described) -> None:
    """Raises Unreadable for a layer of a class that is not known here."""
    if described.kind not in ("Bidirectional", "RNN") and described.kind not in KINDS:
        raise _unknown(described.name, described.kind)


def _unknown(where: str, kind: str) -> Unreadable:
    return Unreadable(
        f"{quoted(where)} is of the class {quoted(kind)}, which is not known here; LSTM, GRU and SimpleRNN are read, by themselves, in "
        "an RNN or in a Bidirectional."
    )


def described_cells(described: Described, where: str, rows: list[list[Part]]) -> list[Cell]:
    """The cells of a layer by its configuration. Raises Unreadable for what no cell of ours computes."""
    config, kind = described.config, described.kind
    if kind == "Bidirectional":
        if config.get("merge_mode", "concat") != "concat":
            raise Unreadable(
                f"{quoted(where)} merges its two directions by {quoted(config.get('merge_mode'))}; only concat can be shown."
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
    return [_configured(kind, own, notes, where) for kind, own in cells]


def _computes(layer: tuple[str, dict[str, Any]]) -> tuple[object, ...]:
    """What of a layer's configuration says how it computes."""
    kind, config = layer
    return (kind, *(str(config.get(name)) for name in ("activation", "recurrent_activation", "reset_after")))


def _cells(entry: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cells of an RNN layer, of a StackedRNNCells one after the other."""
    found = _inner(entry)
    if found is None:
        return
    kind, config = found
    inner = config.get("cells")
    if kind != "StackedRNNCells" or not isinstance(inner, list):
        yield kind, config
        return
    for one in inner:
        cell = _inner(one)
        if cell is not None:
            yield cell


def _inner(entry: Any) -> tuple[str, dict[str, Any]] | None:
    """The class and configuration of a layer inside another."""
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return None
    return str(entry.get("class_name")), entry["config"]


def _configured(kind: str, config: dict[str, Any], notes: tuple[str, ...], where: str) -> Cell:
    if kind not in KINDS:
        raise _unknown(where, kind)
    cudnn = kind.startswith("CuDNN")
    default = (
        "sigmoid" if cudnn or KINDS[kind] == "SimpleRNN" else name_of(config.get("recurrent_activation", "sigmoid"))
    )
    return Cell(
        KINDS[kind],
        "tanh" if cudnn else name_of(config.get("activation", "tanh")),
        default,
        cudnn or bool(config.get("reset_after", False)),
        cudnn,
        notes,
    )


def guessed_cell(part: Part, version: str, where: str) -> Cell:
    """The cell of a file without a configuration, by the shapes of its weights."""
    units, columns = part.arrays[RECURRENT].shape
    bias = part.arrays.get(BIAS)
    if columns % units or columns // units not in BY_BLOCKS:
        raise Unreadable(
            f"{quoted(where)} has {columns:,} columns for {units:,} units; an LSTM has 4 a unit, a GRU 3, a SimpleRNN 1."
        )
    kind = BY_BLOCKS[columns // units]
    cudnn = kind != "SimpleRNN" and bias is not None and bias.shape == (2 * columns,)
    notes = [] if cudnn else [HARD if version.startswith(OLD) and kind != "SimpleRNN" else ASSUMED]
    return Cell(kind, after=cudnn or bias is None or bias.ndim == 2, cudnn=cudnn, notes=tuple(notes))


def _notes(described: Described, config: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if config.get("stateful"):
        notes.append(
            "In Keras it goes on from where the batch before ended (stateful); here each text begins from zeros."
        )
    if len(set(described.sources)) > 1 or len(described.sources) > 1:
        notes.append("Another layer gives it the state that it begins from; here it begins from zeros.")
    return tuple(notes)
