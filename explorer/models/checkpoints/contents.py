"""What a file of weights holds, whatever its format: recurrent layers, and what may stand before and behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from explorer.signals import Array


class Unreadable(ValueError):
    """A file that cannot be read as a network. The message is one sentence for a person: what it is, and what to do."""


@dataclass(frozen=True)
class Kernel:
    """The recurrent layers as their own framework runs them, to measure ours against.

    framework  with its version: "torch.nn.LSTM 2.13", "ONNX Runtime 1.31"
    run        the top layer's h [step, directions*unit], float32, for x [step, input], from a state of zeros; both directions of a step
               stand beside each other, each at the step of the input that it read
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
    whole_text  whether the framework gives one answer for the whole text (the value at the last step), not one a step
    answer      a name in `explorer.models.answers`: "class", "label" or "number"; "next token" is offered if a vocabulary fits
    parts       the file's layers or nodes on the way, in order, as a person reads them: ("embedding", "lstm", "dense (softmax)")
    labels      names of the outputs, if the file has them
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
    """Recurrent layers of one kind and size that read one another.

    where    what the file calls them: "encoder.rnn"; empty where they have no name
    cell     as `explorer.cells.build` knows it, with its `options`
    weights  as the state dict of that cell (a stack's where there is more than one row) names them, float32 or float64
    notes    what a person should know of how they were read: "it has no biases; they are zeros here"
    kernel   None where the framework is not installed
    rather   what the same weights could be instead, by what a person would call it: {"relu": …}
    route    the file's own graph through these layers; None if the file has no graph, or one that is not computed
    no_route why the file's graph is not computed, in one sentence that names the layer or node; empty if it is, or if there is none
    tensors  the names of the file's tensors that these weights come from
    half     "encoder" or "decoder" where the file holds both halves of such a network: an encoder has no answer of its own, and a decoder
             starts from the encoder's state; else empty
    state    which of `Contents.states` the layers are from; empty where the file holds one state
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
        """Layers times directions."""
        return self.num_layers * (2 if self.bidirectional else 1)

    @property
    def outputs(self) -> int:
        """How many numbers of h the top layer gives at a step."""
        return self.hidden_size * (2 if self.bidirectional else 1)


@dataclass(frozen=True)
class Linear:
    """A weight [output, input] and its bias [output], zeros where the file has none."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Contents:
    """Everything in a file that could be a part of a recurrent network.

    format      "PyTorch", "Keras"; with what it is: "PyTorch checkpoint (a state dict under “model”)"
    recurrent   at least one
    tables      what could be an embedding, [token, feature], by its name in the file
    linears     what could be a readout, by its name in the file, in the file's order
    vocabulary  the symbols by id, where the file has them
    labels      names of the classes by id ("id2label"), where the file has them
    shapes      every tensor of the network in the file, by name: what is not used can then be listed
    sources     the tensors that each table and linear layer is made of, by its name in `tables` or `linears`
    hidden      names of linear layers that another linear layer reads: these are no readouts
    states      where the file holds several states of one network, as its best and its last: their names, each with its tensors
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
