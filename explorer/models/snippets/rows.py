"""A cell's equations as a function in a program, and the lines that read with it row by row."""

from __future__ import annotations

from textwrap import indent

import torch

from explorer import formula
from explorer.backend.arithmetic import FUNCTIONS
from explorer.cells import Cell
from explorer.models.snippets.names import unpacked
from explorer.models.snippets.place import Place

FLIPPED = '''def flipped(found):
    """The other way round in time: a row that reads backwards stands at the step of the token that it read."""
    return {name: values.flip(0) for name, values in found.items()}'''


def functions(at: Place) -> list[str]:
    """Functions that the formulas of its rows call. Raises ValueError if torch does not have one."""
    called = {name for row in at.rows for text in _formulas(at.cell(row)).values() for name in formula.functions(text)}
    if unknown := called - set(FUNCTIONS):
        raise ValueError(
            f"there is no snippet of {at.stack.cell.name}: its equations need {', '.join(sorted(unknown))}(), which torch does not have"
        )
    return sorted(called)


def readers(at: Place) -> list[str]:
    """The functions that read: one for all rows that compute alike."""
    backwards = any(row % at.stack.directions for row in at.rows)
    written = [*(head + body for body, head in _heads(at).items()), *([FLIPPED] if backwards else [])]
    return [f"\n{function}\n" for function in written]


def layers(at: Place) -> str:
    """Lines that read row by row; `found` has the signals of the last of them, name -> [step, unit]."""
    names = {body: head.split("(")[0].removeprefix("def ") for body, head in _heads(at).items()}
    both, ends = at.stack.directions, at.stack.suffixes()
    lines: list[str] = []
    for row in at.rows:
        layer, backwards = divmod(row, both)
        if layer and (not backwards or row == at.row):
            below = [f'row{k}["{at.stack.cell.upward}"]' for k in range((layer - 1) * both, layer * both)]
            lines.append(f"x = torch.cat([{', '.join(below)}], -1)" if both > 1 else f"x = {below[0]}")
        read, under = names[_body(at.cell(row))], [f"row{row - both}"] if layer and at.cell(row).reads_below else []
        made, end = "found" if row == at.row else f"row{row}", f'"{ends[row]}"'
        if backwards:
            arguments = ["x.flip(0)", end, *(f"flipped({one})" for one in under)]
            lines.append(f"{made} = flipped({read}({', '.join(arguments)}))")
        else:
            lines.append(f"{made} = {read}({', '.join(['x', end, *under])})")
    return "\n".join(lines)


def _heads(at: Place) -> dict[str, str]:
    """The body of each function that is needed, and its head."""
    bodies = list(dict.fromkeys(_body(at.cell(row)) for row in at.rows))
    names = ["read"] if len(bodies) == 1 else [f"read_{number}" for number in range(len(bodies))]
    under = ", below=None" if at.stack.cell.reads_below else ""
    return {body: f"def {name}(inputs, end{under}):\n" for body, name in zip(bodies, names, strict=True)}


def _formulas(cell: Cell) -> dict[str, str]:
    return {signal.name: signal.formula for signal in cell.recorded}


def _body(cell: Cell) -> str:
    """The body of the function that reads with such a cell."""
    formulas = _formulas(cell)
    used = {name for text in formulas.values() for name in formula.names(text)}
    dtype = cell.weight_hh.dtype
    of = "" if dtype == torch.float32 else f", dtype={dtype}"
    states = {name: f"torch.zeros({values.shape[-1]}{of})" for name, values in cell.initial_state(1)._asdict().items()}
    below = [f'{name}_below = below["{name}"][t] if below else {states[name]}' for name in cell.reads_below]
    step = [
        *below,
        *(f"{name} = {text}" for name, text in formulas.items()),
        f"steps.append(dict({', '.join(f'{name}={name}' for name in formulas)}))",
        f"{_before(states)} = {', '.join(states)}",
    ]
    lines = [
        '"""Every signal of one row, {name: [step, unit]}; its weights\' names have this `end`."""',
        *unpacked(cell, used),
        f"{_before(states)} = {', '.join(states.values())}",
        "steps = []",
        "for t, x in enumerate(inputs):" if below else "for x in inputs:",
        *(f"    {line}" for line in step),
        "return {name: torch.stack([step[name] for step in steps]) for name in steps[0]}",
    ]
    return indent("\n".join(lines), "    ")


def _before(states: dict[str, str]) -> str:
    return ", ".join(f"{name}_prev" for name in states)
