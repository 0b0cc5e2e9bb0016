"""From tensors by name to the contents of a checkpoint: recurrent layers, what could be an embedding, what could be a readout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from explorer.models.checkpoints.choosing import EMBEDDING
from explorer.models.checkpoints.contents import Contents, Linear, Recurrent, Unreadable
from explorer.models.checkpoints.layers import check_layers
from explorer.models.checkpoints.nested import LONGEST_NAME
from explorer.models.checkpoints.torch_layers import WEIGHTS, Module, recurrent
from explorer.models.checkpoints.wording import listed, not_finite, quoted

PART = re.compile(
    r"""(?P<where>(?:.*[./_])?)
    (?:(?P<kind>weight|bias|w|b)_(?P<side>ih|hh|hr)       # weight_ih of PyTorch, w_ih of arrays that were saved by hand
      |(?P<own>weight_(?:peephole_[a-z]+|ho|gates|cd|ld)|bias_o))  # what cells of ours have beside these
    (?:_l(?P<layer>\d{1,4})(?P<backwards>_reverse)?)?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
KINDS = {"w": "weight", "b": "bias"}
MATRIX = re.compile(r"(?P<where>.*?)(?:[./_](?:weight|w))?", re.IGNORECASE | re.DOTALL)
BIAS_OF = {"weight": "bias", "w": "b", "W": "b"}
TRANSFORMER = re.compile(r"attn|attention|[qkv]_proj|query|transformer", re.IGNORECASE)
UNDERSTOOD = "Those of PyTorch's LSTM, GRU and RNN are called weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0."


def is_recurrent(name: str) -> bool:
    """Whether a tensor of that name is a weight of recurrent layers."""
    found = PART.fullmatch(name[-LONGEST_NAME:])
    return found is not None and found["side"] is not None


def no_recurrent(names: Iterable[str]) -> str:
    """What to say of tensors none of which is of a recurrent layer."""
    names = list(names)
    telling = [name for name in names if TRANSFORMER.search(name[:LONGEST_NAME])]
    if telling:
        return f"These are a transformer's weights ({listed(telling)}), and no recurrent network's. {UNDERSTOOD}"
    if not names:
        return f"There are no tensors in the file. {UNDERSTOOD}"
    return f"The tensors in the file ({listed(names)}) are of no recurrent layer. {UNDERSTOOD}"


def contents(what: str, tensors: Mapping[str, Tensor], vocabularies: Sequence[tuple[str, ...]] = ()) -> Contents:
    """`what` is the format, as `Contents.format` has it. Of the vocabularies one is taken that some tensor has the size of, if there is
    one. Raises Unreadable where there is no recurrent layer, or a broken one."""
    for name in tensors:
        if len(name) > LONGEST_NAME:
            raise Unreadable(f"A tensor's name, {quoted(name)}, has more than {LONGEST_NAME} letters.")
    modules = _modules(tensors)
    if not modules:
        raise Unreadable(no_recurrent(tensors))
    check_layers(len(modules))
    found, broken = _recurrents(modules)
    rest = {name: tensor for name, tensor in tensors.items() if not PART.fullmatch(name) and _is_matrix(tensor)}
    linears, tables = _linears(rest, tensors, found), _tables(rest, tensors, found)
    sizes = {
        *map(len, tables.values()),
        *(len(one.weight) for one in linears.values()),
        *(one.input_size for one in found),
    }
    fitting = [*(symbols for symbols in vocabularies if len(symbols) in sizes), *vocabularies, ()]
    return Contents(what, found, tables, linears, fitting[0], (*broken, *_notes(linears, tables)))


def _recurrents(modules: Sequence[Module]) -> tuple[tuple[Recurrent, ...], tuple[str, ...]]:
    """Those that can be read, and what is wrong with the others. Raises Unreadable where none can."""
    found: list[Recurrent] = []
    refusals: list[Unreadable] = []
    for module in modules:
        try:
            found.append(recurrent(module))
        except Unreadable as refusal:
            refusals.append(refusal)
    if not found:
        raise refusals[0]
    return tuple(found), tuple(map(str, refusals))


