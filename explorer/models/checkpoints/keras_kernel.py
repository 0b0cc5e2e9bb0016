"""Layers as Keras runs them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from explorer.models.checkpoints.contents import Kernel
from explorer.models.checkpoints.extras import installed, version
from explorer.models.checkpoints.keras_cells import ORDER, Cell
from explorer.models.checkpoints.keras_layers import Origin
from explorer.models.checkpoints.keras_parts import BIAS, KERNEL, RECURRENT
from explorer.models.checkpoints.layers import Layer
from explorer.models.model import as_numpy
from explorer.signals import Array


def kernel(layers: Sequence[Layer]) -> Kernel | None:
    """The kernel of a stack; None where Keras is not installed."""
    if not installed("keras"):
        return None
    origins = [layer.origin for layer in layers]
    return Kernel(f"Keras {version('keras')}".strip(), lambda x: _run(origins, x))


def _run(origins: Sequence[Origin], x: Array) -> Array:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    h: Array = np.asarray(x, np.float32)[None]
    for origin in origins:
        layer = _made(keras, origin)
        layer.build(h.shape)
        layer.set_weights([one for weights in origin.weights for one in _weights(origin.cell, weights)])
        with torch.no_grad():
            h = _as_numpy(keras, layer(h))
    found: Array = h[0]
    return found


def _as_numpy(keras: Any, h: Any) -> Array:
    """Torch's own way where Keras runs on torch: Keras's is one that NumPy 2 is about to close."""
    return as_numpy(h) if isinstance(h, torch.Tensor) else np.asarray(keras.ops.convert_to_numpy(h))


def _made(keras: Any, origin: Origin) -> Any:
    """Keras's layer of that kind, without its weights."""
    cell, first = origin.cell, origin.weights[0]
    told: dict[str, Any] = {
        "activation": _activation(keras, cell.activation),
        "use_bias": BIAS in first,
        "dtype": "float32",
    }
    if cell.kind != "SimpleRNN":
        told["recurrent_activation"] = _activation(keras, cell.gates)
    if cell.kind == "GRU":
        told["reset_after"] = cell.after
    layer = getattr(keras.layers, cell.kind)(first[RECURRENT].shape[0], return_sequences=True, **told)
    if len(origin.weights) == 1:
        return layer
    functions = {one.__name__: one for one in told.values() if callable(one)}
    with keras.saving.custom_object_scope(
        functions
    ):  # a Bidirectional makes its layers anew, by the names of their functions
        return keras.layers.Bidirectional(layer, merge_mode="concat")


def _activation(keras: Any, name: str) -> Any:
    """Keras's own function for a name in `explorer.cells.activations`."""
    kind, _, values = name.rstrip(")").partition("(")
    parameters = [float(one) for one in values.split(",") if one]
    if not parameters:
        return kind

    def function(x: Any) -> Any:
        if kind == "hard_sigmoid":  # of Keras 2, which Keras 3 no longer has
            slope, shift = parameters
            return keras.ops.clip(slope * x + shift, 0, 1)
        return getattr(keras.activations, kind)(x, *parameters)

    function.__name__ = name
    return function


def _weights(cell: Cell, weights: dict[str, Array]) -> list[Array]:
    """The weights of a direction, in Keras's order. Those for NVIDIA's library it brought into its own form in this way, when it loaded
    them into a layer that does without: `_convert_rnn_weights` of Keras 2."""
    found = [weights[KERNEL], weights[RECURRENT], *([weights[BIAS]] if BIAS in weights else [])]
    if not cell.cudnn:
        return found
    blocks = len(ORDER[cell.kind])
    kernels, recurrent = (np.hsplit(one, blocks) for one in found[:2])
    biases = found[2].reshape(2, -1)
    return [
        np.hstack([one.T.reshape(one.shape, order="F") for one in kernels]),
        np.hstack([one.T for one in recurrent]),
        biases.sum(0) if cell.kind == "LSTM" else biases,
    ]
