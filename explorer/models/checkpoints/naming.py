"""Build the contents of a checkpoint from named tensors: recurrent layers, possible embeddings and possible readouts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from explorer.models.checkpoints.contents import Contents, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.guesses import hidden_layers
from explorer.models.checkpoints.halves import halves
from explorer.models.checkpoints.layers import check_layers
from explorer.models.checkpoints.matrices import digest, matrices
from explorer.models.checkpoints.nested import LONGEST_NAME
from explorer.models.checkpoints.states import States, states
from explorer.models.checkpoints.torch_layers import WEIGHTS, Module, recurrent
from explorer.models.checkpoints.wording import listed, quoted
from explorer.models.effective_weights import Effective, effective_weights, plain_name

PART = re.compile(
    r"""(?P<where>(?:.*[./_])?)
    (?:(?P<kind>weight|bias|w|b)_(?P<side>ih|hh|hr)       # weight_ih in PyTorch, w_ih in hand-saved arrays
      |(?P<own>weight_(?:peephole_[a-z]+|ho|gates|cd|ld)|bias_o))  # further weights of our cells
    (?:_l(?P<layer>\d{1,4})(?P<backwards>_reverse)?)?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
KINDS = {"w": "weight", "b": "bias"}
COUNTER = re.compile(
    r"(?:.*[./_])?(?:num_batches_tracked|n_averaged|num_updates|decay|epochs?|(?:global_)?steps?|iter(?:ation)?s?|loss|acc(?:uracy)?|lr)",
    re.IGNORECASE | re.DOTALL,
)
"""Names of scalars that a training run counts or measures."""
START = re.compile(
    r"(?:.*[./_])?(?:(?:init(?:ial)?|learned|start)_?)?(?:h|c|hx|cx|hidden|cell|state)_?(?:0|init(?:ial)?)"
    r"|(?:.*[./_])?(?:init(?:ial)?|learned|start)_?(?:h|c|hx|cx|hidden|cell|state)(?:_?state)?",
    re.IGNORECASE | re.DOTALL,
)
"""Common names of a learned initial state."""
HALF_NOTES = {
    "": (),
    "encoder": ("These layers are the encoder of an encoder-decoder network: they have no answer of their own.",),
    "decoder": (
        "These layers are the decoder of an encoder-decoder network. They start from zeros here, not from the encoder's state.",
    ),
}
TRANSFORMER = re.compile(r"attn|attention|[qkv]_proj|query|transformer", re.IGNORECASE)
UNDERSTOOD = "Those of PyTorch's LSTM, GRU and RNN are called weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0."


def is_recurrent(name: str) -> bool:
    """Return whether a tensor of that name is a weight of a recurrent layer."""
    match = PART.fullmatch(plain_name(name[-LONGEST_NAME:]))
    return match is not None and match["side"] is not None


def no_recurrent(names: Iterable[str]) -> str:
    """Return the message for tensors of which none belongs to a recurrent layer."""
    names = list(names)
    attention = [name for name in names if TRANSFORMER.search(name[:LONGEST_NAME])]
    if attention:
        return f"These are a transformer's weights ({listed(attention)}), not a recurrent network's. {UNDERSTOOD}"
    if not names:
        return f"There are no tensors in the file. {UNDERSTOOD}"
    return f"None of the tensors in the file ({listed(names)}) belongs to a recurrent layer. {UNDERSTOOD}"


def contents(
    what: str,
    tensors: Mapping[str, Tensor],
    vocabularies: Sequence[tuple[str, ...]] = (),
    labels: Sequence[tuple[str, ...]] = (),
) -> Contents:
    """Return the contents of a state dict; `what` is the format, as in `Contents.format`.

    Use the first vocabulary that fits a tensor, or else the first one, and the first list of labels that fits a linear layer. Raise
    Unreadable if there is no recurrent layer, or none that can be read.
    """
    for name in tensors:
        if len(name) > LONGEST_NAME:
            raise Unreadable(f"A tensor's name, {quoted(name)}, has more than {LONGEST_NAME} letters.")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    several = states(shapes, is_recurrent, lambda one, two: digest(tensors[one]) == digest(tensors[two]))
    network = _network(what, tensors) if several is None else _networks(what, tensors, several)
    sizes = {
        *map(len, network.tables.values()),
        *(len(one.weight) for one in network.linears.values()),
        *(one.input_size for one in network.recurrent),
    }
    fitting = [*(symbols for symbols in vocabularies if len(symbols) in sizes), *vocabularies, ()]
    return replace(network, vocabulary=fitting[0], labels=_labels(network, labels))


