"""The input of a network, written out in a program."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from explorer.models.model import Model

MOST = 20_000
"""Numbers: with more of them it is no snippet."""


def written(model: Model, given: Any, steps: int) -> str:
    """`x`, [step, input], of the first steps: ids and a look at the embedding, or rows of numbers. Raises ValueError where it is long."""
    read = model.prepare(given)
    if read.ids is not None:
        ids = read.ids[:steps].tolist()
        _short_enough(len(ids))
        line = fill(f"ids = [{', '.join(map(str, ids))}]", 100, subsequent_indent="       ")
        return f'{line}\nx = weights["embedding.weight"][ids]  # [step, input]'
    x = read.x[:steps, 0].cpu()
    _short_enough(x.numel())
    # numpy's str is the shortest text that gives the same float32, or float64, again
    rows = "".join(f"    [{', '.join(map(str, row))}],\n" for row in x.numpy())
    names = "" if x.isfinite().all() else 'nan, inf = float("nan"), float("inf")\n'
    return f"{names}x = torch.tensor([  # [step, input]\n{rows}], dtype={x.dtype})"


def _short_enough(count: int) -> None:
    if count > MOST:
        raise ValueError(f"a snippet writes its input out, and this is {count:,} numbers; choose an earlier step")
