"""Two consecutive linear layers of a state dict. The activation between them is code, not weights, so it is a guess."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from explorer.models.checkpoints.contents import Contents, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.halves import ATTENTION
from explorer.models.stages import linear

ARROW = " → "
BETWEEN: Mapping[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "nothing": nn.Identity}
"""Usual modules between two linear layers, most common first."""
MOST = 8
"""Maximum number of layer pairs to offer."""


def chains(contents: Contents, recurrent: Recurrent) -> list[str]:
    """Return the names of the chains that could read the top layer's h: "fc1 → relu → fc2". Empty for an encoder, which has no answer."""
    if recurrent.half == "encoder":
        return []
    pairs = [
        (first, second)
        for first in contents.hidden
        if contents.linears[first].weight.shape[1] == recurrent.outputs
        for second, one in contents.linears.items()
        if second != first
        and one.weight.shape[1] == len(contents.linears[first].weight)
        and not ATTENTION.search(second)
    ]
    return [ARROW.join((first, between, second)) for first, second in pairs[:MOST] for between in BETWEEN]


def layers_in(contents: Contents, name: str) -> tuple[str, ...]:
    """Return the names of the linear layers in this readout. Raise Unreadable if the file lacks one of them."""
    if name in contents.linears:
        return (name,)
    for between in BETWEEN:
        first, separator, second = name.partition(f"{ARROW}{between}{ARROW}")
        if separator and {first, second} <= contents.linears.keys():
            return first, second
    raise Unreadable(f"There is no linear layer “{name}” in the file; it has {', '.join(contents.linears) or 'none'}.")


def stages_of(contents: Contents, name: str) -> tuple[list[nn.Module], Linear]:
    """Return the stages of this readout before its last linear layer, and that layer."""
    *hidden, last = layers_in(contents, name)
    stages: list[nn.Module] = []
    for layer in hidden:
        one = contents.linears[layer]
        between = name.removeprefix(f"{layer}{ARROW}").removesuffix(f"{ARROW}{last}")
        stages += [linear(one.weight, one.bias), BETWEEN[between]()]
    return stages, contents.linears[last]
