"""The contents of a weight file in any format: recurrent layers, and the parts that may come before and after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from explorer.signals import Array


class Unreadable(ValueError):
    """Raised for a file that cannot be read as a network. The message tells the user in one sentence what is wrong and what to do."""


@dataclass(frozen=True)
class Kernel:
    """The recurrent layers as run by their original framework, as a reference for ours.

    framework  its name and version: "torch.nn.LSTM 2.13", "ONNX Runtime 1.31"
    run        the top layer's h [step, directions*unit], float32, for x [step, input], from a zero state; both directions are
               concatenated, each at the input step that it read
    """

    framework: str
    run: Callable[[Array], Array]


@dataclass(frozen=True)
class Route:
    """The file's own graph through one group of recurrent layers, from the input to the answer.

    embedding   name of its table in `Contents.tables`; None if the network reads numbers, or symbols one-hot
    before      modules between the embedding and the layers, in order, each [step, batch, feature] -> [step, batch, feature]
    after       modules between the top layer's h [step, batch, directions*unit] and the scores [step, batch, output]
                (`explorer.models.stages` has those that torch lacks). A final softmax is left out: it is part of `answer`
    whole_text  whether the framework gives one answer for the whole text (the value at the last step) instead of one per step
    answer      a name in `explorer.models.answers`: "class", "label" or "number"; "next token" is offered if a vocabulary fits
    parts       the file's layers or nodes on the route, in order, as shown to the user: ("embedding", "lstm", "dense (softmax)")
    labels      names of the outputs; empty if the file has none
    """

    embedding: str | None
    before: tuple[nn.Module, ...]
    after: tuple[nn.Module, ...]
    whole_text: bool
    answer: str
    parts: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recurrent:
    """A stack of recurrent layers of one kind and size.

    where    their name in the file: "encoder.rnn"; empty if they have none
    cell     name of the cell in `explorer.cells.build`, which also takes `options`
    weights  state dict of that cell (of a stack if there is more than one row), float32 or float64
    notes    what the user should know about how they were read: "it has no biases; they are zeros here"
    kernel   None if the framework is not installed
    rather   other interpretations of the same weights, by display name: {"relu": …}
    route    the file's own graph through these layers; None if the file has no graph, or one that cannot be computed
    no_route why the file's graph cannot be computed, in one sentence that names the layer or node; otherwise empty
    tensors  names of the file's tensors that these weights come from
    half     "encoder" or "decoder" if the file holds an encoder-decoder network: an encoder has no answer of its own, and a decoder
             starts from the encoder's state; otherwise empty
    state    the key in `Contents.states` that the layers come from; empty if the file holds a single state
    """

    where: str
    cell: str
    input_size: int
    hidden_size: int
    weights: Mapping[str, Tensor]
    num_layers: int = 1
    bidirectional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kernel: Kernel | None = None
    rather: Mapping[str, Recurrent] = field(default_factory=dict)
    route: Route | None = None
    no_route: str = ""
    tensors: tuple[str, ...] = ()
    half: str = ""
    state: str = ""

    @property
    def rows(self) -> int:
        """Number of layers times directions."""
        return self.num_layers * (2 if self.bidirectional else 1)

    @property
    def outputs(self) -> int:
        """Width of the top layer's h at each step."""
        return self.hidden_size * (2 if self.bidirectional else 1)


@dataclass(frozen=True)
class Linear:
    """A weight [output, input] and its bias [output], which is zero if the file has none."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Contents:
    """Every part of a file that could belong to a recurrent network.

    format      name and kind of the format: "Keras", "PyTorch checkpoint (a state dict under “model”)"
    recurrent   at least one group of layers
    tables      possible embeddings, [token, feature], by name in the file
    linears     possible readouts, by name in the file, in the file's order
    vocabulary  symbols by id; empty if the file has none
    labels      class names by id ("id2label"); empty if the file has none
    shapes      shape of every network tensor in the file, by name; used to list the unused ones
    sources     the tensors behind each table and linear layer, by its name in `tables` or `linears`
    hidden      names of linear layers that another linear layer reads, so they are not readouts
    states      names of the tensors of each saved state, by state, if the file holds several states of a network (best and last)
    """

    format: str
    recurrent: tuple[Recurrent, ...]
    tables: Mapping[str, Tensor] = field(default_factory=dict)
    linears: Mapping[str, Linear] = field(default_factory=dict)
    vocabulary: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
