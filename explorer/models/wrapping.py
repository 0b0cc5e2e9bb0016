"""Other people's modules as a Model."""

from __future__ import annotations

from torch import nn

from explorer.cells import REGISTRY, Stack
from explorer.models.model import Model

CELLS: dict[type[nn.Module], str] = {nn.RNN: "rnn", nn.LSTM: "lstm", nn.GRU: "gru"}


def wrap(module: nn.Module) -> Model:
    """A torch `nn.RNN`, `nn.LSTM` or `nn.GRU` (any number of layers, one direction or both) as a Model that reads [step, input].

    The weights are copied. Raises ValueError for a module of another kind, or one with a projection or without biases.
    """
    if type(module) not in CELLS or not isinstance(module, nn.RNNBase):
        raise ValueError(f"cannot wrap {type(module).__name__}; give an nn.RNN, nn.LSTM or nn.GRU")
    if module.proj_size or not module.bias:
        raise ValueError(
            f"cannot wrap proj_size={module.proj_size}, bias={module.bias}; only proj_size=0 with bias=True"
        )
    options = {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
    make = REGISTRY[CELLS[type(module)]]
    stack = Stack(
        lambda width: make(width, module.hidden_size, **options),
        module.input_size,
        module.num_layers,
        module.bidirectional,
    )
    weight = next(module.parameters())
    stack.to(weight.device, weight.dtype).load_state_dict(module.state_dict())
    return Model(stack.requires_grad_(False), name=type(module).__name__)