def _labels(network: Contents, labels: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the first list with a name for each output of a linear layer. Two names fit a single output, as before a sigmoid."""
    outputs = {len(one.weight) for one in network.linears.values()}
    outputs |= {2} if 1 in outputs else set()
    return next((names for names in labels if len(names) in outputs), ())


def _networks(what: str, tensors: Mapping[str, Tensor], several: States) -> Contents:
    """Return all saved states of the network, the preferred one first."""
    every = (several.first, *several.others)
    networks = []
    for state in every:
        own = {*state.names, *several.shared}
        networks.append(_network(what, {name: tensor for name, tensor in tensors.items() if name in own}))
    if not several.others:  # all states hold the same numbers
        return networks[0]
    labels = [quoted(state.label) if state.label else "one without a name" for state in every]
    layers: dict[str, Recurrent] = {}
    ways = [f"{quoted(one.recurrent[0].where)} to read {label}" for one, label in zip(networks, labels, strict=True)]
    for k, (state, one) in enumerate(zip(every, networks, strict=True)):
        others = " or ".join([*ways[:k], *ways[k + 1 :]][:3])
        note = (
            f"The file holds {len(networks)} states of this network: {labels[k]} is read. Choose the layers {others}."
        )
        for each in one.recurrent:
            layers.setdefault(each.where, _with(each, (note,), state=state.label))
    shapes: dict[str, tuple[int, ...]] = {}
    tables: dict[str, Tensor] = {}
    linears: dict[str, Linear] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for one in reversed(networks):
        shapes, tables = {**one.shapes, **shapes}, {**one.tables, **tables}
        linears, sources = {**one.linears, **linears}, {**one.sources, **sources}
    order = {name: k for k, name in enumerate(tensors)}
    return Contents(
        what,
        tuple(layers.values()),
        tables,
        linears,
        notes=tuple(dict.fromkeys(text for one in networks for text in one.notes)),
        shapes=dict(sorted(shapes.items(), key=lambda item: order[item[0]])),
        sources=sources,
        hidden=tuple(dict.fromkeys(name for one in networks for name in one.hidden)),
        states={state.label: state.names for state in every},
    )


def _network(what: str, tensors: Mapping[str, Tensor]) -> Contents:
    """Return one network, without vocabulary and labels."""
    effective = effective_weights(tensors)
    modules = _modules(effective)
    if not modules:
        raise Unreadable(no_recurrent(tensors))
    check_layers(len(modules))
    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in tensors.items()
        if name not in effective.copies and not (tensor.numel() == 1 and COUNTER.fullmatch(name))
    }
    layers, broken = _recurrents(modules)
    half = halves([module.where for module in modules], shapes)
    starts = {name: shape for name, shape in shapes.items() if START.fullmatch(name)}
    layers = tuple(
        _with(one, (*_start_notes(starts, one), *HALF_NOTES[half.get(one.where, "")]), half=half.get(one.where, ""))
        for one in layers
    )
    rest = matrices(effective.tensors, lambda name: PART.fullmatch(name) is not None, layers)
    places = {name: k for k, name in enumerate(effective.tensors)}
    hidden = hidden_layers(
        rest.linears,
        None if list(tensors) == sorted(tensors) else {name: places[rest.sources[name][0]] for name in rest.linears},
        [place for name, place in places.items() if is_recurrent(name)],
    )
    sources = {
        layer: tuple(dict.fromkeys(tensor for name in names for tensor in effective.sources.get(name, (name,))))
        for layer, names in rest.sources.items()
    }
    unknown = tuple(
        f"{quoted(name)} is not read: it {reason}."
        for name, reason in effective.unknown.items()
        if not is_recurrent(name)
    )
    return Contents(
        what,
        layers,
        rest.tables,
        rest.linears,
        notes=(*broken, *rest.notes, *unknown),
        shapes=shapes,
        sources=sources,
        hidden=hidden,
    )


def _is_start(shape: tuple[int, ...], layers: Recurrent) -> bool:
    """Return whether the shape fits the layers' initial state: a vector over units, for all rows or one for each."""
    return shape[-1:] == (layers.hidden_size,) and all(size in (1, layers.rows) for size in shape[:-1])


def _start_notes(starts: Mapping[str, tuple[int, ...]], layers: Recurrent) -> tuple[str, ...]:
    names = [name for name, shape in starts.items() if _is_start(shape, layers)]
    if not names:
        return ()
    looks = "looks like a learned initial state" if len(names) == 1 else "look like learned initial states"
    return (f"{listed(names)} {looks}, not used here: the layers start from zeros.",)


def _with(layers: Recurrent, notes: tuple[str, ...] = (), **changes: Any) -> Recurrent:
    """Return the layers with these changes and further notes, applied to their alternatives (`rather`) too."""
    rather = {name: _with(other, notes, **changes) for name, other in layers.rather.items()}
    return replace(layers, notes=(*layers.notes, *notes), rather=rather, **changes)


def _recurrents(modules: Sequence[Module]) -> tuple[tuple[Recurrent, ...], tuple[str, ...]]:
    """Return the readable layers, and the messages for the others. Raise Unreadable if none is readable."""
    readable: list[Recurrent] = []
    refusals: list[Unreadable] = []
    for module in modules:
        try:
            readable.append(recurrent(module))
        except Unreadable as refusal:
            refusals.append(refusal)
    if not readable:
        raise refusals[0]
    return _with_copies(readable), tuple(map(str, refusals))


def _with_copies(layers: Sequence[Recurrent]) -> tuple[Recurrent, ...]:
    """Add to each layer the tensors of its copies, since a layer can be registered under two names."""

    alike: dict[frozenset[tuple[str, bytes]], list[str]] = {}
    keys = [frozenset((name, digest(weight)) for name, weight in one.weights.items()) for one in layers]
    for key, one in zip(keys, layers, strict=True):
        alike.setdefault(key, []).extend(one.tensors)
    every = [tuple(dict.fromkeys((*one.tensors, *alike[key]))) for key, one in zip(keys, layers, strict=True)]
    return tuple(_with(one, tensors=names) for one, names in zip(layers, every, strict=True))


def _modules(effective: Effective) -> list[Module]:
    """Return the recurrent modules, in the file's order."""
    modules: dict[tuple[str, bool], Module] = {}
    for name in (*effective.tensors, *effective.unknown):
        part = PART.fullmatch(name)
        if part is None:
            continue
        where, stacked = part["where"].rstrip("./_"), part["layer"] is not None
        row = int(part["layer"] or 0), part["backwards"] is not None
        own = _part(part)
        module = modules.setdefault((where, stacked), Module(where, stacked))
        if name in effective.unknown:
            module.problems.append(f"{quoted(name)} {effective.unknown[name]}.")
        if own in module.rows.setdefault(row, {}):
            raise Unreadable(f"{module} has two tensors for its {listed([own + module.ending(row)])}.")
        if name in effective.tensors:
            module.rows[row][own] = effective.tensors[name]
        module.sources += effective.sources.get(name, (name,))
        if name in effective.notes:
            module.folded.setdefault(effective.notes[name], []).append(own + module.ending(row))
    return [
        module
        for module in modules.values()
        if module.problems or any(part in WEIGHTS for parts in module.rows.values() for part in parts)
    ]


def _part(name: re.Match[str]) -> str:
    """Return our name of a weight: "weight_ih" for W_ih."""
    if name["own"]:
        return name["own"].lower()
    kind = name["kind"].lower()
    return f"{KINDS.get(kind, kind)}_{name['side'].lower()}"
