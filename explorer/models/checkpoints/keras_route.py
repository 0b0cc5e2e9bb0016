"""Convert a Keras model's graph to the stages before and after each group of recurrent layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from explorer.cells import Stack, build
from explorer.models.answers import CLASS, LABEL, NUMBER
from explorer.models.checkpoints.contents import Recurrent, Route
from explorer.models.checkpoints.keras_cells import is_recurrent
from explorer.models.checkpoints.keras_config import Described, name_of
from explorer.models.checkpoints.keras_graph import NotComputed, Passed, answers, clean, named, not_computed, way
from explorer.models.checkpoints.keras_stages import NOTHING, Context, Weights, is_known, module_of
from explorer.models.checkpoints.keras_vocabulary import LOOKUPS
from explorer.models.checkpoints.layers import Layer
from explorer.models.checkpoints.wording import listed
from explorer.models.stages import Ends, Layers, RunningMax, RunningMean, check_widths, linear, width_after

POOLINGS = {"GlobalMaxPooling1D": RunningMax, "GlobalAveragePooling1D": RunningMean}
POOLINGS |= {"GlobalMaxPool1D": RunningMax, "GlobalAvgPool1D": RunningMean}
CATEGORICAL, BINARY = "Categorical", "Binary"
"""Loss name prefixes for several classes and for two."""
SLICES = ("GetItem", "SlicingOpLambda")
MEAN_OF_ALL = "Keras excludes padding from the mean ({}); here every step counts."


@dataclass(frozen=True)
class Model:
    """The configuration and weights of a model in a file.

    config   configuration as Keras wrote it
    loss     training loss as Keras wrote it; None if the file has none
    weights  arrays of the file, by layer
    tables   names of the embeddings, by the path of their layer
    layers   our layers for each recurrent layer, by path; several for stacked cells
    refused  why a recurrent layer cannot be computed, by path
    version  version of Keras; empty if unknown
    """

    config: dict[str, Any]
    loss: Any
    weights: Weights
    tables: Mapping[str, str]
    layers: Mapping[str, Sequence[Layer]]
    refused: Mapping[str, str]
    version: str


@dataclass
class Walk:
    """A path from the input to an answer, followed layer by layer.

    form     form of the current value: "input", "sequence" [batch, step, feature] or "vector" [batch, feature]
    rank     number of axes of the input, including the batch; 0 if the file does not say
    width    number of features; 0 if not known yet
    items    stages and recurrent layers, in order
    """

    model: Model
    form: str = "input"
    rank: int = 0
    width: int = 0
    embedding: str | None = None
    items: list[nn.Module | Layer] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    masked: bool = False

    def take(self, passed: Passed) -> None:
        """Add the next layer of the path. Raise NotComputed if it is not supported."""
        layer = passed.layer
        if self.form == "input":
            self._note_shape(layer)
        self.masked = self.masked or layer.kind == "Masking" or bool(layer.config.get("mask_zero"))
        if layer.kind in NOTHING:
            return
        if self.form == "input" and layer.kind in LOOKUPS:  # from text to ids
            self.rank = 2
            return
        self.parts.append(part(layer))
        if layer.kind == "Embedding":
            self._embed(layer)
        elif is_recurrent(layer):
            self._recur(passed)
        elif layer.kind in POOLINGS:
            self._pool(layer)
        elif layer.kind in SLICES and self.form == "sequence" and is_last_step(passed.call):
            self.form = "vector"
        elif layer.kind in ("Flatten", "Reshape"):
            self._shape(layer)
        else:
            self._apply(layer)

    def _note_shape(self, layer: Described) -> None:
        shape = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
        if isinstance(shape, list) and not self.rank:
            self.rank = len(shape)
            last = shape[-1] if shape else None
            self.width = last if self.rank == 3 and isinstance(last, int) and last > 0 else 0

    def _need(self, layer: Described) -> None:
        """Raise NotComputed unless the layer reads a sequence of numbers."""
        if self.form == "vector" or (self.form == "input" and self.rank not in (0, 3)):
            raise not_computed(layer)

    def _embed(self, layer: Described) -> None:
        table = self.model.tables.get(layer.path)
        if self.form != "input" or self.rank not in (0, 2):
            raise not_computed(layer)
        if table is None:
            raise NotComputed(f"The file holds no table of {named(layer)}, so the answer is not computed.")
        (rows,) = self.model.weights.of(layer, ["embeddings"]).values()
        self.embedding, self.form, self.width = table, "sequence", rows.shape[-1]

    def _recur(self, passed: Passed) -> None:
        layer = passed.layer
        self._need(layer)
        if layer.path in self.model.refused:
            raise NotComputed(self.model.refused[layer.path])
        own = self.model.layers.get(layer.path, ())
        inner = layer.config.get("layer")
        config = inner.get("config") if isinstance(inner, dict) else layer.config
        if not own or not isinstance(config, dict) or config.get("time_major"):
            raise not_computed(layer)
        if self.width not in (0, own[0].input_size):
            raise NotComputed(f"{named(layer)} reads {own[0].input_size} numbers a step, but {self.width} come to it.")
        self.items += own
        both = len(own[-1].rows) == 2
        units = own[-1].hidden_size
        self.form, self.width = "sequence", units * (2 if both else 1)
        last = passed.output > 0 or not layer.gives_sequences
        if passed.output > 1 or (passed.output and (both or len(own) > 1)):
            raise NotComputed(
                f"The answer reads a state of {named(layer)} other than its last h, which is not computed here."
            )
        if last:
            self.items += [Ends()] if both else []
            self.form = "vector"
        merge = layer.config.get("merge_mode", "concat") if both else "concat"
        if merge != "concat":
            one = torch.eye(units) * (0.5 if merge == "ave" else 1.0)
            self.items.append(linear(torch.cat([one, one], 1)))
            self.width = units

    def _pool(self, layer: Described) -> None:
        last = layer.config.get("data_format") in (None, "channels_last")
        if self.form != "sequence" or not last or layer.config.get("keepdims"):
            raise not_computed(layer)
        self.items.append(POOLINGS[layer.kind]())
        self.form = "vector"
        if self.masked and POOLINGS[layer.kind] is RunningMean:
            self.notes.append(MEAN_OF_ALL.format(clean(layer.name)))

    def _shape(self, layer: Described) -> None:
        """Skip a Flatten or Reshape that leaves the shape unchanged. Raise NotComputed for any other."""
        target = layer.config.get("target_shape")
        if self.form == "vector" and (layer.kind == "Flatten" or target in ([self.width], [-1])):
            return
        if layer.kind == "Reshape" and isinstance(target, list) and len(target) == 2:
            if self.form == "input" and self.rank == 2 and target[1] == 1:  # a row of numbers, read one by one
                self.form, self.width = "sequence", 1
                return
            if self.width and target[1] == self.width and (self.form == "sequence" or self.rank == 3):
                return
        raise not_computed(layer)

    def _apply(self, layer: Described) -> None:
        """Add a layer that works on each step separately, possibly inside a TimeDistributed."""
        kind, config, inner = layer.kind, layer.config, False
        if kind == "TimeDistributed":
            wrapped = config.get("layer")
            if not isinstance(wrapped, dict) or not isinstance(wrapped.get("config"), dict) or self.form == "vector":
                raise not_computed(layer)
            kind, config, inner = str(wrapped.get("class_name")), wrapped["config"], True
        if not is_known(kind):
            raise not_computed(layer)
        if self.form == "input":
            self._need(layer)
            if not self.width and kind == "Dense":
                self.width = len(self.model.weights.of(layer, ["kernel"], inner=inner)["kernel"])
            if not self.width:
                raise NotComputed(f"The file does not say how many numbers {named(layer)} reads.")
            self.form = "sequence"
        rank = 2 if self.form == "vector" or inner else 3
        context = Context(layer, kind, config, self.model.weights, self.width, rank, self.model.version, inner)
        stages = module_of(context)
        self.items += stages
        self.width = width_after(stages, self.width)


def part(layer: Described) -> str:
    """Return a layer's display name: "embedding", "dense (relu)", "bidirectional (LSTM)"."""
    inner = layer.config.get("layer")
    wrapped = inner if isinstance(inner, dict) else {}
    own = wrapped.get("config") if isinstance(wrapped.get("config"), dict) else layer.config
    details = [str(wrapped.get("class_name"))] if wrapped else []
    kind = str(wrapped.get("class_name")) if wrapped else layer.kind
    if kind in ("Dense", "Activation") and isinstance(own, dict):
        squash = name_of(own.get("activation"))
        details += [squash] if squash != "linear" else []
    return f"{clean(layer.name)} ({clean(', '.join(details))})" if details else clean(layer.name)


