"""torch's own module with a network's weights, as lines of a program."""

from __future__ import annotations

import torch

from explorer.models.model import Model
from explorer.models.snippets.place import Place
from explorer.models.wrapping import CELLS

MODULES = {name: module.__name__ for module, name in CELLS.items()}


def kernel(model: Model, at: Place) -> str:
    """Lines that make `h` [step, unit] of the place's row; empty where torch has no module that computes this cell."""
    stack, cell = model.stack, model.cell
    with torch.no_grad():
        x = cell.weight_ih.new_zeros(1, 1, cell.input_size)
        if cell.name not in MODULES or cell.kernel(x, cell.initial_state(1)) is None:
            return ""
    layers = at.row // stack.directions + 1
    options = [f"{stack.input_size}, {stack.hidden_size}"]
    options += [f"num_layers={layers}"] if layers > 1 else []
    options += ["bidirectional=True"] if stack.bidirectional else []
    options += [f"nonlinearity={cell.options['nonlinearity']!r}"] if cell.name == "rnn" else []
    options += [f"dtype={model.dtype}"] if model.dtype != torch.float32 else []
    ends = stack.suffixes()[: layers * stack.directions]
    names = ", ".join(f'"{end}"' for end in ends) + ("," if len(ends) == 1 else "")
    half = (f"[:, :{stack.hidden_size}]", f"[:, {stack.hidden_size}:]")[at.row % 2] if stack.bidirectional else ""
    return "\n".join(
        [
            "# torch's own cell",
            f"module = torch.nn.{MODULES[cell.name]}({', '.join(options)})",
            f"rows = ({names})",
            'own = {name: weight for name, weight in weights.items() if name.startswith("stack.") and name.endswith(rows)}',
            'module.load_state_dict({name.removeprefix("stack."): weight for name, weight in own.items()})',
            f"h = module(x)[0].detach(){half}  # [step, unit]",
        ]
    )
