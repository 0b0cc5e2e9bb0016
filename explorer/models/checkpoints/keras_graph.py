"""The graph of a Keras model, from its configuration: the layers on the path from an input to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explorer.models.checkpoints.keras_config import DEEPEST, MODELS, Described, Reference, children, references
from explorer.models.checkpoints.layers import MOST_LAYERS
from explorer.models.checkpoints.wording import quoted


class NotComputed(ValueError):
    """Raised for a path to an answer that cannot be computed. The message names the layer and its class in one sentence."""


@dataclass(frozen=True)
class Passed:
    """A layer on the path.

    output  index of the output that is read: 0, or a state of a recurrent layer
    call    call arguments as stored in the file
    """

    layer: Described
    output: int = 0
    call: Any = None


def named(layer: Described) -> str:
    """Return a layer's name and class for a message: “add” (Add)."""
    return f"{quoted(layer.name)} ({clean(layer.kind)})"


def clean(text: object) -> str:
    """Return a text of the file, made safe for a message."""
    return quoted(text)[1:-1]


def not_computed(layer: Described) -> NotComputed:
    """Return the error for a layer whose class is not supported."""
    return NotComputed(f"The answer passes through {named(layer)}, which is not computed here.")


def answers(model: dict[str, Any]) -> list[Reference]:
    """Return the layer outputs that are the model's outputs; for a Sequential, its last layer."""
    if _is_chain(model):
        own = [layer for layer, _ in children(model)]
        return [Reference(own[-1].name)] if own else []
    config = model.get("config")
    return list(references(config.get("output_layers"))) if isinstance(config, dict) else []


def way(model: dict[str, Any], answer: Reference) -> list[Passed]:
    """Return the layers from the input to that answer, in order. Raise NotComputed if they are not a single chain."""
    path = list(_back(model, answer, "", (), 0))
    path.reverse()
    return path


def _back(model: dict[str, Any], at: Reference, path: str, parents: tuple[str, ...], depth: int) -> Iterator[Passed]:
    """Yield the layers from an output of a model back to its input."""
    if depth > DEEPEST:
        raise NotComputed(f"The models in the file are nested more than {DEEPEST} deep.")
    own = list(children(model, path, parents))
    by_name = {layer.name: (layer, entry) for layer, entry in own}
    if len(by_name) < len(own):
        raise NotComputed("The file gives several layers the same name, so its graph is not clear.")
    chain = _is_chain(model)
    before = dict(zip(by_name, [None, *by_name], strict=False))
    visited: set[str] = set()
    following: Reference | None = at
    while following is not None:
        if following.name not in by_name:
            raise NotComputed(
                f"The file does not describe the layer {quoted(following.name)} that its answer comes from."
            )
        layer, entry = by_name[following.name]
        if layer.name in visited:
            raise NotComputed(f"The answer passes through {named(layer)} more than once, which is not computed here.")
        visited.add(layer.name)
        if len(visited) > MOST_LAYERS:
            raise NotComputed(
                f"The answer passes through more than {MOST_LAYERS} layers, which is too many to compute here."
            )
        if layer.kind in MODELS:
            inside = answers(entry)
            if following.output >= len(inside):
                raise not_computed(layer)
            yield from _back(entry, inside[following.output], layer.path, (*parents, layer.name), depth + 1)
            call = _call(layer, following.call)
        else:
            call = _call(layer, following.call)
            yield Passed(layer, following.output, call)
        if chain:
            below = before[layer.name]
            following = None if below is None else Reference(below)
        else:
            following = _read(layer, call)


def _is_chain(model: dict[str, Any]) -> bool:
    return model.get("class_name") == "Sequential"


def _call(layer: Described, number: int) -> Any:
    """Return the arguments of a layer's call. Keras 3 counts the calls of a model from 1, since its own construction is call 0."""
    only = len(layer.inbound) == 1
    return layer.inbound[0 if only else number] if only or number < len(layer.inbound) else None


def _read(layer: Described, call: Any) -> Reference | None:
    """Return the output that a layer reads in that call; None for an input. Raise NotComputed for several."""
    read = list(references(call))
    if not read:
        if layer.kind == "InputLayer":
            return None
        raise NotComputed(f"The file does not say what {named(layer)} reads.")
    if len(read) > 1:
        if layer.kind in ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"):
            others = ", ".join(dict.fromkeys(quoted(one.name) for one in read[1:3]))
            raise NotComputed(
                f"The answer passes through {named(layer)}, which starts from a state of {others}, not from zeros."
            )
        raise not_computed(layer)
    return read[0]
