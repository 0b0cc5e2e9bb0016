"""The network: vocabulary, embedding, layers, readout. Any of the outer parts may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from explorer.backend.forward import States, run
from explorer.cells import Cell, Stack
from explorer.models import describing
from explorer.models.answers import ANSWERS, NEXT_TOKEN, Answer
from explorer.models.arrays import real_numbers, row_tokens, within_range
from explorer.models.card import Card
from explorer.models.stages import Chain, Head
from explorer.models.vocabulary import Numbers, Reader
from explorer.signals import Array, Readout


@dataclass(frozen=True)
class Input:
    """The input of one reading.

    tokens   as the user sees them
    x        [step, 1, input], what the first of the layers reads
    raw      [step, 1, feature], the embedded tokens or the numbers before `Model.before`; the same as x without such stages
    ids      [step] for words or characters, else None
    """

    tokens: tuple[str, ...]
    x: Tensor
    raw: Tensor
    ids: Tensor | None
    notices: tuple[str, ...]


class Model(nn.Module):
    """A network with what it needs to read: text where it has a reader, an array [step, input] where it has none or reads numbers.

    before   stages between the embedding (or the numbers) and the layers; None if the layers read these directly
    readout  from the top layer's h to the scores: one linear layer, or a Head of several stages; None if the network has no answer
    answer   what the scores mean; `labels` names the columns of the predictions
    notes    what every reading with this network has to say of it: how its file was read, whether its answer is a guess
    unused   the tensors of its file that it does not use, by name; `proven` if one known pair shows that its answer needs none of them
    """

    unused: tuple[str, ...] = ()
    proven: bool = False

    def __init__(
        self,
        layers: Cell | Stack,
        *,
        name: str = "",
        vocabulary: Reader | None = None,
        embedding: nn.Embedding | None = None,
        before: Chain | None = None,
        readout: nn.Linear | Head | None = None,
        answer: Answer | str = NEXT_TOKEN,
        labels: tuple[str, ...] = (),
        card: Card | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.stack = layers if isinstance(layers, Stack) else Stack.of(layers)
        self.name, self.vocabulary, self.card = name, vocabulary, card
        self.embedding, self.before, self.readout, self.notes = embedding, before, readout, notes
        self.answer = ANSWERS[answer] if isinstance(answer, str) else answer
        self.labels: tuple[str, ...] = labels
        if not labels and vocabulary and readout and self.answer is NEXT_TOKEN:
            self.labels = vocabulary.labels

    def __repr__(self) -> str:
        """A few lines instead of the tree of modules, which is that of `model.stack`."""
        return describing.summary(self).text

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        return describing.summary(self).html

    @property
    def title(self) -> str:
        """Name shown to the user: the network's own, or its file's; empty if it has neither."""
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

    @property
    def outputs(self) -> int:
        """The number of scores at a step; 0 without a readout."""
        return 0 if self.readout is None else self.readout.out_features

    @property
    def is_local(self) -> bool:
        """True if the scores at a step depend on the top layer's h at that step alone."""
        return not isinstance(self.readout, Head) or self.readout.span == "step"

    @property
    def rereads(self) -> bool:
        """True if the answer to a shorter text needs a reading of its own: one answer for the whole text, and a part
        that reads it backwards."""
        if not isinstance(self.readout, Head) or not self.readout.whole_text:
            return False
        spans = {self.readout.span, "step" if self.before is None else self.before.span}
        return self.stack.bidirectional or "whole" in spans

    def raw(self, inputs: Tensor) -> Tensor:
        """[step, batch, feature] for ids [step, batch], or for numbers as they are."""
        return inputs.to(self.dtype) if self.embedding is None else cast(Tensor, self.embedding(inputs))

    def embedded(self, inputs: Tensor) -> Tensor:
        """x [step, batch, input], which the first layer reads, for ids [step, batch] or numbers [step, batch, column]."""
        return self.entering(self.raw(inputs))

    def entering(self, raw: Tensor) -> Tensor:
        """Input of the layers from raw [step, batch, feature], through the stages before them: [step, batch, input]."""
        return raw if self.before is None else cast(Tensor, self.before(raw))

    def forward(self, inputs: Tensor, states: States | None = None) -> tuple[Tensor, States]:
        """Scores [step, batch, output] for ids [step, batch] or numbers [step, batch, column], and the last state; differentiable."""
        return self.read_out(self.embedded(inputs), states)

    def read_out(self, x: Tensor, states: States | None = None) -> tuple[Tensor, States]:
        """Scores [step, batch, output] for x [step, batch, input], and the last state."""
        assert self.readout is not None
        h, states = run(self.stack, x, states)
        return self.readout(h), states

    def scores_at(self, h: Tensor, steps: Any, columns: Any) -> Tensor:
        """The scores [place, output] at places (step, column) of readings h [step, batch, directions*unit]."""
        assert self.readout is not None
        return cast(Tensor, self.readout(h[steps, columns]) if self.is_local else self.readout(h)[steps, columns])

    def prepare(self, given: Any) -> Input:
        """A text, or an array [step, input], as this model's input. Raises ValueError that says what the model
        expects."""
        reads_numbers = self.embedding is None
        if self.vocabulary is not None and (isinstance(given, str) or not reads_numbers):
            if not isinstance(given, str):
                return self._of_ids(given)
            encoded = self.vocabulary.encode(given)
            if not encoded.tokens:
                raise ValueError(f"the text is empty; give it at least one {self.vocabulary.one}")
            values = torch.from_numpy(encoded.values).to(self.device)
            return self._input(encoded.tokens, values, encoded.notices)
        if isinstance(given, str):
            raise ValueError("this network has no vocabulary; give it an array [step, input] instead of a text")
        x = within_range(numbers(given), self.dtype).to(self.device)
        if x.ndim != 2 or x.shape[1] != self.columns or len(x) == 0:
            raise ValueError(f"expected an array [step, {self.columns}] of at least one step, got {list(x.shape)}")
        tokens = tuple(map(str, range(len(x))))
        if self.vocabulary is not None:
            tokens = row_tokens(x)
        return self._input(tokens, x, ())

    def _of_ids(self, given: Any) -> Input:
        """The input for ids [step], an array or a list of whole numbers, instead of a text."""
        assert self.vocabulary is not None
        refusal = ValueError(
            f"{self.name or 'this model'} reads text, but was given {type(given).__name__}; give a text, or ids [step] as whole numbers"
        )
        try:
            ids = numbers(given).squeeze()
        except ValueError as error:
            raise refusal from error
        if ids.ndim != 1 or len(ids) == 0 or not bool((ids == ids.round()).all()):
            raise refusal
        size = len(self.vocabulary.labels)
        if not bool(((ids >= 0) & (ids < size)).all()):
            raise ValueError(f"the ids go from {int(ids.min())} to {int(ids.max())}; this network has 0 to {size - 1}")
        whole = ids.long().to(self.device)
        return self._input(tuple(self.vocabulary.labels[number] for number in whole.tolist()), whole, ())

    @property
    def columns(self) -> int:
        """Number of values a step has, for a network that reads numbers."""
        return len(self.vocabulary) if isinstance(self.vocabulary, Numbers) else self.stack.input_size

    def _input(self, tokens: tuple[str, ...], values: Tensor, notices: tuple[str, ...]) -> Input:
        """`values`: ids [step], or numbers [step, column]."""
        raw = self.raw(values)[:, None]
        return Input(tokens, self.entering(raw), raw, None if self.embedding is None else values, notices)

    def readout_weights(self) -> Readout | None:
        """Weight and bias of the readout if it is one linear layer, so that a logit can be decomposed."""
        if not isinstance(self.readout, nn.Linear):
            return None
        weight, bias = self.readout.weight.detach(), self.readout.bias.detach()
        return Readout(as_numpy(weight), as_numpy(bias), self.labels)

    @property
    def parameter_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())


def numbers(given: Any) -> Tensor:
    """An array, a tensor or nested lists as a float64 tensor of its own. Raises ValueError unless it holds real
    numbers."""
    return real_numbers(given)


def as_numpy(tensor: Tensor) -> Array:
    """A tensor's values, wherever it lies."""
    return cast(Array, tensor.detach().cpu().numpy())
