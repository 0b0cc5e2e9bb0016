"""ONNX graphs that contain LSTM, GRU or RNN nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.extras import require
from explorer.models.checkpoints.formats import Format
from explorer.models.checkpoints.limits import check_claims
from explorer.models.checkpoints.protobuf import check_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto, NodeProto

    from explorer.models.checkpoints.contents import Recurrent
    from explorer.models.checkpoints.layers import Layer
    from explorer.models.checkpoints.onnx_graph import Scope
    from explorer.models.checkpoints.onnx_trace import RecurrentNode

SECOND_TAGS = frozenset({0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72})
"""Protobuf tags of the ModelProto fields that may follow the version at the start of a file."""
NEWEST_VERSION = 99
INSIDE = {
    ("model", 7): "graph",
    ("graph", 1): "node",
    ("graph", 5): "tensor",
    ("node", 5): "attribute",
    ("attribute", 5): "tensor",
    ("attribute", 6): "graph",
    ("attribute", 10): "tensor",
    ("attribute", 11): "graph",
}
"""Fields that hold nested messages, by their numbers in onnx.proto."""
PLAIN = frozenset({("tensor", 9), ("tensor", 4), ("tensor", 10), ("attribute", 7)})
"""Fields whose numbers are as large in the file as in memory: raw_data, float_data, double_data, floats."""
TEXTS = frozenset({("node", 1), ("node", 2), ("node", 3), ("node", 4), ("node", 7), ("attribute", 1), ("tensor", 8)})
"""Fields that hold names: of inputs, outputs, nodes, operators, domains, attributes and tensors."""
PASSING = ("Transpose", "Squeeze", "Unsqueeze", "Reshape", "Identity", "Dropout", "Cast")
"""Operators allowed between two layers of a stack: they change the layout of h, not its values."""
MOST_BETWEEN = 20
MOST_NOTES = 1000
"""Maximum number of metadata entries to read."""
SIMILAR = ("LSTM", "GRU", "RNN")


def holds(data: bytes) -> bool:
    """Return whether the data begins like a ModelProto, with the version of the format."""
    return len(data) > 2 and data[0] == 0x08 and 0 < data[1] <= NEWEST_VERSION and data[2] in SECOND_TAGS


def read(data: bytes) -> Contents:
    """Read the graph and its nested graphs. Raise Unreadable if it is not supported."""
    require("onnx", "an ONNX file")
    from explorer.models.checkpoints import onnx_graph, onnx_kernel, onnx_labels, onnx_parts, onnx_route, onnx_trace
    from explorer.models.checkpoints.layers import chain_layers, join_layers

    model = _parsed(data)
    scopes = onnx_graph.scopes(model.graph)
    check_claims(onnx_graph.claims(tensor) for tensor in onnx_graph.tensors(scopes))
    layers, refused, nodes = _layers(scopes)
    if not layers:
        raise Unreadable(_nothing(scopes, refused))
    tables = onnx_parts.tables(scopes)
    linears, made_of = onnx_parts.linears(scopes)
    labels = onnx_labels.labels({one.key: one.value for one in model.metadata_props[:MOST_NOTES]})
    tracer = onnx_trace.trace_graph(scopes, _opset(model), {at: one.node for at, one in nodes.items()}, tables.names)
    values = {one.name: tracer.value(scopes[0], one.name) for one in model.graph.output}
    router = onnx_route.Router(layers, onnx_route.outputs(values), labels)
    homes = {one.node.number: one for one in nodes.values() if one.node.layer is not None}
    numbers = {id(layer): at for at, layer in enumerate(layers)}

    def recurrent_of(chain: Sequence[Layer]) -> Recurrent:
        own = [numbers[id(layer)] for layer in chain]
        weights = [name for at in own for name in homes[at].weights]
        (joint,) = join_layers(chain, onnx_kernel.kernel)
        joint = replace(joint, tensors=tuple(dict.fromkeys(weights)))
        return router.add_route(joint, own, homes[own[0]].scope.inside)

    recurrent: list[Recurrent] = []
    for chain in chain_layers(layers):
        together, alone = recurrent_of(chain), []
        if together.route is None and len(chain) > 1:  # the answer reads more than the top layer's h
            alone = [recurrent_of([layer]) for layer in chain]
        recurrent += alone if any(one.route for one in alone) else [together]
    return Contents(
        "ONNX",
        tuple(recurrent),
        tables=tables.by_name,
        linears=linears,
        notes=tuple(refused),
        labels=labels,
        shapes=onnx_graph.shapes(scopes),
        sources=tables.sources | made_of,
    )


def _opset(model: ModelProto) -> int:
    """Return the version of the ONNX operator set."""
    return max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=1)


@dataclass(frozen=True)
class Home:
    """A recurrent node: the graph that contains it, the stored tensors behind its weights, and its layer."""

    scope: Scope
    weights: tuple[str, ...]
    node: RecurrentNode


def _parsed(data: bytes) -> ModelProto:
    from google.protobuf.message import DecodeError
    from onnx import load_model_from_string

    check_message(data, "model", INSIDE, PLAIN, TEXTS)
    try:
        return load_model_from_string(data)
    except DecodeError as error:
        raise Unreadable("This looks like an ONNX file, but is damaged: its parts do not fit together.") from error


def _layers(scopes: list[Scope]) -> tuple[list[Layer], list[str], dict[tuple[int, int], Home]]:
    """Return the layers that our cells can compute, the messages for the others, and all recurrent nodes by graph and position."""
    from explorer.models.checkpoints.layers import check_copies, check_layers, unique
    from explorer.models.checkpoints.onnx_graph import sources
    from explorer.models.checkpoints.onnx_layers import layer_of
    from explorer.models.checkpoints.onnx_nodes import ORDER
    from explorer.models.checkpoints.onnx_trace import RecurrentNode

    names: dict[tuple[int, str], str] = {}  # layer names, by graph and by the name of the layer's h
    counts: Counter[str] = Counter()
    layers: list[Layer] = []
    refused: list[str] = []
    homes: dict[tuple[int, int], Home] = {}
    for scope in scopes:
        for at, node in enumerate(scope.graph.node):
            if node.op_type not in ORDER or node.domain not in ("", "ai.onnx"):
                continue
            check_layers(len(layers) + len(refused) + 1)
            where = unique(node.name or next(filter(None, node.output), node.op_type), counts)
            try:
                layers.append(layer_of(scope, node, where, _reads(scope, node, names)))
            except Unreadable as error:
                refused.append(str(error))
                homes[id(scope), at] = Home(scope, (), RecurrentNode(0, None))
                continue
            weights = [one for name in (*node.input[1:4], *node.input[7:8]) for one in sources(scope, name)]
            homes[id(scope), at] = Home(scope, tuple(weights), RecurrentNode(len(layers) - 1, layers[-1]))
            check_copies(sum(layer.bytes for layer in layers))
            if node.output and node.output[0]:
                names[id(scope), node.output[0]] = where
    return layers, refused, homes


def _reads(scope: Scope, node: NodeProto, names: dict[tuple[int, str], str]) -> str | None:
    """Return the name of the layer whose h reaches a node with unchanged values; None without such a layer."""
    value = node.input[0] if node.input else ""
    for _ in range(MOST_BETWEEN):
        holder = scope.holder(value) if value else None
        if holder is None:
            return None
        if (id(holder), value) in names:
            return names[id(holder), value]
        maker = holder.makers.get(value)
        if maker is None or maker.op_type not in PASSING or not maker.input:
            return None
        value = maker.input[0]
    return None


def _nothing(scopes: list[Scope], refused: list[str]) -> str:
    """Return the message for a graph without a usable layer."""
    from explorer.models.checkpoints.wording import quoted

    if refused:
        return refused[0]
    operators = Counter(node.op_type for scope in scopes for node in scope.graph.node)
    similar = [name for name in operators if any(one in name for one in SIMILAR)]
    if similar:
        return (
            f"The ONNX graph has nodes of the kind {quoted(similar[0])}, which is not supported: ONNX's own LSTM, GRU and RNN are, with "
            "weights in floating point. Export the network without quantising or fusing it."
        )
    most = ", ".join(quoted(name) for name, _ in operators.most_common(4)) or "none at all"
    return f"There is no LSTM, GRU or RNN node in this ONNX graph; it has mostly {most}."


FORMAT = Format("ONNX", (".onnx",), holds, read)