def _modules(tensors: Mapping[str, Tensor]) -> list[Module]:
    """The recurrent modules, in the file's order."""
    modules: dict[tuple[str, bool], Module] = {}
    for name, tensor in tensors.items():
        part = PART.fullmatch(name)
        if part is None:
            continue
        where, stacked = part["where"].rstrip("./_"), part["layer"] is not None
        row = int(part["layer"] or 0), part["backwards"] is not None
        own = _part(part)
        module = modules.setdefault((where, stacked), Module(where, stacked))
        if own in module.rows.setdefault(row, {}):
            raise Unreadable(f"{module} has two tensors for its {listed([own + module.ending(row)])}.")
        module.rows[row][own] = tensor
    return [
        module
        for module in modules.values()
        if any(part in WEIGHTS for parts in module.rows.values() for part in parts)
    ]


def _part(name: re.Match[str]) -> str:
    """What we call it: "weight_ih" of a W_ih."""
    if name["own"]:
        return name["own"].lower()
    kind = name["kind"].lower()
    return f"{KINDS.get(kind, kind)}_{name['side'].lower()}"


def _is_matrix(tensor: Tensor) -> bool:
    return tensor.ndim == 2 and tensor.dtype.is_floating_point and 0 not in tensor.shape


def _linears(
    rest: Mapping[str, Tensor], tensors: Mapping[str, Tensor], found: tuple[Recurrent, ...]
) -> dict[str, Linear]:
    """Matrices with a bias, and those without that are as wide as some layer's h and not called an embedding."""
    widths = {one.outputs for one in found}
    linears = {}
    for name, weight in rest.items():
        bias = _bias(name, weight, tensors)
        if bias is not None or (weight.shape[1] in widths and not EMBEDDING.search(name)):
            zeros = weight.new_zeros(len(weight))
            linears[_layer(name)] = Linear(*_alike(weight, zeros if bias is None else bias))
    return linears


def _tables(
    rest: Mapping[str, Tensor], tensors: Mapping[str, Tensor], found: tuple[Recurrent, ...]
) -> dict[str, Tensor]:
    """Matrices that are called an embedding, and those without a bias that are as wide as some layer's input."""
    widths = {one.input_size for one in found}
    return {
        _layer(name): _alike(table)[0]
        for name, table in rest.items()
        if EMBEDDING.search(name) or (table.shape[1] in widths and _bias(name, table, tensors) is None)
    }


def _layer(name: str) -> str:
    """The name of the layer that a matrix is of: "decoder" of "decoder.weight"."""
    found = MATRIX.fullmatch(name)
    return found["where"] if found and found["where"] else name


def _bias(name: str, weight: Tensor, tensors: Mapping[str, Tensor]) -> Tensor | None:
    """The bias beside a matrix: of the same name but for its end, and as long as the matrix is high."""
    for end, other in BIAS_OF.items():
        bias = tensors.get(name.removesuffix(end) + other) if name.endswith(end) else None
        if bias is not None and bias.shape == weight.shape[:1]:
            return bias
    return None


def _alike(*tensors: Tensor) -> tuple[Tensor, ...]:
    """In float64 where one of them is, else in float32."""
    dtype = torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32
    return tuple(tensor.to(dtype) for tensor in tensors)


def _notes(linears: Mapping[str, Linear], tables: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Of numbers that are none, outside the recurrent layers."""
    parts = {
        **{name: [one.weight, one.bias] for name, one in linears.items()},
        **{name: [table] for name, table in tables.items()},
    }
    counts = {name: sum(int((~tensor.isfinite()).sum()) for tensor in tensors) for name, tensors in parts.items()}
    return tuple(not_finite(count, f"the numbers in {quoted(name)}") for name, count in counts.items() if count)
