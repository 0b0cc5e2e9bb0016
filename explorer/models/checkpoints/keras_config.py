"""What a Keras file says of its layers, read as data: no class in it is looked up, and no function made."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from explorer.models.checkpoints.contents import Unreadable

MODELS = ("Sequential", "Functional", "Model")
"""The classes of Keras that are nothing but their layers."""
PASSING = ("Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Masking")
"""Layers that hand on, after training, what they are given."""
DEEPEST = 20


@dataclass(frozen=True)
class Described:
    """A layer as the file describes it.

    path     where Keras 3 keeps its weights: "layers/lstm_1"
    sources  the layers whose output it reads, by name
    inbound  its calls: what each reads, as the file has it
    parents  the models that it lies in, from outside, by name; without the file's own
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
        """Whether it gives its h of every step, and not of the last alone."""
        inner = self.config.get("layer")
        own = inner.get("config") if isinstance(inner, dict) else self.config
        return isinstance(own, dict) and bool(own.get("return_sequences"))


def parsed(text: str) -> dict[str, Any]:
    """The configuration, which is JSON. Raises Unreadable for what is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "This is a Keras file, but what it says of its layers cannot be read; the file is damaged."
        ) from error
    return found if isinstance(found, dict) else {}


def layers(model: dict[str, Any], path: str = "", depth: int = 0) -> Iterator[Described]:
    """The layers of a model and of the models in it, in their order; none where a class of the user's own keeps them to itself."""
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
    """The layers of a model itself, each with its entry in the file: for a model in it, that is the model."""
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
    """A class's name as Keras makes the name of a group from it: "SimpleRNN" gives "simple_rnn"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def reads(layer: Described, described: dict[str, Described]) -> str | None:
    """The layer whose output it reads, whatever hands it on in between; None where it reads several, or is used in several places."""
    for _ in range(len(described)):
        if len(layer.sources) != 1 or layer.shared or layer.sources[0] not in described:
            return None
        layer = described[layer.sources[0]]
        if layer.kind not in PASSING:
            return layer.name if not layer.shared else None
    return None


def name_of(function: Any) -> str:
    """An activation's name, however Keras wrote it down."""
    if isinstance(function, dict):
        inner = function.get("config")
        return inner if isinstance(inner, str) else str(function.get("class_name"))
    return "linear" if function is None else str(function)


class Reference(NamedTuple):
    """An output of a layer that something reads: the layer, which call of it, and which of its outputs."""

    name: str
    call: int = 0
    output: int = 0


def references(nodes: Any, depth: int = 0) -> Iterator[Reference]:
    """The outputs of layers in what Keras 2 and 3 write of where an input comes from."""
    if depth > DEEPEST:
        return
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        if isinstance(history, list) and history:
            yield _reference(history)
            return
        for name, one in nodes.items():
            if name != "mask":  # which says what to leave out, and comes from the same place
                yield from references(one, depth + 1)
    elif isinstance(nodes, list):
        if len(nodes) >= 3 and isinstance(nodes[0], str) and isinstance(nodes[1], int):
            yield _reference(nodes)
            nodes = nodes[3:]  # what else it is called with
        for one in nodes:
            yield from references(one, depth + 1)


def _reference(history: list[Any]) -> Reference:
    call, output = (one if isinstance(one, int) and one >= 0 else 0 for one in (*history[1:3], 0, 0)[:2])
    return Reference(str(history[0]), call, output)
