"""PyTorch's own recurrent layers, to measure ours against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explorer.models.checkpoints.contents import Kernel
from explorer.models.model import as_numpy
from explorer.models.wrapping import CELLS
from explorer.signals import Array

MODULES: dict[str, type[nn.Module]] = {cell: module for module, cell in CELLS.items()}


def kernel(
    cell: str,
    inputs: int,
    units: int,
    layers: int,
    both: bool,
    biases: bool,
    weights: Mapping[str, Tensor],
    **options: Any,
) -> Kernel | None:
    """torch.nn.LSTM, GRU or RNN with these weights; None for another cell. `biases`: without, it is made without any, as the file was.
    `options` are the module's own."""
    if cell not in MODULES:
        return None
    kind = MODULES[cell]
    ending = "" if layers > 1 or both else "_l0"

    def run(x: Array) -> Array:
        with torch.device("meta"):  # no numbers are drawn for weights that are about to be replaced
            module = kind(inputs, units, num_layers=layers, bidirectional=both, bias=biases, **options)
        own = {f"{name}{ending}": weight for name, weight in weights.items() if biases or not name.startswith("bias")}
        module.load_state_dict(own, assign=True)
        dtype = next(iter(weights.values())).dtype
        with torch.inference_mode():
            h, _ = module(torch.from_numpy(x).to(dtype))  # [step, directions*unit]
        return as_numpy(h.float())

    return Kernel(f"torch.nn.{kind.__name__} {torch.__version__.partition('+')[0]}", run)
