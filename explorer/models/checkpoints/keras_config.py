"""Layer configurations in a Keras file, read as data only: no class is looked up and no function is created."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from explorer.models.checkpoints.contents import Unreadable

MODELS = ("Sequential", "Functional", "Model")
"""Keras classes that only contain layers."""
PASSING = ("Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Masking")
"""Layers that pass their input through unchanged after training."""
DEEPEST = 20


@dataclass(frozen=True)
class Described:
    """The configuration of a layer in the file.

    path     path of its weights in Keras 3: "layers/lstm_1"
    sources  names of the layers whose output it reads
    inbound  its calls, each with its inputs as stored in the file
    parents  names of the nested models around it, outermost first, without the top-level model
    """

    name: str
    kind: str
    config: dict[str, Any]
    path: str
    sources: tuple[str, ...]
    shared: bool = False
    inbound: tuple[Any, ...] = ()
    parents: tuple[str, ...] = ()

    @property
    def gives_sequences(self) -> bool:
        """True if the layer returns h at every step, False if only at the last."""
        inner = self.config.get("layer")
        own = inner.get("config") if isinstance(inner, dict) else self.config
        return isinstance(own, dict) and bool(own.get("return_sequences"))


def parse_config(text: str) -> dict[str, Any]:
    """Parse a JSON configuration. Raise Unreadable if it is not valid JSON."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "This is a Keras file, but its layer configuration cannot be read; the file is damaged."
        ) from error
    return config if isinstance(config, dict) else {}


def layers(model: dict[str, Any], path: str = "", depth: int = 0) -> Iterator[Described]:
    """Yield the layers of a model and its nested models, in order. A custom model class may list none."""
    if depth > DEEPEST:
        return
    for own, entry in children(model, path):
        if own.kind in MODELS:
            yield from layers(entry, own.path, depth + 1)
        if isinstance(entry["config"], dict):
            yield own


def children(
    model: dict[str, Any], path: str = "", parents: tuple[str, ...] = ()
) -> Iterator[tuple[Described, dict[str, Any]]]:
    """Yield the direct layers of a model, each with its entry in the file (for a nested model, the model itself)."""
    config = model.get("config")
    entries = config.get("layers") if isinstance(config, dict) else config  # Keras 2.0's Sequential was a list
    if not isinstance(entries, list):
        return
    names, before = Counter[str](), ""
    chained = model.get("class_name") == "Sequential"
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict | list):
            continue
        kind, own = str(entry.get("class_name")), entry["config"]
        name = str((own.get("name") if isinstance(own, dict) else None) or entry.get("name") or kind)
        folder = snake_case(kind)
        place = f"{path}/layers/{folder}_{names[folder]}" if names[folder] else f"{path}/layers/{folder}"
        names[folder] += 1
        nodes = entry.get("inbound_nodes") or []
        sources = (before,) if chained else tuple(one.name for one in references(nodes))
        calls = tuple(nodes) if isinstance(nodes, list) else ()
        settings = own if isinstance(own, dict) else {}
        yield (
            Described(name, kind, settings, place.lstrip("/"), sources, len(calls) > 1, calls, parents),
            entry,
        )
        before = name


def snake_case(name: str) -> str:
    """Convert a class name to Keras's group name: "SimpleRNN" to "simple_rnn"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def reads(layer: Described, described: dict[str, Described]) -> str | None:
    """Return the layer whose output this one reads, skipping pass-through layers; None for several inputs or a shared layer."""
    for _ in range(len(described)):
        if len(layer.sources) != 1 or layer.shared or layer.sources[0] not in described:
            return None
        layer = described[layer.sources[0]]
        if layer.kind not in PASSING:
            return layer.name if not layer.shared else None
    return None


def name_of(function: Any) -> str:
    """Return an activation's name, in any of the forms that Keras writes."""
    if isinstance(function, dict):
        inner = function.get("config")
        return inner if isinstance(inner, str) else str(function.get("class_name"))
    return "linear" if function is None else str(function)


class Reference(NamedTuple):
    """A reference to a layer's output: the layer, the call, and the output index."""

    name: str
    call: int = 0
    output: int = 0


def references(nodes: Any, depth: int = 0) -> Iterator[Reference]:
    """Yield the layer outputs in an inbound-nodes entry of Keras 2 or 3."""
    if depth > DEEPEST:
        return
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        if isinstance(history, list) and history:
            yield _reference(history)
            return
        for name, one in nodes.items():
            if name != "mask":  # the mask comes from the same layer
                yield from references(one, depth + 1)
    elif isinstance(nodes, list):
        if len(nodes) >= 3 and isinstance(nodes[0], str) and isinstance(nodes[1], int):
            yield _reference(nodes)
            nodes = nodes[3:]  # further call arguments
        for one in nodes:
            yield from references(one, depth + 1)


def _reference(history: list[Any]) -> Reference:
    call, output = (one if isinstance(one, int) and one >= 0 else 0 for one in (*history[1:3], 0, 0)[:2])
    return Reference(str(history[0]), call, output)