def is_last_step(call: Any) -> bool:
    """Return whether a slice is x[:, -1], in the notation of Keras 2 or 3."""
    key: Any = None
    if isinstance(call, dict) and isinstance(call.get("args"), list) and len(call["args"]) == 2:
        key = call["args"][1]
    elif isinstance(call, list):
        inner = call[0] if call and isinstance(call[0], list) else call
        settings = inner[3] if len(inner) > 3 and isinstance(inner[3], dict) else {}
        key = settings.get("slice_spec")
    return isinstance(key, list) and 2 <= len(key) <= 3 and key[1] == -1 and all(map(_is_whole, (key[0], *key[2:])))


def _is_whole(one: Any) -> bool:
    own = one.get("config", one) if isinstance(one, dict) else None
    return isinstance(own, dict) and all(own.get(name) is None for name in ("start", "stop", "step"))


def add_routes(model: Model, entries: Sequence[tuple[Sequence[Layer], Recurrent]]) -> tuple[Recurrent, ...]:
    """Return the groups of recurrent layers, each with the route of the first answer through it, or the reason why it has no route."""
    outputs = answers(model.config)
    walks: list[tuple[str, Walk]] = []
    reasons: list[str] = []
    for output in outputs:
        try:
            walks.append((output.name, _walk(model, way(model.config, output))))
        except NotComputed as reason:
            reasons.append(str(reason))
    groups = {id(layer): at for at, (chain, _) in enumerate(entries) for layer in chain}
    stacks: dict[int, Layers] = {}
    return tuple(_with_route(model, at, entries, groups, walks, reasons, stacks) for at in range(len(entries)))


