"""One more edit, put together from choices; it is staged, and run with the others when they are applied."""

from __future__ import annotations

import streamlit as st

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
"""As a reader sees it -> what a line calls it. First what makes a state that a text really brings about."""
HELD = {"Hold a gate open": 1.0, "Hold a gate shut": 0.0}


def draw(view: View) -> None:
    """The choices, what they come to in words, and the button."""
    gates = [signal.name for signal in view.before.of_kind("gate")]
    deeds = [deed for deed in DEEDS if gates or deed not in HELD]
    deed = st.selectbox("What to do", deeds, key="new_deed")
    line, wrong = None, ""
    try:
        line = _asked(view, deed or deeds[0], gates)
        line = read(written(line))  # by the rules of a link, so that each that is added can be shared
        wrong = planned(view.here, [line]).refused.get(0, "")
    except ValueError as error:
        wrong = str(error)
    if line is not None and not wrong:
        st.caption(words.of_line(line))
        _beyond(view, line)
    elif wrong:
        st.caption(f":red[{sentences.plain(wrong)}.]")
    st.button(
        "Stage it",
        type="primary",
        key="stage",
        disabled=line is None or bool(wrong),
        on_click=_add,
        args=(line,),
        help="Writes it into the list; **Apply** runs the list.",
    )


def _asked(view: View, deed: str, gates: list[str]) -> Line:
    """The line that the choices say. Raises ValueError where what was typed is no list of units or steps."""
    does = DEEDS[deed]
    if does in ("delete", "replace"):
        return _of_tokens(view, does)
    states = list(view.before.initial)
    if does == "erase":
        return Line(does=does, units=_units(view), layer=_layer(view), steps=_steps(view))
    if does == "patch":
        return _patch(view, states)
    offered = gates if deed in HELD else states if does == "freeze" else _signals(view, states)
    signal = st.selectbox("Signal", offered, key=f"new_signal_{deed}", format_func=lambda name: _called(view, name))
    value = HELD.get(deed, 0.0)
    if deed not in HELD and does != "freeze":
        says = {"set": "Value", "scale": "Factor", "noise": "Size (standard deviation)"}[does]
        value = float(
            st.number_input(
                says,
                value={"set": 0.0, "scale": 0.5, "noise": 0.5}[does],
                step=0.1,
                format="%.4g",
                key=f"new_value_{does}",
            )
        )
    return Line(
        does=does,
        signals=(signal or offered[0],),
        value=value,
        units=_units(view),
        layer=_layer(view),
        steps=_steps(view),
        seed=1 if does == "noise" else 0,
    )


def _signals(view: View, states: list[str]) -> list[str]:
    return [*(signal.name for signal in view.before.per_unit(pre=True)), *(f"{state}_prev" for state in states)]


def _called(view: View, name: str) -> str:
    """A signal with what it is."""
    signal = view.before.signals.get(name)
    return f"{words.called(name)} ({signal.label})" if signal and signal.label else words.called(name)


def _patch(view: View, states: list[str]) -> Line:
    chosen = st.multiselect("States", states, view.before.memory, key=f"new_states_{view.here.card.cell}")
    one = view.here.card.reader.one
    text = st.text_area(
        "From the text",
        view.here.own,
        key="new_text",
        height=80,
        help="It is read from the beginning by the same network.",
    )
    problem = service.problem(view.here.card, text)
    steps = 1 if problem else service.trace(view.here.model, view.here.prefix + text).steps
    left, right = st.columns(2)
    step = int(left.number_input("After step", 1, view.before.steps, view.here.step + 1, key="new_step"))
    at = int(right.number_input("its state after step", 1, max(1, steps), min(step, max(1, steps)), key="new_at"))
    if not chosen:
        raise ValueError("choose at least one state")
    if problem:
        raise ValueError(f"no {one} can be taken from the other text: {problem}")
    return Line(
        does="patch",
        signals=tuple(chosen),
        units=_units(view, everything=True),
        layer=_layer(view),
        steps=(step - 1, step - 1),
        text=text,
        at=None if at == step else at - 1,
    )


def _of_tokens(view: View, does: Does) -> Line:
    one, step = view.here.card.reader.one, view.here.step + 1
    if does == "replace":
        at = int(st.number_input(f"Which {one}", 1, view.before.steps, step, key="new_token"))
        into = st.text_input("By", key="new_into", max_chars=60)
        return Line(does=does, steps=(at - 1, at - 1), text=into)
    typed = st.text_input(f"Which {one}s", str(step), key="new_tokens", help="5, or 5-9")
    return read(f"delete steps {typed.replace(' ', '') or '?'}")


def _units(view: View, *, everything: bool = False) -> tuple[int, ...] | None:
    usual = "all" if everything else ",".join(spans([view.here.unit]))
    typed = st.text_input("Units", usual, key=f"new_units_{usual}", help="3,7-9 or all").strip().lower()
    return None if typed in ("", "all") else numbers_of(typed)


def _layer(view: View) -> int | None:
    if view.before.rows == 1:
        return None
    row = st.selectbox("Layer", ["all", *range(view.before.rows)], key="new_layer")
    return row if isinstance(row, int) else None


def _steps(view: View) -> tuple[int, int] | None:
    typed = st.text_input("Steps", "all", key="new_steps", help="5, 5-9 or all").strip().lower()
    return None if typed in ("", "all") else read(f"freeze h steps {typed.replace(' ', '')}").steps


def _beyond(view: View, line: Line) -> None:
    """A value that this text never brings about is marked before it is staged."""
    found = range_of(view.before, line)
    if found and 0 in planned(view.here, [line]).outside:
        st.caption(f":orange[:material/warning: {words.of_range(*found)}. A patch from another text would not be.]")


def _add(line: Line) -> None:
    choose.stage([*choose.staged(), line])
