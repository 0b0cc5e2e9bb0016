"""Symbolic outputs of ONNX's LSTM, GRU and RNN nodes."""

from __future__ import annotations

from dataclasses import replace

from explorer.models.checkpoints.layers import Layer
from explorer.models.checkpoints.onnx_axes import Atom, Axis, Refused, core
from explorer.models.checkpoints.onnx_call import Call
from explorer.models.checkpoints.onnx_flow import Flow, Unknown, Value
from explorer.models.checkpoints.onnx_graph import Scope
from explorer.models.checkpoints.onnx_layers import ARRANGING, MOST_BETWEEN, is_zeros
from explorer.models.checkpoints.onnx_numbers import with_width
from explorer.models.checkpoints.wording import quoted
from explorer.models.stages import Ends


def outputs_of(call: Call, layer: Layer, at: int) -> list[Value]:
    """Return Y, Y_h and, for an LSTM, Y_c. Raise Refused if they depend on something unsupported."""
    flow, by_sequence = call.flow(0), bool(call.whole("layout", 0))
    if len(flow.axes) != 3:
        raise Refused(f"{call.operator} of {len(flow.axes)} axes")
    steps, batch = flow.axes[:2][:: -1 if by_sequence else 1]
    step = _step_of(flow, steps)
    for atom in batch:
        atom.mark("batch")
    flow = with_width(flow.with_features([2]), layer.input_size)
    _check_lengths(call, step)
    _check_states(call)

    both, units = len(layer.rows) == 2, Atom(layer.hidden_size, "feature")
    side = (Atom(2, "feature"),) if both else ()
    steps = (step,) if step else ()
    behind = replace(
        flow.passed(call.label, None, layer=at, reads=layer.input_size, one_step=step is None or step.size == 1),
        features=(*side, units),
        layers=flow.layers | 1 << at,
    )
    each = replace(behind, axes=(batch, steps, side, (units,)) if by_sequence else (steps, side, batch, (units,)))
    last = replace(behind, axes=(batch, side, (units,)) if by_sequence else (side, batch, (units,)), whole=True)
    last = last.passed("", lambda kind, width: [Ends()]) if both else last
    cell = Unknown(
        quoted(call.node.name or call.node.output[0]), "the cell state of an LSTM", behind.layers, behind.layers
    )
    return [each, last, cell]


def _step_of(flow: Flow, axis: Axis) -> Atom | None:
    """Return the step axis; None if the graph reads one step at a time."""
    if flow.whole:
        raise Refused("recurrent layers that read one value for the whole text")
    atoms = core(axis) or axis
    if len(atoms) > 1:
        raise Refused("recurrent layers that read several axes as steps")
    for atom in atoms:
        atom.mark("step")
    return atoms[0] if atoms else None


def _check_lengths(call: Call, step: Atom | None) -> None:
    lengths = call.constant(4)
    if lengths is not None and (step is None or step.size is None or (lengths != step.size).any()):
        raise Refused(f"{call.operator} that reads {int(lengths.ravel()[0])} steps of its input")


def _check_states(call: Call) -> None:
    """Raise Refused unless the initial states are zeros or inputs of the graph, which are replaced by zeros."""
    for name in call.node.input[5:7]:
        if name and not is_zeros(call.scope, name):
            origin = _origin(call.scope, name)
            if origin != "given":
                raise Refused(f"{call.operator} that starts from a {origin} state, not from zeros")


def _origin(scope: Scope, name: str) -> str:
    """Return the origin of a value behind rearranging operations: "given" as an input, "stored" or "computed"."""
    for _ in range(MOST_BETWEEN):
        holder = scope.holder(name)
        if holder is None:
            break
        if name in holder.inputs:
            return "given" if holder.outer is None else "computed"
        node = holder.makers.get(name)
        if name in holder.stored or (node is not None and node.op_type == "Constant"):
            return "stored"
        if node is None or node.op_type not in (*ARRANGING, "Split") or not node.input:
            break
        name = node.input[0]
    return "computed"
