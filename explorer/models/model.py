"""What runs: vocabulary, embedding, layers, readout. Any of the outer parts may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from explorer.backend import forward
from explorer.cells import Cell, Stack
from explorer.models.card import Card
from explorer.models.vocabulary import Vocabulary
from explorer.signals import Array, Readout


@dataclass(frozen=True)
class Input:
    """What a model is about to read: tokens as a person sees them, x [step, 1, input], ids where there is a vocabulary."""

    tokens: tuple[str, ...]
    x: Tensor
    ids: Tensor | None
    notices: tuple[str, ...]


class Model(nn.Module):
    """A network with what it needs to read: text where it has a vocabulary, an array [step, input] where it has none.

    `labels` names the columns of its predictions; empty where it has no readout.
    """

    def __init__(
        self,
        layers: Cell | Stack,
        *,
        name: str = "",
        vocabulary: Vocabulary | None = None,
        embedding: nn.Embedding | None = None,
        readout: nn.Linear | None = None,
        card: Card | None = None,
    ) -> None:
        super().__init__()
        self.stack = layers if isinstance(layers, Stack) else Stack.of(layers)
        self.name, self.vocabulary, self.card = name, vocabulary, card
        self.embedding, self.readout = embedding, readout
        self.labels: tuple[str, ...] = vocabulary.labels if vocabulary and readout else ()

    @property
    def cell(self) -> Cell:
        return self.stack.cell

    @property
    def dtype(self) -> torch.dtype:
        return self.cell.weight_hh.dtype

    @property
    def device(self) -> torch.device:
        return self.cell.weight_hh.device

    def forward(self, ids: Tensor, states: forward.States | None = None) -> tuple[Tensor, forward.States]:
        """Scores [step, batch, label] for ids [step, batch], and the last state; differentiable."""
        assert self.embedding is not None and self.readout is not None
        h, states = forward.run(self.stack, self.embedding(ids), states)
        return self.readout(h), states

    def prepare(self, given: Any) -> Input:
        """A text, or an array [step, input], as this model's input. Raises ValueError with what was expected."""
        if self.vocabulary is not None and self.embedding is not None:
            if not isinstance(given, str):
                raise ValueError(f"{self.name or 'this model'} reads text, but was given {type(given).__name__}")
            if not given:
                raise ValueError("the text is empty; give it at least one character")
            encoded = self.vocabulary.encode(given)
            ids = torch.from_numpy(encoded.ids).to(self.device)
            return Input(encoded.tokens, self.embedding(ids)[:, None], ids, encoded.notices)
        if isinstance(given, str):
            raise ValueError("this network has no vocabulary; give it an array [step, input] instead of a text")
        x = numbers(given).to(self.device, self.dtype)
        if x.ndim != 2 or x.shape[1] != self.stack.input_size or len(x) == 0:
            raise ValueError(
                f"expected an array [step, {self.stack.input_size}] of at least one step, got {list(x.shape)}"
            )
        return Input(tuple(str(step) for step in range(len(x))), x[:, None], None, ())

    def readout_weights(self) -> Readout | None:
        if self.readout is None:
            return None
        weight, bias = self.readout.weight.detach(), self.readout.bias.detach()
        return Readout(as_numpy(weight), as_numpy(bias))

    @property
    def parameter_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())


def numbers(given: Any) -> Tensor:
    """An array, a tensor or nested lists as a tensor of its own. Raises ValueError for what is not numbers."""
    given = given.detach().cpu().numpy() if isinstance(given, Tensor) else given
    try:
        return torch.from_numpy(np.array(given, dtype=np.float64, order="C"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected numbers, got {type(given).__name__} ({error})") from error


def as_numpy(tensor: Tensor) -> Array:
    """A tensor's values, wherever it lies."""
    return cast(Array, tensor.detach().cpu().numpy())