def _with_route(
    model: Model,
    at: int,
    entries: Sequence[tuple[Sequence[Layer], Recurrent]],
    groups: Mapping[int, int],
    walks: Sequence[tuple[str, Walk]],
    reasons: Sequence[str],
    stacks: dict[int, Layers],
) -> Recurrent:
    chain, recurrent = entries[at]
    for name, walk in walks:
        if any(item is chain[0] for item in walk.items):
            try:
                route = _route(model, name, walk, at, entries, groups, stacks)
            except NotComputed as reason:
                return replace(recurrent, no_route=str(reason))
            others = [one for one in dict.fromkeys(output.name for output in answers(model.config)) if one != name]
            notes = list(walk.notes)
            if others:
                notes.append(
                    f"The network has {len(others) + 1} answers; this is “{clean(name)}”, without {listed(others)}."
                )
            return replace(recurrent, route=route, notes=(*recurrent.notes, *notes))
    if reasons:
        return replace(recurrent, no_route=reasons[0])
    names = listed([name for name, _ in walks]) if walks else ""
    beside = (
        f"The answer {names} does not pass through these layers."
        if names
        else "The file does not say which layer gives the answer."
    )
    return replace(recurrent, no_route=beside)


def _walk(model: Model, passed: Sequence[Passed]) -> Walk:
    walk = Walk(model)
    for one in passed:
        walk.take(one)
    return walk


def _route(
    model: Model,
    output: str,
    walk: Walk,
    at: int,
    entries: Sequence[tuple[Sequence[Layer], Recurrent]],
    groups: Mapping[int, int],
    stacks: dict[int, Layers],
) -> Route:
    items, place = _joined(walk.items, at, entries, groups, stacks)
    dtype = next(iter(entries[at][1].weights.values())).dtype
    others = {weight.dtype for item in items if isinstance(item, Layers) for weight in item.parameters()}
    if others - {dtype}:
        raise NotComputed(
            "The recurrent layers on the way to the answer have different precisions, which is not computed here."
        )
    before, after = items[:place], items[place + 1 :]
    after, answer = _answered(after, walk, logits_kind(model.loss, output))
    recurrent = entries[at][1]
    try:
        check_widths(before, recurrent.input_size if not before else _first_width(before, walk, recurrent))
        check_widths(after, recurrent.outputs)
    except ValueError as error:
        raise NotComputed(f"The layers on the way to “{clean(output)}” do not fit one another: {error}.") from error
    return Route(
        embedding=walk.embedding,
        before=tuple(_ready(one, dtype) for one in before),
        after=tuple(_ready(one, dtype) for one in after),
        whole_text=walk.form == "vector",
        answer=answer,
        parts=tuple(walk.parts),
    )


