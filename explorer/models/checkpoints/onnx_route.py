"""Routes of an ONNX graph through a group of recurrent layers: the stages before and after them, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from explorer.cells import Cell, build
from explorer.cells.stack import Stack
from explorer.models.checkpoints.contents import Recurrent, Route
from explorer.models.checkpoints.layers import Layer, check_copies
from explorer.models.checkpoints.onnx_axes import Refused
from explorer.models.checkpoints.onnx_flow import Flow, Stacked, Step, Unknown, Value, passes
from explorer.models.checkpoints.onnx_joining import join_parts
from explorer.models.checkpoints.onnx_stages import Branches, Function, simplify
from explorer.models.checkpoints.wording import quoted
from explorer.models.stages import Layers, check_widths, folded, linear, width_after

MOST_OUTPUTS, MOST_LAYERS = 32, 32
"""Maximum numbers of graph outputs to consider, and of recurrent layers on the path to one."""


@dataclass
class Router:
    """Finds routes to the outputs of a graph.

    layers   all recurrent layers, by number
    outputs  outputs of the graph, by name
    labels   names of the answer's outputs; empty if the file has none
    modules  stages built so far, by step
    """

    layers: Sequence[Layer]
    outputs: Mapping[str, Value]
    labels: tuple[str, ...] = ()
    modules: dict[Step, list[nn.Module]] = field(default_factory=dict)
    bytes: int = 0

    @torch.no_grad()
    def add_route(self, recurrent: Recurrent, own: Sequence[int], inside: str = "") -> Recurrent:
        """Return the recurrent layers with their route, or with the reason why they have no route. `inside` names the enclosing node."""
        candidates = []
        for name, value in self.outputs.items():
            if isinstance(value, Flow):
                way = value.step.way()
                at = next((k for k, step in enumerate(way) if step.layer == own[0]), len(way))
                if [step.layer for step in way[at : at + len(own)]] == list(own):
                    candidates.append((name, value, way, at))
        if not candidates:
            return replace(recurrent, no_route=self._why(own, inside))
        computed = [one for one in candidates if any(step.label for step in one[2][one[3] + len(own) :])]
        name, value, way, at = (computed or candidates)[0]
        try:
            route = self._route(recurrent, value, way[:at], way[at + len(own) :], [s.label for s in way if s.label])
        except (Refused, ValueError) as error:
            why = f"The graph's output {quoted(name)} is not computed here: {error}."
            return replace(recurrent, no_route=why)
        if len(computed) > 1:
            others = ", ".join(quoted(one[0]) for one in computed[1:4])
            note = f"The graph has several outputs. The answer shown is {quoted(name)}; not shown: {others}."
            return replace(recurrent, route=route, notes=(*recurrent.notes, note))
        return replace(recurrent, route=route)

    def _why(self, own: Sequence[int], inside: str) -> str:
        mask = sum(1 << at for at in own)
        for value in self.outputs.values():
            if isinstance(value, Unknown) and value.layers & mask:
                return value.says(mask)
        for value in self.outputs.values():
            if isinstance(value, Flow) and value.layers & mask:
                return _why_branched(value.step.way(), own)
        if inside:
            return f"The layers are inside the node {quoted(inside)}, which is not computed here."
        return "No output of the graph is computed from these layers."

    def _route(
        self,
        recurrent: Recurrent,
        value: Flow,
        before: Sequence[Step],
        after: Sequence[Step],
        parts: Sequence[str],
    ) -> Route:
        kind = next(iter(recurrent.weights.values())).dtype
        if sum(step.layer is not None for step in (*before, *after)) > MOST_LAYERS:
            raise Refused(f"it passes through more than {MOST_LAYERS} recurrent layers")
        embedding = before[0].table if before else None
        before = before[1:] if embedding is not None else before
        each = not value.whole or any(step.one_step for step in value.step.way())
        lower, width = self._stages(before, _width_of(before, recurrent.input_size), kind)
        if width != recurrent.input_size:
            raise Refused(f"{recurrent.input_size} numbers expected, but {width} arrive")
        upper, _ = self._stages(after, recurrent.outputs, kind)
        upper, answer = _answer(after, upper, recurrent.outputs, each, kind)
        lower, upper = folded(lower), folded(upper)
        check_widths(lower, _width_of(before, recurrent.input_size))
        check_widths(upper, recurrent.outputs)
        outputs = width_after(upper, recurrent.outputs)
        for stage in (*lower, *upper):
            stage.eval().requires_grad_(False)
        return Route(
            embedding=embedding,
            before=tuple(lower),
            after=tuple(upper),
            whole_text=not each,
            answer=answer,
            parts=tuple(parts),
            labels=self.labels if len(self.labels) == outputs else (),
        )

    def _stages(self, steps: Sequence[Step], width: int, kind: torch.dtype) -> tuple[list[nn.Module], int]:
        """Return the stages of the steps, and the number of features after them."""
        stages: list[nn.Module] = []
        for step in steps:
            if step not in self.modules:
                self.modules[step] = self._build(step, width, kind)
                self.bytes += sum(weight.nbytes for one in self.modules[step] for weight in one.parameters())
                check_copies(self.bytes)
            stages += self.modules[step]
            width = width_after(self.modules[step], width)
        return simplify(stages), width

    def _build(self, step: Step, width: int, kind: torch.dtype) -> list[nn.Module]:
        """Build the stages of one step."""
        if step.reads is not None and step.reads != width:
            raise Refused(f"{step.reads} numbers expected, but {width} arrive")
        if step.layer is not None:
            return [Layers(_stack(self.layers[step.layer], kind))]
        if step.branches:
            ways = [self._stages(way, width, kind) for way in step.branches]
            widths = [outputs for _, outputs in ways]
            outputs = sum(widths) if step.kind == "Concat" else max(widths)
            return [Branches(step.kind, [way for way, _ in ways], width, outputs)]
        if step.kind == "argmax":
            return []
        if step.make is None:
            raise Refused(f"{step.label} in the middle of the graph")
        return step.make(kind, width)


def _why_branched(way: Sequence[Step], own: Sequence[int]) -> str:
    """Return the reason why layers before an output have no route: the path branches before them, or skips some of them."""
    for step in way:
        if any(one.layer in own for branch in step.branches for one in passes(branch)):
            return (
                f"The answer passes through the node {quoted(step.label)}, which reads both these layers and their input; that is not "
                "computed here."
            )
    return "The answer does not pass through all of these layers one after another, so it is not computed here."


def _width_of(steps: Sequence[Step], width: int) -> int:
    """Return the number of input features that the steps require; `width` if none requires a certain number."""
    for step in steps:
        if step.reads is not None:
            return step.reads
        if step.branches:
            widths = [_width_of(way, 0) for way in step.branches]
            if any(widths):
                return max(widths)
    return width


def _answer(
    steps: Sequence[Step], stages: list[nn.Module], width: int, each: bool, kind: torch.dtype
) -> tuple[list[nn.Module], str]:
    """Return the stages without a final softmax or sigmoid, and the meaning of the scores."""
    likely = any(step.kind == "argmax" for step in steps)
    if any(step.kind == "argmax" for step in steps[:-1]):
        raise Refused("ArgMax in the middle of the graph")
    meaning = "label" if each else "class"
    match stages:
        case [*rest, nn.Softmax(), Function(operator="Log")] | [*rest, nn.Softmax() | nn.LogSoftmax()]:
            return list(rest), meaning
        case [*rest, nn.Sigmoid()] if width_after(rest, width) == 1:
            scores = linear(torch.tensor([[0.0], [1.0]], dtype=kind))
            return [*rest, scores], meaning  # softmax([0, s]) = [1 - σ(s), σ(s)]
    return stages, meaning if likely else "number"


def _stack(layer: Layer, kind: torch.dtype) -> Stack:
    """Return a single layer as a stack."""
    cells = build(layer.cell, layer.input_size, layer.hidden_size, 1, len(layer.rows) == 2, **layer.options)
    cells = cells.to(kind)
    names = ("_l0", "_l0_reverse") if isinstance(cells, Stack) else ("",)
    weights = {
        f"{name}{end}": weight.to(kind)
        for end, row in zip(names, layer.rows, strict=True)
        for name, weight in row.items()
    }
    cells.load_state_dict(weights)
    return Stack.of(cells) if isinstance(cells, Cell) else cells


def outputs(named: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return the outputs of a graph by name, with concatenated values joined."""
    values: dict[str, Value] = {}
    for name, value in list(named.items())[:MOST_OUTPUTS]:
        if isinstance(value, Stacked):
            try:
                value = join_parts(value)
            except Refused as refused:
                value = Unknown(quoted(name), str(refused), value.layers, value.layers)
        if value is not None:
            values[name] = value
    return values
