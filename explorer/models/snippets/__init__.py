"""A few lines of plain PyTorch that compute a shown number again, without this library: for a notebook, a bug report, a doubt.

No equation is written twice: the lines are the cell's own formulas (`Cell.sums`, `Signal.formula`), which are Python as they stand, and
the weights are those of the state dict. So every cell has a snippet whose formulas need no function but those of torch.
"""

from __future__ import annotations

from typing import Any

from explorer.cells import Cell, Stack
from explorer.models.model import Model
from explorer.models.reading import index, trace
from explorer.models.snippets.inputs import written
from explorer.models.snippets.kernel import kernel
from explorer.models.snippets.place import Place
from explorer.models.snippets.program import check, head
from explorer.models.snippets.rows import functions, layers, readers
from explorer.models.weights import file_of


def snippet(
    reader: Model | Cell | Stack,
    given: Any,
    signal: str = "h",
    *,
    layer: int = -1,
    step: int = -1,
    unit: int = 0,
    weights: str | None = None,
) -> str:
    """A Python program that rebuilds the network, reads `given`, prints one number of the trace and asserts that it is the one shown.

    reader, given       as for `explorer.trace`; the state before the first step is zero, and nothing is edited
    signal              any signal of the trace but its input ("h", "c", "f", "f_pre", …)
    layer, step, unit   the number's place, counted from 0, negative ones from the end; `layer` is a row of the trace
    weights             file that the program loads; None: the shipped one, named from the project's folder on, or for any other network
                        "weights.safetensors", which `explorer.export.weights(model)` holds

    It needs torch and safetensors alone. h comes from torch's own module if it has this cell; all else from the cell's equations,
    written out, whose h is then compared with torch's. Raises ValueError for a place that does not exist, for a cell whose equations need
    more than torch's squashing functions (clockwork), and for an input of more than 20,000 numbers.
    """
    model = reader if isinstance(reader, Model) else Model(reader)
    read = trace(model, given, device="cpu")
    names = [name for name in read.signals if name != "x"]
    if signal not in names:
        raise ValueError(f"no signal {signal!r} in this trace; there are {', '.join(names)}")
    at = Place(
        model.stack,
        signal,
        index("layer", layer, read.rows),
        index("step", step, read.steps),
        index("unit", unit, read[signal].shape[-1]),
    )
    value = float(read[signal][at.row, at.step, at.unit])
    of_torch = kernel(model, at)
    by_equations = not (of_torch and signal == "h")
    uses = functions(at) if by_equations else []
    says = (
        f"{model.title[:60] or 'a network'!r}, cell {read.cell!r}: {at.words}, which read {read.tokens[at.step][:40]!r}"
    )
    parts = [head(says, uses, weights or file_of(model)), written(model, given, at.steps(read.steps)), of_torch]
    if by_equations:
        parts += [*readers(at), layers(at)]
    parts.append(check(at, value, of_torch=bool(of_torch), by_equations=by_equations))
    return "\n\n".join(filter(None, parts)).replace("\n\n\n\n", "\n\n\n") + "\n"
