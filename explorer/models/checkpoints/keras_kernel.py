"""Reference kernels that run layers in Keras."""

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
    """Return the Keras kernel of a stack; None if Keras is not installed."""
    if not installed("keras"):
        return None
    origins = [layer.origin for layer in layers]
    return Kernel(f"Keras {version('keras')}".strip(), lambda x: _run(origins, x))


def _run(origins: Sequence[Origin], x: Array) -> Array:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    h: Array = np.asarray(x, np.float32)[None]
    for origin in origins:
        layer = _build_layer(keras, origin)
        layer.build(h.shape)
        layer.set_weights([one for weights in origin.weights for one in _weights(origin.cell, weights)])
        with torch.no_grad():
            h = _as_numpy(keras, layer(h))
    outputs: Array = h[0]
    return outputs


def _as_numpy(keras: Any, h: Any) -> Array:
    """Return h as a NumPy array. On the torch backend, bypass Keras's conversion, which NumPy 2 deprecates."""
    return as_numpy(h) if isinstance(h, torch.Tensor) else np.asarray(keras.ops.convert_to_numpy(h))


def _build_layer(keras: Any, origin: Origin) -> Any:
    """Build the Keras layer, without its weights."""
    cell, first = origin.cell, origin.weights[0]
    settings: dict[str, Any] = {
        "activation": _activation(keras, cell.activation),
        "use_bias": BIAS in first,
        "dtype": "float32",
    }
    if cell.kind != "SimpleRNN":
        settings["recurrent_activation"] = _activation(keras, cell.gates)
    if cell.kind == "GRU":
        settings["reset_after"] = cell.after
    layer = getattr(keras.layers, cell.kind)(first[RECURRENT].shape[0], return_sequences=True, **settings)
    if len(origin.weights) == 1:
        return layer
    functions = {one.__name__: one for one in settings.values() if callable(one)}
    with keras.saving.custom_object_scope(
        functions
    ):  # a Bidirectional rebuilds its layers by the names of their functions
        return keras.layers.Bidirectional(layer, merge_mode="concat")


def _activation(keras: Any, name: str) -> Any:
    """Return the Keras function for a name in `explorer.cells.activations`."""
    kind, _, values = name.rstrip(")").partition("(")
    parameters = [float(one) for one in values.split(",") if one]
    if not parameters:
        return kind

    def function(x: Any) -> Any:
        if kind == "hard_sigmoid":  # Keras 2's version, which Keras 3 lacks
            slope, shift = parameters
            return keras.ops.clip(slope * x + shift, 0, 1)
        return getattr(keras.activations, kind)(x, *parameters)

    function.__name__ = name
    return function


def _weights(cell: Cell, weights: dict[str, Array]) -> list[Array]:
    """Return the weights of a direction, in Keras's order.

    Weights in cuDNN's layout are converted like in `_convert_rnn_weights` of Keras 2.
    """
    arrays = [weights[KERNEL], weights[RECURRENT], *([weights[BIAS]] if BIAS in weights else [])]
    if not cell.cudnn:
        return arrays
    blocks = len(ORDER[cell.kind])
    kernels, recurrent = (np.hsplit(one, blocks) for one in arrays[:2])
    biases = arrays[2].reshape(2, -1)
    return [
        np.hstack([one.T.reshape(one.shape, order="F") for one in kernels]),
        np.hstack([one.T for one in recurrent]),
        biases.sum(0) if cell.kind == "LSTM" else biases,
    ]
