"""Activations by name: the nonlinearities of a cell's gates, candidate and state, with their formulas.

A name may carry parameters: "hard_sigmoid" is torch's and Keras 3's, clip(a/6 + 0.5, 0, 1); "hard_sigmoid(0.2, 0.5)" is that of Keras 1
and 2 and ONNX's default, clip(0.2 a + 0.5, 0, 1). The functions in a formula are torch's own: those of `torch` and `torch.nn.functional`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

NAME = re.compile(r"(?P<kind>[a-z_0-9]+)(?:\((?P<values>[^()]*)\))?")
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
"""Constants of selu."""


@dataclass(frozen=True)
class Activation:
    """An elementwise function.

    of        the function on tensors
    slope     its derivative, written in terms of the value v = of(a): all functions here are monotone
    text      its formula, with {} for what it is applied to
    low, high the least and the largest value; infinite if it has no bound
    steepest  the most that the slope can be
    kernel    torch's fused kernel of an Elman network with it
    """

    of: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    text: str
    low: float = -math.inf
    high: float = math.inf
    steepest: float = 1.0
    kernel: Callable[..., Any] | None = None

    @property
    def is_gate(self) -> bool:
        """True if its values are shares, from 0 to 1."""
        return self.low >= 0 and self.high <= 1

    def formula(self, name: str) -> str:
        """The formula of its value at `name`."""
        return self.text.format(name)


def _leaky_relu(alpha: float) -> Activation:
    return Activation(
        lambda a: F.leaky_relu(a, alpha),
        lambda v: torch.where(v > 0, torch.ones_like(v), alpha),
        f"leaky_relu({{}}, {alpha})",
        steepest=max(1.0, alpha),
    )


def _elu(alpha: float) -> Activation:
    return Activation(
        lambda a: F.elu(a, alpha),
        lambda v: torch.where(v > 0, torch.ones_like(v), v + alpha),
        "elu({})" if alpha == 1 else f"elu({{}}, {alpha})",
        low=-alpha,
        steepest=max(1.0, alpha),
    )


def _hard_sigmoid(alpha: float, beta: float) -> Activation:
    return Activation(
        lambda a: (alpha * a + beta).clip(0, 1),
        lambda v: alpha * ((v > 0) & (v < 1)).to(v.dtype),
        f"clip({alpha} * {{}} {'-' if beta < 0 else '+'} {abs(beta)}, 0, 1)",
        low=0.0,
        high=1.0,
        steepest=alpha,
    )


PLAIN: dict[str, Activation] = {
    "tanh": Activation(torch.tanh, lambda v: 1 - v * v, "tanh({})", -1.0, 1.0, kernel=torch.rnn_tanh),
    "relu": Activation(torch.relu, lambda v: (v > 0).to(v.dtype), "relu({})", 0.0, kernel=torch.rnn_relu),
    "sigmoid": Activation(torch.sigmoid, lambda v: v * (1 - v), "sigmoid({})", 0.0, 1.0, 0.25),
    "linear": Activation(lambda a: a, torch.ones_like, "{}"),
    "hard_sigmoid": Activation(  # the backward pass of F.hardsigmoid has 1/6 in float32
        lambda a: (a / 6 + 0.5).clip(0, 1),
        lambda v: ((v > 0) & (v < 1)).to(v.dtype) / 6,
        "hardsigmoid({})",
        low=0.0,
        high=1.0,
        steepest=1 / 6,
    ),
    "hard_tanh": Activation(F.hardtanh, lambda v: ((v > -1) & (v < 1)).to(v.dtype), "hardtanh({})", low=-1.0, high=1.0),
    "relu6": Activation(F.relu6, lambda v: ((v > 0) & (v < 6)).to(v.dtype), "relu6({})", low=0.0, high=6.0),
    "elu": _elu(1.0),
    "selu": Activation(
        torch.selu,
        lambda v: torch.where(v > 0, SCALE, v + SCALE * ALPHA),
        "selu({})",
        low=-SCALE * ALPHA,
        steepest=SCALE * ALPHA,
    ),
    "softplus": Activation(F.softplus, lambda v: -torch.expm1(-v), "softplus({})", low=0.0),
    "softsign": Activation(F.softsign, lambda v: (1 - v.abs()).square(), "softsign({})", low=-1.0, high=1.0),
}
WITH_PARAMETERS: dict[str, tuple[Callable[..., Activation], tuple[str, ...]]] = {
    "hard_sigmoid": (_hard_sigmoid, ("alpha", "beta")),
    "elu": (_elu, ("alpha",)),
    "leaky_relu": (_leaky_relu, ("alpha",)),
}
CHOICES = (*PLAIN, *(f"{kind}({', '.join(names)})" for kind, (_, names) in WITH_PARAMETERS.items()))
GATES = (*(name for name, one in PLAIN.items() if one.is_gate), "hard_sigmoid(alpha, beta)")


@lru_cache(maxsize=256)
def activation(name: str, what: str = "activation") -> Activation:
    """The activation of that name. Raises ValueError for an unknown name or wrong parameters; `what` says there what it is for."""
    if name in PLAIN:
        return PLAIN[name]
    match = NAME.fullmatch(name)
    if not match or match["values"] is None or match["kind"] not in WITH_PARAMETERS:
        raise ValueError(f"unknown {what} {name!r}; choose from {', '.join(CHOICES)}")
    make, names = WITH_PARAMETERS[match["kind"]]
    try:
        values = [float(value) for value in match["values"].split(",")]
    except ValueError:
        values = []
    if len(values) != len(names) or not all(map(math.isfinite, values)) or values[0] <= 0:
        raise ValueError(f"{what} {name!r} needs {' and '.join(names)} as finite numbers, alpha above 0")
    return make(*values)


def gate_activation(name: str) -> Activation:
    """The activation of a gate. Raises ValueError for one whose values are not shares from 0 to 1."""
    function = activation(name, "gate")
    if not function.is_gate:
        raise ValueError(f"gate {name!r} does not stay between 0 and 1; choose from {', '.join(GATES)}")
    return function
