"""Which of our cells computes what an ONNX node does, by its activations and attributes."""

from __future__ import annotations

from typing import Any

from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.onnx_nodes import Node, text_of
from explorer.models.checkpoints.wording import quoted

TANH, SIGMOID, RELU, LINEAR = "tanh", "sigmoid", "relu", "affine"
USUAL = {"RNN": (TANH,), "GRU": (SIGMOID, TANH), "LSTM": (SIGMOID, TANH, TANH)}
"""The activations where a node names none: of the gates, of the candidate, of what is shown."""
NONLINEARITIES = {(TANH,): "tanh", (RELU,): "relu", (SIGMOID,): "sigmoid", (LINEAR,): "linear"}
CANDIDATES = {(SIGMOID, TANH): "tanh", (SIGMOID, SIGMOID): "sigmoid"}
LSTMS = {
    (SIGMOID, TANH, TANH): "lstm",
    (SIGMOID, SIGMOID, SIGMOID): "lstm-sigmoid",
    (SIGMOID, LINEAR, TANH): "lstm-niaf",
    (SIGMOID, TANH, LINEAR): "lstm-noaf",
}
"""Our cell for the activations."""


def cell_of(node: Node, where: str) -> tuple[str, dict[str, Any]]:
    """Our cell and its options. Raises Unreadable where none computes the same."""
    activations = _activations(node, where)
    if node.operator == "RNN" and activations in NONLINEARITIES:
        return "rnn", {"nonlinearity": NONLINEARITIES[activations]}
    if node.operator == "GRU" and activations in CANDIDATES:
        after = node.told.get("linear_before_reset", 0)
        return "gru" if after else "gru-cho", {"candidate": CANDIDATES[activations]}
    if node.operator == "LSTM" and activations in LSTMS:
        return _lstm(node, LSTMS[activations], where)
    raise Unreadable(
        f"The node {quoted(where)} is of the kind {node.operator} with the activations {', '.join(activations)}; no cell here has these."
    )


def _lstm(node: Node, cell: str, where: str) -> tuple[str, dict[str, Any]]:
    coupled, peeping = bool(node.told.get("input_forget", 0)), node.P is not None
    if coupled and (peeping or cell != "lstm"):
        beside = "peepholes" if peeping else "other activations"
        raise Unreadable(
            f"The node {quoted(where)} couples its gates (input_forget) and has {beside}; no cell here has both."
        )
    if coupled:
        return "lstm-coupled", {}
    if not peeping:
        return cell, {}
    if cell == "lstm-sigmoid":
        raise Unreadable(f"The node {quoted(where)} has peepholes and sigmoid throughout; no cell here has both.")
    return "lstm-peephole" if cell == "lstm" else cell, {"peephole": "diagonal"}


def _activations(node: Node, where: str) -> tuple[str, ...]:
    """Those of a direction, in lower case; both directions have the same. Raises Unreadable for what changes them."""
    usual = USUAL[node.operator]
    named = tuple(text_of(one).lower() for one in node.told.get("activations", ()))
    named = named or usual * len(node.W)
    first = named[: len(usual)]
    if named != first * len(node.W) or len(first) != len(usual):
        raise Unreadable(
            f"The node {quoted(where)} has the activations {', '.join(named[:8])}: another number, or other ones in each direction."
        )
    if float(node.told.get("clip", 0.0)):
        raise Unreadable(
            f"The node {quoted(where)} clips its sums at {node.told['clip']:g} (clip), which no cell here does."
        )
    lines = named.count(LINEAR)
    for name, value in (("activation_alpha", 1.0), ("activation_beta", 0.0)):
        given = list(node.told.get(name, ()))
        if given != [value] * lines:
            raise Unreadable(
                f"The node {quoted(where)} changes its activations by {name} = {given[:6]}, which no cell here does."
            )
    return first
