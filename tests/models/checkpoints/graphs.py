"""ONNX graphs for the tests: recurrent nodes with random weights on top of one another, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from explorer.models.checkpoints.onnx_nodes import ORDER
from explorer.signals import Array

INPUT, UNITS = 3, 4


@dataclass
class Graph:
    """Nodes and what they read; `onto` names the value that the next node would read."""

    nodes: list[NodeProto] = field(default_factory=list)
    stored: dict[str, Array] = field(default_factory=dict)
    inputs: dict[str, tuple[int, list[Any]]] = field(
        default_factory=lambda: {"x": (TensorProto.FLOAT, ["step", 1, INPUT])}
    )
    onto: str = "x"
    opset: int = 14

    def add(self, operator: str, inputs: Sequence[str], name: str, domain: str = "", **told: Any) -> None:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=f"{name}_node", domain=domain, **told))
        self.onto = name

    def proto(self) -> GraphProto:
        given = [helper.make_tensor_value_info(name, *kind) for name, kind in self.inputs.items()]
        found = [helper.make_tensor_value_info(self.onto, TensorProto.FLOAT, None)]
        stored = [numpy_helper.from_array(array, name) for name, array in self.stored.items()]
        return helper.make_graph(self.nodes, "made", given, found, stored)

    def bytes(self) -> bytes:
        return model(self.proto(), self.opset)

    def run(self, **given: Array) -> Array:
        """What ONNX Runtime makes of it."""
        return self.run_all([self.onto], **given)[0]

    def run_all(self, names: Sequence[str], **given: Array) -> list[Array]:
        """Several values of it."""
        proto = self.proto()
        del proto.output[:]
        proto.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
        session = onnxruntime.InferenceSession(model(proto, self.opset), providers=["CPUExecutionProvider"])
        return list(session.run(list(names), given))


def model(graph: GraphProto, opset: int = 14) -> bytes:
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(made.SerializeToString())


def weights(
    operator: str, inputs: int = INPUT, units: int = UNITS, directions: int = 1, peepholes: bool = False, seed: int = 0
) -> dict[str, Array]:
    """Random W, R, B and, if wanted, P of a node."""
    random, blocks = np.random.default_rng(seed), len(ORDER[operator])
    shapes: dict[str, tuple[int, ...]] = {
        "W": (directions, blocks * units, inputs),
        "R": (directions, blocks * units, units),
        "B": (directions, 2 * blocks * units),
    }
    if peepholes:
        shapes["P"] = (directions, 3 * units)
    return {name: random.uniform(-0.7, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def layers(
    operator: str,
    count: int = 1,
    both: bool = False,
    bias: bool = True,
    peepholes: bool = False,
    graph: Graph | None = None,
    **told: Any,
) -> Graph:
    """A graph of layers on top of one another, as exporters write it: between them h is brought into the form of an x."""
    graph, width = graph or Graph(), INPUT
    directions = 2 if both else 1
    for name in ("activations", "activation_alpha", "activation_beta"):
        if name in told:
            told[name] = list(told[name]) * directions
    for level in range(count):
        own = weights(operator, width, UNITS, directions, peepholes, seed=level)
        if not bias:
            del own["B"]
        graph.stored |= {f"{name}{level}": array for name, array in own.items()}
        names = [f"{name}{level}" if name in own else "" for name in "WRBP"]
        inputs = [graph.onto, *names[:3], *(["", "", "", names[3]] if peepholes else [])]
        graph.add(
            operator, inputs, f"y{level}", hidden_size=UNITS, direction="bidirectional" if both else "forward", **told
        )
        _as_input(graph, both, f"h{level}")
        width = directions * UNITS
    return graph


def _as_input(graph: Graph, both: bool, name: str) -> None:
    """[step, direction, 1, unit] to [step, 1, directions*unit]."""
    if both:
        graph.stored["sides"] = np.array([0, 0, -1])
        graph.add("Transpose", [graph.onto], f"{name}_turned", perm=[0, 2, 1, 3])
        graph.add("Reshape", [graph.onto, "sides"], name)
    else:
        graph.stored["axis"] = np.array([1])
        graph.add("Squeeze", [graph.onto, "axis"], name)
