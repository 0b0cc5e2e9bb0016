"""Other people's modules as a Model."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from explorer.cells import REGISTRY, Stack
from explorer.models.effective_weights import effective_weights
from explorer.models.model import Model

CELLS: dict[type[nn.Module], str] = {nn.RNN: "rnn", nn.LSTM: "lstm", nn.GRU: "gru"}


def wrap(module: nn.Module) -> Model:
    """Return a Model that reads [step, input] with the weights of a torch `nn.RNN`, `nn.LSTM` or `nn.GRU`.

    Any number of layers, one direction or both. The weights are copied: as in evaluation mode for a module with weight_norm,
    spectral_norm or pruning, and with zeros for the biases of a module without any. Raises ValueError for another module, one with a
    projection, or one with a parametrization that is not known here.
    """
    kind = type_before_parametrizations(module)
    if kind not in CELLS or not isinstance(module, nn.RNNBase):
        raise ValueError(f"cannot wrap {kind.__name__}; give an nn.RNN, nn.LSTM or nn.GRU")
    if module.proj_size:
        raise ValueError(f"cannot wrap proj_size={module.proj_size}; give a module with proj_size=0")
    options = {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
    make = REGISTRY[CELLS[kind]]
    stack = Stack(
        lambda width: make(width, module.hidden_size, **options),
        module.input_size,
        module.num_layers,
        module.bidirectional,
    )
    effective = effective_weights(module.state_dict())
    for name, problem in effective.unknown.items():
        raise ValueError(f"cannot wrap this {kind.__name__}: its {name} {problem}")
    weight = next(module.parameters())
    zeros = {name: torch.zeros_like(bias) for name, bias in stack.state_dict().items() if name.startswith("bias")}
    stack.to(weight.device, weight.dtype).load_state_dict({**zeros, **effective.tensors})
    return Model(stack.requires_grad_(False), name=kind.__name__)
