"""Find the cell that computes the same as an ONNX node, by its activations and attributes."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.cells.activations import activation, gate_activation
from explorer.models.checkpoints.contents import Unreadable
from explorer.models.checkpoints.onnx_nodes import Node, text_of
from explorer.models.checkpoints.wording import quoted

USUAL = {"RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh")}
"""Default activations of a node: for the gates, the candidate and the output."""
NAMES = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "softplus": "softplus",
    "softsign": "softsign",
    "hardsigmoid": "hard_sigmoid",
    "elu": "elu",
    "leakyrelu": "leaky_relu",
    "affine": "linear",
    "thresholdedrelu": "",
    "scaledtanh": "",
}
"""Our names of ONNX's activations, by their names in lower case; empty if no cell has one."""
ALPHAS = {"hardsigmoid": 0.2, "elu": 1.0, "leakyrelu": 0.01, "affine": 1.0, "thresholdedrelu": 1.0, "scaledtanh": 1.0}
BETAS = {"hardsigmoid": 0.5, "affine": 0.0, "scaledtanh": 1.0}
"""Default alpha and beta of each activation."""
LSTMS: dict[tuple[str, ...], str] = {
    ("sigmoid", "tanh", "tanh"): "lstm",
    ("sigmoid", "sigmoid", "sigmoid"): "lstm-sigmoid",
    ("sigmoid", "linear", "tanh"): "lstm-niaf",
    ("sigmoid", "tanh", "linear"): "lstm-noaf",
}
"""LSTM cells with fixed activations; `lstm` takes any others as options."""


def cell_of(node: Node, where: str) -> tuple[str, dict[str, Any]]:
    """Return our cell and its options. Raise Unreadable if no cell computes the same."""
    functions = _activations(node, where)
    if node.operator == "RNN":
        return "rnn", {"nonlinearity": functions[0]}
    if node.operator == "GRU":
        cell = "gru" if node.settings.get("linear_before_reset", 0) else "gru-cho"
        return cell, {"candidate": functions[1]} | ({"gate": functions[0]} if functions[0] != "sigmoid" else {})
    return _lstm(node, functions, where)


def _lstm(node: Node, functions: tuple[str, ...], where: str) -> tuple[str, dict[str, Any]]:
    cell = LSTMS.get(functions, "")
    coupled, peeping = bool(node.settings.get("input_forget", 0)), node.P is not None
    if coupled and (peeping or cell != "lstm"):
        beside = "peepholes" if peeping else "other activations"
        raise Unreadable(
            f"The node {quoted(where)} couples its gates (input_forget) and has {beside}; no cell here has both."
        )
    if coupled:
        return "lstm-coupled", {}
    if peeping and cell in ("", "lstm-sigmoid"):
        beside = "sigmoid throughout" if cell else f"the activations {', '.join(functions)}"
        raise Unreadable(f"The node {quoted(where)} has peepholes and {beside}; no cell here has both.")
    if peeping:
        return "lstm-peephole" if cell == "lstm" else cell, {"peephole": "diagonal"}
    if cell:
        return cell, {}
    named = zip(("gate", "candidate", "output"), functions, ("sigmoid", "tanh", "tanh"), strict=True)
    return "lstm", {option: name for option, name, usual in named if name != usual}


def _activations(node: Node, where: str) -> tuple[str, ...]:
    """Return our names of a direction's activations; both directions must agree. Raise Unreadable for one that no cell has."""
    usual = USUAL[node.operator]
    named = tuple(text_of(one) for one in node.settings.get("activations", ())) or usual * len(node.W)
    if float(node.settings.get("clip", 0.0)):
        raise Unreadable(
            f"The node {quoted(where)} clips its sums at {node.settings['clip']:g} (clip), which no cell here does."
        )
    functions = _with_numbers(node, named, where)
    first = functions[: len(usual)]
    if functions != first * len(node.W) or len(first) != len(usual):
        raise Unreadable(
            f"The node {quoted(where)} has the activations {', '.join(map(quoted, named[:8]))}: another number, or other ones in each "
            "direction."
        )
    for at, one in enumerate(first):
        try:
            gate_activation(one) if at == 0 and node.operator != "RNN" else activation(one)
        except ValueError as error:
            quoted_names = ", ".join(map(quoted, named[: len(usual)]))
            raise Unreadable(
                f"The node {quoted(where)} is of the kind {node.operator} with the activations {quoted_names}; no cell here has these."
            ) from error
    return first


def _with_numbers(node: Node, named: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Return our names of the activations. Each takes its alpha and beta from the node's lists, in order, and then the defaults."""
    alphas, betas = (list(node.settings.get(f"activation_{name}", ())) for name in ("alpha", "beta"))
    functions = []
    for name in (one.lower() for one in named):
        alpha = _short(alphas.pop(0) if name in ALPHAS and alphas else ALPHAS.get(name, 0.0))
        beta = _short(betas.pop(0) if name in BETAS and betas else BETAS.get(name, 0.0))
        ours = NAMES.get(name, "")
        if name in ("affine", "scaledtanh") and (alpha, beta) != (ALPHAS[name], BETAS[name]):
            raise Unreadable(
                f"The node {quoted(where)} has the activation {name} with alpha {alpha:g} and beta {beta:g}, which no cell here has."
            )
        if name == "scaledtanh":
            ours = "tanh"
        elif name == "hardsigmoid":
            ours = f"hard_sigmoid({alpha}, {beta})"
        elif name in ("elu", "leakyrelu"):
            ours = f"{ours}({alpha})" if name == "leakyrelu" or alpha != 1 else ours
        functions.append(ours)
    if alphas or betas:
        extra = "activation_alpha" if alphas else "activation_beta"
        raise Unreadable(
            f"The node {quoted(where)} has more numbers in {extra} than its activations take: {(alphas or betas)[:6]}."
        )
    return tuple(functions)


def _short(value: float) -> float:
    """Return the shortest decimal of a float32: 0.2, not 0.20000000298."""
    return float(np.format_float_positional(np.float32(value))) if np.isfinite(value) else float(value)
