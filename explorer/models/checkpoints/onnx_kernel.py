"""Reference kernels that run the recurrent nodes alone in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from explorer.models.checkpoints.contents import Kernel
from explorer.models.checkpoints.extras import installed, version
from explorer.models.checkpoints.layers import Layer
from explorer.models.checkpoints.onnx_nodes import Node
from explorer.signals import Array

OPSET, IR_VERSION = 14, 8
"""Versions supported by every ONNX Runtime in use."""


def kernel(layers: Sequence[Layer]) -> Kernel | None:
    """Return the kernel of a stack; None if ONNX Runtime is not installed."""
    if not installed("onnxruntime"):
        return None
    nodes = [layer.origin for layer in layers]
    return Kernel(f"ONNX Runtime {version('onnxruntime')}".strip(), lambda x: _run(nodes, x))


def _run(nodes: Sequence[Node], x: Array) -> Array:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the network is small and the server shared
    session = onnxruntime.InferenceSession(model(nodes), options, providers=["CPUExecutionProvider"])
    (h,) = session.run(["h"], {"x": x[:, None].astype(np.float32)})
    outputs: Array = h[:, 0]
    return outputs


def model(nodes: Sequence[Node]) -> bytes:
    """Return a model of these nodes in a chain: x [step, 1, input] to h [step, 1, directions*unit], in float32."""
    weights, steps, x = [], [], "x"
    sides = numpy_helper.from_array(np.array([0, 0, -1]), "sides")
    for level, node in enumerate(nodes):
        arrays = {name: getattr(node, name) for name in "WRBP" if getattr(node, name) is not None}
        weights += [
            numpy_helper.from_array(array.astype(np.float32), f"{name}{level}") for name, array in arrays.items()
        ]
        own = [f"{name}{level}" if name in arrays else "" for name in "WRBP"]
        inputs = [x, *own[:3], "", "", "", own[3]] if node.operator == "LSTM" else [x, *own[:3]]
        y, turned, x = f"y{level}", f"turned{level}", "h" if level == len(nodes) - 1 else f"h{level}"
        settings = {"hidden_size": node.R.shape[2]} | node.settings  # older files may omit it
        steps += [
            helper.make_node(node.operator, inputs, [y], **settings),
            helper.make_node("Transpose", [y], [turned], perm=[0, 2, 1, 3]),  # [step, 1, direction, unit]
            helper.make_node("Reshape", [turned, "sides"], [x]),
        ]
    input_ = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["step", 1, nodes[0].W.shape[2]])
    output = helper.make_tensor_value_info("h", TensorProto.FLOAT, None)
    graph = helper.make_graph(steps, "layers", [input_], [output], [*weights, sides])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(proto.SerializeToString())