def _first_width(before: Sequence[nn.Module], walk: Walk, recurrent: Recurrent) -> int:
    """Return the input width of the first stage."""
    first = next((one for one in before if isinstance(one, nn.Linear | Layers)), None)
    if isinstance(first, nn.Linear):
        return first.in_features
    return first.stack.input_size if first is not None else recurrent.input_size


def _joined(
    items: Sequence[nn.Module | Layer],
    at: int,
    entries: Sequence[tuple[Sequence[Layer], Recurrent]],
    groups: Mapping[int, int],
    stacks: dict[int, Layers],
) -> tuple[list[nn.Module], int]:
    """Return the stages, with each group of recurrent layers as one stage, and the position of group `at`, which is an Identity."""
    joined: list[nn.Module] = []
    place = position = 0
    while position < len(items):
        item = items[position]
        if isinstance(item, nn.Module):
            joined.append(item)
            position += 1
            continue
        group = groups[id(item)]
        chain, recurrent = entries[group]
        if [id(one) for one in items[position : position + len(chain)]] != [id(one) for one in chain]:
            raise NotComputed(
                f"The layers “{clean(recurrent.where)}” do not follow one another on the way to the answer."
            )
        if group == at:
            place = len(joined)
            joined.append(nn.Identity())
        else:
            stacks.setdefault(group, _stack(recurrent))
            joined.append(stacks[group])
        position += len(chain)
    return joined, place


def _stack(recurrent: Recurrent) -> Layers:
    with torch.device("meta"):  # skip random initialisation; the weights are replaced below
        cells = build(
            recurrent.cell,
            recurrent.input_size,
            recurrent.hidden_size,
            recurrent.num_layers,
            recurrent.bidirectional,
            **recurrent.options,
        )
    cells.load_state_dict(dict(recurrent.weights), assign=True)
    return Layers(cells if isinstance(cells, Stack) else Stack.of(cells))


def _answered(after: list[nn.Module], walk: Walk, scores: str) -> tuple[list[nn.Module], str]:
    """Return the stages after the layers, and the kind of answer. A final softmax is part of the answer.

    A single class score becomes two, of which the first is zero: softmax([0, s]) = [1 - σ(s), σ(s)].
    """
    share = CLASS.name if walk.form == "vector" else LABEL.name
    last = after[-1] if after else None
    if isinstance(last, nn.Softmax | nn.LogSoftmax) and walk.width > 1:
        return after[:-1], share
    if isinstance(last, nn.Linear) and walk.width > 1 and scores == CATEGORICAL:
        return after, share
    if walk.width == 1 and (isinstance(last, nn.Sigmoid) or (isinstance(last, nn.Linear) and scores == BINARY)):
        score = after[:-1] if isinstance(last, nn.Sigmoid) else after
        return [*score, linear(torch.tensor([[0.0], [1.0]]))], share
    return after, NUMBER.name


def logits_kind(loss: Any, output: str) -> str:
    """Return CATEGORICAL or BINARY if the loss takes logits; otherwise empty."""
    if isinstance(loss, dict) and "class_name" not in loss:
        loss = loss.get(output)
    config = loss.get("config") if isinstance(loss, dict) else None
    if not isinstance(loss, dict) or not isinstance(config, dict) or config.get("from_logits") is not True:
        return ""
    kind = str(loss.get("class_name"))
    return next((one for one in (CATEGORICAL, BINARY) if kind.endswith(f"{one}Crossentropy")), "")


def _ready(stage: nn.Module, dtype: torch.dtype) -> nn.Module:
    return stage.to(dtype).eval().requires_grad_(False)
