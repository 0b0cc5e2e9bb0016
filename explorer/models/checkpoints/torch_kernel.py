"""PyTorch's own recurrent layers, as a reference for ours."""

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
    """Return torch.nn.LSTM, GRU or RNN with these weights as a kernel; None for another cell.

    biases   whether the module has biases, as in the file
    options  further arguments of the module
    """
    if cell not in MODULES:
        return None
    kind = MODULES[cell]
    ending = "" if layers > 1 or both else "_l0"

    def run(x: Array) -> Array:
        with torch.device("meta"):  # skip random initialisation; the weights are replaced below
            module = kind(inputs, units, num_layers=layers, bidirectional=both, bias=biases, **options)
        own = {f"{name}{ending}": weight for name, weight in weights.items() if biases or not name.startswith("bias")}
        module.load_state_dict(own, assign=True)
        dtype = next(iter(weights.values())).dtype
        with torch.inference_mode():
            h, _ = module(torch.from_numpy(x).to(dtype))  # [step, directions*unit]
        return as_numpy(h.float())

    return Kernel(f"torch.nn.{kind.__name__} {torch.__version__.partition('+')[0]}", run)
