"""Sentences about the contents of a file."""

from __future__ import annotations

import math

from explorer.models.checkpoints import Agreement, Choice, Contents, Parity, Recurrent
from explorer.models.checkpoints.choosing import layers_of
from explorer.models.checkpoints.limits import MEGABYTE, MOST_BYTES, MOST_ROWS, MOST_UNITS
from explorer.models.checkpoints.provenance import answered_by
from explorer.models.checkpoints.wording import difference
from explorer.models.vocabulary import listed
from explorer.studio.sentences import an, plain

FEW = 5
"""Maximum number of names to list per kind."""
LEAD = (
    "Drop a file of weights: what is in it is shown here, and every page then works on it. Nothing in the file is executed, and it stays "
    "in this session: nobody else sees it, and it is gone when you close the page."
)
FORMS = {
    "PyTorch": "`torch.save(model.state_dict(), …)` as .pt or .pth, also inside a training checkpoint, with any prefix",
    "safetensors": "PyTorch's names",
    "Keras": ".keras, .h5, .weights.h5: LSTM, GRU (`reset_after` on or off), SimpleRNN",
    "ONNX": "LSTM, GRU and RNN nodes with their attributes",
    "NumPy": ".npz with PyTorch's names, or close to them",
    "JSON": "a state dict with PyTorch's names, as nested lists",
}
LIMITS = (
    f"Up to {MOST_BYTES // MEGABYTE} MB, {MOST_UNITS:,} units and {MOST_ROWS} layers (times directions). The larger a network is, the "
    "fewer steps of a text it reads at once; the sidebar says how many."
)


def of_recurrent(found: Recurrent) -> str:
    """Describe recurrent layers: "an LSTM of 128 units in 2 layers, both directions, that reads 32 numbers a step"."""
    layers = f" in {found.num_layers} layers" if found.num_layers > 1 else ""
    both = ", in both directions" if found.bidirectional else ""
    options = "".join(f", {name}={value}" for name, value in found.options.items())
    each = f"{found.input_size:,} number{'s' if found.input_size != 1 else ''}"
    return f"{an(found.cell.upper())} of {found.hidden_size:,} units{layers}{both}{options}; it reads {each} a step"


def of_contents(contents: Contents) -> list[str]:
    """Return a line each for the layers, possible embeddings and readouts, and the vocabulary; Markdown."""
    lines = [
        f"**Recurrent layers**{_named(found.where)}: {plain(of_recurrent(found))}." for found in contents.recurrent
    ]
    tables = [f"`{_quoted(name)}` of {len(table):,} × {table.shape[1]:,}" for name, table in contents.tables.items()]
    linears = [
        f"`{_quoted(name)}` from {one.weight.shape[1]:,} to {len(one.weight):,}"
        for name, one in contents.linears.items()
    ]
    lines.append(f"**What could be an embedding**: {listed(tables, FEW) or 'nothing'}.")
    lines.append(f"**What could be a readout**: {listed(linears, FEW) or 'nothing'}.")
    symbols = f"{len(contents.vocabulary):,} symbols" if contents.vocabulary else "none in the file"
    lines.append(f"**Vocabulary**: {symbols}.")
    return lines


def notes(contents: Contents) -> list[str]:
    """Return notes on how the file was read."""
    return [*contents.notes, *dict.fromkeys(note for found in contents.recurrent for note in found.notes)]


def of_answer(contents: Contents, choice: Choice, agreement: Agreement | None) -> tuple[str, bool | None]:
    """Say where the answer comes from, and whether that is reliable; None if there is no answer to judge."""
    if agreement is not None:
        return f"Layers and answer: {agreement}", agreement.holds
    recurrent = layers_of(contents, choice)
    if choice.follows and recurrent.route is not None:
        return f"The answer follows the file's own graph: {' → '.join(recurrent.route.parts)}.", True
    source = answered_by(contents, choice)
    if choice.readout is None:
        return source or "The file has no answer that fits these layers: the network answers with its own h.", None
    return f"{source} The layers may agree while the answer does not: give one known pair to measure it.", False


def of_parity(parity: Parity) -> str:
    """Return the badge: the measured difference, and the basis of the measurement."""
    if not math.isfinite(parity.difference):
        return f"The layers cannot be compared with {parity.framework}: some of their h are NaN or infinite. The diagnosis says why."
    seeds = ", ".join(map(str, parity.seeds))
    apart = difference(parity.difference) if parity.difference else "0, to the last bit"
    return (
        f"Layers: largest difference in h from {parity.framework}: {apart}; rounding alone, ours against float64, makes "
        f"{difference(parity.rounding)} of these weights. Measured on {parity.texts} sequences of {parity.steps} steps, drawn by the seeds "
        f"{seeds}."
    )


def _named(where: str) -> str:
    return f" `{_quoted(where)}`" if where else ""


def _quoted(name: str) -> str:
    """Return a name from a file, safe between backticks and short enough for a line."""
    return "".join(c if c.isprintable() and c != "`" else "·" for c in name[:60]) + ("…" if len(name) > 60 else "")
