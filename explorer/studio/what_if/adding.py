"""Form for one more edit: it is staged, and runs with the others when the list is applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.studio import sentences, service
from explorer.studio.what_if import View, choose, words
from explorer.studio.what_if.lines import Does, Line, numbers_of, read, spans, written
from explorer.studio.what_if.plan import planned
from explorer.studio.what_if.ranges import range_of

DEEDS: dict[str, Does] = {
    "Patch a state from another text": "patch",
    "Hold a gate open": "set",
    "Hold a gate shut": "set",
    "Set a signal to a value": "set",
    "Scale a signal": "scale",
    "Erase units": "erase",
    "Freeze a state": "freeze",
    "Add noise": "noise",
    "Delete tokens": "delete",
    "Replace a token": "replace",
}
"""Label in the form -> the edit's name in a line. Patching comes first, since it uses a state that a text really produces."""
Places: TypeAlias = tuple[DeltaGenerator, ...]
"""Containers for the choices, in order."""
HELD = {"Hold a gate open": 1.0, "Hold a gate shut": 0.0}


def draw(view: View) -> None:
    """Draw the choices, the edit in words, and the button."""
    gates = [signal.name for signal in view.before.of_kind("gate")]
    deeds = [deed for deed in DEEDS if gates or deed not in HELD]
    first, second = st.columns(3), st.columns(3)
    deed = first[0].selectbox("What to do", deeds, key="new_deed")
    line, wrong = None, ""
    try:
        line = _asked(view, deed or deeds[0], gates, (*first[1:], *second))
        line = read(written(line))  # by the rules of a link, so that every edit can be shared
        wrong = planned(view.here, [line]).refused.get(0, "")
    except ValueError as error:
        wrong = str(error)
    left, right = st.columns([1, 5], vertical_alignment="center")
    left.button(
        "Stage it",
        key="stage_edit",
        disabled=line is None or bool(wrong),
        on_click=_add,
        args=(line,),
        help="Writes it into the list; **Apply** runs the list.",
    )
    if line is not None and not wrong:
        right.markdown(words.of_line(line))
        _beyond(view, line)
    else:
        right.markdown(f":red[{sentences.plain(wrong)}.]")


def _asked(view: View, deed: str, gates: list[str], places: Places) -> Line:
    """Return the chosen edit. Raises ValueError if the typed units or steps are not a list of numbers."""
    does, left = DEEDS[deed], iter(places)
    if does in ("delete", "replace"):
        return _of_tokens(view, does, left)
    states = list(view.before.initial)
    if does == "patch":
        return _patch(view, states, left)
    if does == "erase":
        return Line(does=does, units=_units(view, left), steps=_steps(left), layer=_layer(view, left))
    offered = gates if deed in HELD else states if does == "freeze" else _signals(view, states)
    signal = next(left).selectbox(
        "Signal", offered, key=f"new_signal_{deed}", format_func=lambda name: _called(view, name)
    )
    value = HELD.get(deed, 0.0)
    if deed not in HELD and does != "freeze":
        says = {"set": "Value", "scale": "Factor", "noise": "Size (standard deviation)"}[does]
        usual = {"set": 0.0, "scale": 0.5, "noise": 0.5}[does]
        value = float(next(left).number_input(says, value=usual, step=0.1, format="%.4g", key=f"new_value_{does}"))
    return Line(
        does=does,
        signals=(signal or offered[0],),
        value=value,
        units=_units(view, left),
        steps=_steps(left),
        layer=_layer(view, left),
        seed=1 if does == "noise" else 0,
    )


def _signals(view: View, states: list[str]) -> list[str]:
    """Return the signals after and before the nonlinearity, and the states as they enter a step."""
    after = [signal.name for signal in view.before.per_unit()]
    before = [signal.name for signal in view.before.per_unit(pre=True) if signal.name not in after]
    return [*after, *before, *(f"{state}_prev" for state in states)]


def _called(view: View, name: str) -> str:
    """Name a signal with its label."""
    signal = view.before.signals.get(name)
    return f"{words.called(name)} ({signal.label})" if signal and signal.label else words.called(name)


def _patch(view: View, states: list[str], left: Iterator[DeltaGenerator]) -> Line:
    chosen = next(left).multiselect("States", states, view.before.memory, key=f"new_states_{view.here.card.cell}")
    text = next(left).text_area(
        "From the text",
        view.here.own,
        key="new_text",
        height=80,
        help="It is read from the beginning by the same network.",
    )
    problem = service.problem(view.here.card, text)
    steps = 1 if problem else service.trace(view.here.model, view.here.prefix + text).steps
    step = int(
        next(left).number_input(
            "After step", 1, view.before.steps, view.here.step + 1, key=f"new_step_{view.before.steps}_{view.here.step}"
        )
    )
    usual = min(step, steps)
    at = int(next(left).number_input("its state after its step", 1, steps, usual, key=f"new_at_{steps}_{usual}"))
    units = _units(view, left, everything=True)
    if not chosen:
        raise ValueError("choose at least one state")
    if problem:
        raise ValueError(f"the other text cannot be read: {problem}")
    return Line(
        does="patch",
        signals=tuple(chosen),
        units=units,
        layer=_layer(view, left),
        steps=(step - 1, step - 1),
        text=text,
        at=None if at == step else at - 1,
    )


def _of_tokens(view: View, does: Does, left: Iterator[DeltaGenerator]) -> Line:
    one, step = view.here.card.reader.one, view.here.step + 1
    if does == "replace":
        at = int(
            next(left).number_input(
                f"Which {one}", 1, view.before.steps, step, key=f"new_token_{view.before.steps}_{step}"
            )
        )
        into = next(left).text_input("By", key="new_into", max_chars=60)
        return Line(does=does, steps=(at - 1, at - 1), text=into)
    typed = next(left).text_input(f"Which {one}s", str(step), key="new_tokens", help="5, or 5-9")
    return read(f"delete steps {typed.replace(' ', '') or '?'}")


def _units(view: View, left: Iterator[DeltaGenerator], *, everything: bool = False) -> tuple[int, ...] | None:
    usual = "all" if everything else ",".join(spans([view.here.unit]))
    typed = next(left).text_input("Units", usual, key=f"new_units_{usual}", help="3,7-9 or all").strip().lower()
    return None if typed in ("", "all") else numbers_of(typed)


def _steps(left: Iterator[DeltaGenerator]) -> tuple[int, int] | None:
    typed = next(left).text_input("Steps", "all", key="new_steps", help="5, 5-9 or all").strip().lower()
    return None if typed in ("", "all") else read(f"freeze h steps {typed.replace(' ', '')}").steps


def _layer(view: View, left: Iterator[DeltaGenerator]) -> int | None:
    if view.before.rows == 1:
        return None
    where = next(left, st)
    row = where.selectbox("Layer", ["all", *range(view.before.rows)], key="new_layer")
    return row if isinstance(row, int) else None


def _beyond(view: View, line: Line) -> None:
    """Warn if a value is outside the range of this text, before the edit is staged."""
    bounds = range_of(view.before, line)
    if bounds and 0 in planned(view.here, [line]).outside:
        st.caption(f":orange[:material/warning: {words.of_range(*bounds)}.]")


def _add(line: Line) -> None:
    choose.stage([*choose.staged(), line])
