"""What runs: reader, embedding, layers, readout. Any of the outer parts may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from explorer.backend.forward import States, run
from explorer.cells import Cell, Stack
from explorer.models import describing
from explorer.models.answers import ANSWERS, NEXT_TOKEN, Answer
from explorer.models.card import Card
from explorer.models.vocabulary import Reader
from explorer.signals import Array, Readout


@dataclass(frozen=True)
class Input:
    """What a model is about to read: tokens as a person sees them, x [step, 1, input], ids where it has words or characters."""

    tokens: tuple[str, ...]
    x: Tensor
    ids: Tensor | None
    notices: tuple[str, ...]


class Model(nn.Module):
    """A network with what it needs to read: text where it has a reader, an array [step, input] where it has none or reads numbers.

    `answer` says what its readout means; `labels` names the columns of its predictions, and is empty where it has no readout.
    """

    def __init__(
        self,
        layers: Cell | Stack,
        *,
        name: str = "",
        vocabulary: Reader | None = None,
        embedding: nn.Embedding | None = None,
        readout: nn.Linear | None = None,
        answer: Answer | str = NEXT_TOKEN,
        labels: tuple[str, ...] = (),
        card: Card | None = None,
    ) -> None:
        super().__init__()
        self.stack = layers if isinstance(layers, Stack) else Stack.of(layers)
        self.name, self.vocabulary, self.card = name, vocabulary, card
        self.embedding, self.readout = embedding, readout
        self.answer = ANSWERS[answer] if isinstance(answer, str) else answer
        self.labels: tuple[str, ...] = labels
        if not labels and vocabulary and readout and self.answer is NEXT_TOKEN:
            self.labels = vocabulary.labels

    def __repr__(self) -> str:
        """A few lines for a person, and not the tree of modules, which is that of `model.stack`."""
        return describing.summary(self).text

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        return describing.summary(self).html

    @property
    def title(self) -> str:
        """What a reader calls it: its name, or the file that it is from; empty where it has neither."""
        return self.card.title if self.card is not None and self.card.own else self.name

    @property
    def cell(self) -> Cell:
        return self.stack.cell

    @property
    def dtype(self) -> torch.dtype:
        return self.cell.weight_hh.dtype

    @property
    def device(self) -> torch.device:
        return self.cell.weight_hh.device

    def embedded(self, inputs: Tensor) -> Tensor:
        """x [step, batch, input] for ids [step, batch], or for numbers as they are."""
        return inputs.to(self.dtype) if self.embedding is None else cast(Tensor, self.embedding(inputs))

    def forward(self, inputs: Tensor, states: States | None = None) -> tuple[Tensor, States]:
        """Scores [step, batch, output] for ids [step, batch] or numbers [step, batch, column], and the last state; differentiable."""
        return self.read_out(self.embedded(inputs), states)

    def read_out(self, x: Tensor, states: States | None = None) -> tuple[Tensor, States]:
        """Scores [step, batch, output] for x [step, batch, input], and the last state."""
        assert self.readout is not None
        h, states = run(self.stack, x, states)
        return self.readout(h), states

    def prepare(self, given: Any) -> Input:
        """A text, or an array [step, input], as this model's input. Raises ValueError with what was expected."""
        reads_numbers = self.embedding is None
        if self.vocabulary is not None and (isinstance(given, str) or not reads_numbers):
            if not isinstance(given, str):
                raise ValueError(f"{self.name or 'this model'} reads text, but was given {type(given).__name__}")
            encoded = self.vocabulary.encode(given)
            if not encoded.tokens:
                raise ValueError(f"the text is empty; give it at least one {self.vocabulary.one}")
            values = torch.from_numpy(encoded.values).to(self.device)
            return Input(
                encoded.tokens, self.embedded(values)[:, None], None if reads_numbers else values, encoded.notices
            )
        if isinstance(given, str):
            raise ValueError("this network has no vocabulary; give it an array [step, input] instead of a text")
        x = numbers(given).to(self.device, self.dtype)
        if x.ndim != 2 or x.shape[1] != self.stack.input_size or len(x) == 0:
            raise ValueError(
                f"expected an array [step, {self.stack.input_size}] of at least one step, got {list(x.shape)}"
            )
        tokens = tuple(map(str, range(len(x))))
        if self.vocabulary is not None:
            tokens = tuple(" ".join(f"{value:.6g}" for value in row) for row in x.tolist())
        return Input(tokens, x[:, None], None, ())

    def readout_weights(self) -> Readout | None:
        if self.readout is None:
            return None
        weight, bias = self.readout.weight.detach(), self.readout.bias.detach()
        return Readout(as_numpy(weight), as_numpy(bias), self.labels)

    @property
    def parameter_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())


def numbers(given: Any) -> Tensor:
    """An array, a tensor or nested lists as a tensor of its own. Raises ValueError for what is not numbers."""
    if isinstance(given, (list, tuple)) and given and all(isinstance(one, Tensor) for one in given):
        given = [_as_array(one) for one in given]
    given = _as_array(given) if isinstance(given, Tensor) else given
    if isinstance(given, np.ndarray) and given.dtype.type is np.void:
        raise ValueError(
            f"expected numbers, got an array of {given.dtype}: NumPy has no bfloat16 of its own, and a .npy file forgets it; give "
            'array.view(ml_dtypes.bfloat16), or save array.astype("float32")'
        )
    try:
        return torch.from_numpy(np.array(given, dtype=np.float64, order="C"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected numbers, got {type(given).__name__} ({error})") from error


def _as_array(tensor: Tensor) -> Array:
    """The tensor's values, whatever its layout and type: NumPy has neither bfloat16 nor float8, and no sparse arrays."""
    values = tensor.detach().cpu()
    values = (
        values.dequantize() if values.is_quantized else values.to_dense() if values.layout != torch.strided else values
    )
    return cast(Array, (values.double() if values.is_floating_point() else values.resolve_conj()).numpy())


def as_numpy(tensor: Tensor) -> Array:
    """A tensor's values, wherever it lies."""
    return cast(Array, tensor.detach().cpu().numpy())
