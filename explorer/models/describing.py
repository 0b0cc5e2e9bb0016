"""Description of a network: its input, its cell, its sizes, its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.summary import Summary, counted, listed, shape_of

if TYPE_CHECKING:
    from explorer.models.model import Model

LABELS = 8
"""Most names that are listed."""


def summary(model: Model) -> Summary:
    """The network in a few lines."""
    stack = model.stack
    shape = shape_of(len(stack.rows), stack.hidden_size, stack.bidirectional)
    facts = [
        ("reads", _reads(model)),
        ("cell", f"{model.cell.name}: {model.cell.title}{_options(model)}"),
        ("belts", ", ".join(belt.state for belt in model.cell.belts) or "none: each step makes its state anew"),
        ("answers", _answers(model)),
        ("weights", f"{model.parameter_count:,} numbers, {str(model.dtype).removeprefix('torch.')}, on {model.device}"),
    ]
    if model.card and model.card.scores:
        facts.append(("held out", model.card.headline.words(model.card.score)))
    return Summary(f"Model {model.name or 'without a name'}: {model.cell.name}, {shape}", tuple(facts))


def _reads(model: Model) -> str:
    width, reader = model.stack.input_size, model.vocabulary
    if reader is None:
        return f"an array [step, {width}]" if model.embedding is None else "ids, but it has no vocabulary"
    if not reader.labels:
        return f"rows of {counted(width, 'number')}: {listed([repr(name) for name in reader.symbols], LABELS)}"
    return f"{reader.kind}: {counted(len(reader), 'id')} of {counted(width, 'number')} each"


def _options(model: Model) -> str:
    options = ", ".join(f"{name}={value!r}" for name, value in model.cell.options.items())
    return f" ({options})" if options else ""


def _answers(model: Model) -> str:
    if model.readout is None:
        return "nothing: it has no readout"
    labels = f": {listed([repr(label) for label in model.labels], LABELS)}" if model.labels else ""
    return f"{model.answer.says}, {counted(model.readout.out_features, 'output')}{labels}"
