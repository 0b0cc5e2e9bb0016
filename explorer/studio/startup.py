"""The start-up lab: three untrained cells, what is chosen of each, and what becomes of a gradient in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.analysis.startup import Course, Spread, course, spread
from explorer.figures import startup as figures
from explorer.models.starts import CELLS, OPEN, SQUASHES, USUAL_RADIUS, AtStart, Start
from explorer.models.startup import RECURRENT
from explorer.signals import Array
from explorer.studio import sentences, service, style
from explorer.studio.page import chart

OPENING = {
    "A": Start("rnn", "sigmoid"),
    "B": Start("lstm", keep=0.0),
    "C": Start("lstm", keep=3.0),
}
"""What the page opens on, and what is left out of a link."""
FIRST = "Cell B"
"""Whose sliders are there first: with a forget bias of 0, to be raised."""
PRESETS = {
    "Vanishing RNN": Start("rnn", "tanh"),
    "Exploding RNN": Start("rnn", "tanh", radius=3.0),
    "Orthogonal RNN": Start("rnn", "linear", "orthogonal", radius=1.0),
    "Sigmoid RNN": Start("rnn", "sigmoid"),
    "LSTM, bias 0": Start("lstm", keep=0.0),
    "LSTM, bias 1": Start("lstm", keep=1.0),
    "LSTM, bias 3": Start("lstm", keep=3.0),
    "Error carousel": Start("lstm", keep=OPEN),
}
WAYS = ("bias", "chrono", "forced open")
"""How an LSTM's forget gate can begin."""
FOLLOWED = {"what each carries on": "memory", "h to h": "h"}
SIZES, LENGTHS, DRAWS = (8, 16, 32, 64, 128), (50, 100, 200), (1, 3, 5, 9)

MEASURED = r"""A cell with $H$ units reads $T$ random inputs. What is drawn is

$$\frac{1}{\sqrt H}\left\lVert\frac{\partial s_T}{\partial s_{T-k}}\right\rVert_F$$

the root mean square of the singular values of the exact total derivative: what is left, on average, of a gradient of length 1 that comes
in at step $T$ from any direction. $s$ is what the cell carries on, $c$ in an LSTM and $h$ in the others; or $h$ in all of them."""
RADIUS = """ρ(W), the largest size of an eigenvalue of W_hh; the drawn matrix is scaled to it exactly. What torch draws has about 0.58. In a
linear network ρ < 1 must vanish and ρ > 1 must explode in the long run; the slopes φ′ of another nonlinearity come on top (Pascanu et al.
2013)."""
MATRIX = """How the recurrent matrices are drawn: uniform in ±1/√H as torch does; normal with variance 1/H; or orthogonal, which turns a
vector and leaves its length (Saxe et al. 2014)."""
SQUASH = "The slope bounds each step: tanh′ ≤ 1, relu′ is 0 or 1, linear′ = 1, and σ′ ≤ ¼, which alone makes a gradient vanish."
BIAS = """The gate that keeps is σ(W x + U h + b), so about σ(b) at the start: σ(0) = 0.50, σ(1) = 0.73, σ(3) = 0.95. Jozefowicz et al.
(2015) advise 1 or more for an LSTM's forget gate."""
CHRONO = """Each unit gets b_f = ln u and b_i = −ln u with u drawn evenly from 1 to T − 1, so that it keeps for about u steps (Tallec &
Ollivier 2018). T is the longest lag to be prepared for."""
WAY = f"""“forced open” is a forget bias of {OPEN:g}, at which σ rounds to exactly 1 in float32: the constant error carousel of Hochreiter &
Schmidhuber (1997), whose cell had no forget gate at all. The way back through h and the other gates, which they cut off, is kept here."""
SOURCES = """Sources: [Pascanu et al. 2013](https://arxiv.org/abs/1211.5063) on vanishing and exploding ·
[Jozefowicz et al. 2015](https://proceedings.mlr.press/v37/jozefowicz15.html) on the forget bias ·
[Tallec & Ollivier 2018](https://arxiv.org/abs/1804.11188) on chrono initialisation ·
[Saxe et al. 2014](https://arxiv.org/abs/1312.6120) on orthogonal matrices ·
[Hochreiter & Schmidhuber 1997](https://doi.org/10.1162/neco.1997.9.8.1735) on the constant error carousel."""


@dataclass(frozen=True)
class Setting:
    """What all three have in common."""

    units: int
    steps: int
    draws: int
    seed: int
    of: str


@st.fragment
def lab() -> None:
    """The whole of it; a slider runs this part of the page alone."""
    presets = st.container(horizontal=True, gap="small", key="presets", vertical_alignment="center")
    left, right = st.columns([5, 3], gap="medium")
    with right:
        starts = _starts()
    with presets:
        _presets()
    columns = st.columns(len(OPENING), gap="large")
    setting = _setting()
    found = {slot: _at_start(start, setting) for slot, start in starts.items()}
    spreads = {slot: spread(one.reach) for slot, one in found.items()}
    with left:
        _drawn(starts, found, spreads, setting)
    for column, (slot, start) in zip(columns, starts.items(), strict=True):
        with column:
            _said(slot, start, found[slot], course(spreads[slot].middle))
    st.markdown(f":small[{SOURCES}]")


def _starts() -> dict[str, Start]:
    """What is chosen of each cell. The widgets of all three are there, so that the link has them; the open tab shows those of one."""
    tabs = st.tabs([f"Cell {slot}" for slot in OPENING], default=FIRST, key="turn", bind="query-params")
    starts = {}
    for tab, slot in zip(tabs, OPENING, strict=True):
        with tab:
            starts[slot] = _start(slot)
    return starts


def _chosen() -> str:
    """The cell whose tab is open."""
    return str(st.session_state.turn)[-1]


def _presets() -> None:
    st.markdown(f"Make **{_chosen()}** the", width="content")
    for name, start in PRESETS.items():
        st.button(name, key=f"preset {name}", on_click=_put, args=(start,))


def _put(start: Start) -> None:
    """A preset into the chosen cell."""
    for name, value in _choices(start).items():
        st.session_state[f"{_chosen().lower()}_{name}"] = value


def _choices(start: Start) -> dict[str, Any]:
    """What the widgets of a cell say, by the ends of their names."""
    way = "chrono" if start.chrono else "forced open" if start.keep == OPEN else "bias"
    found: dict[str, Any] = {"cell": start.cell.upper(), "phi": start.nonlinearity, "matrix": start.recurrent}
    found |= {"radius": start.radius, "gain": start.gain, "gate": way}
    found |= {"bias": start.keep if way == "bias" and start.keep is not None else 0.0, "lag": start.chrono or 100}
    return found


def _start(slot: str) -> Start:
    """What is chosen of one cell."""
    usual = _choices(OPENING[slot])
    for name, value in usual.items():  # also of widgets that are not drawn yet: a preset brings them, and only what was known
        st.session_state.setdefault(f"{slot.lower()}_{name}", value)  # before is then written into the link

    def shared(name: str) -> dict[str, Any]:
        return {"key": f"{slot.lower()}_{name}", "bind": "query-params", "persist_state": "session"}

    def one_of(label: str, choices: tuple[str, ...], name: str, says: str | None = None) -> str:
        chosen = st.segmented_control(
            label, choices, default=usual[name], required=True, width="stretch", help=says, **shared(name)
        )
        return str(chosen or usual[name])

    def slider(label: str, low: float, high: float, step: float, name: str, says: str) -> float:
        return float(st.slider(label, low, high, usual[name], step, help=says, **shared(name)))

    cell = one_of("Cell", tuple(name.upper() for name in CELLS), "cell").lower()
    if cell == "rnn":
        phi = one_of("Nonlinearity φ", SQUASHES, "phi", SQUASH)
        radius = slider("Spectral radius ρ of W_hh", 0.0, 3.0, 0.01, "radius", RADIUS)
        return Start(cell, phi, one_of("W_hh is drawn", RECURRENT, "matrix", MATRIX), radius=radius)
    way = one_of("Forget gate begins by", WAYS, "gate", WAY) if cell == "lstm" else "bias"
    keep, chrono = OPEN if way == "forced open" else None, None
    if way == "bias":
        keep = slider(f"{'Forget' if cell == 'lstm' else 'Keep'} bias b", -3.0, 6.0, 0.25, "bias", BIAS)
    elif way == "chrono":
        chrono = int(st.slider("Longest lag T", 10, 1000, usual["lag"], 10, help=CHRONO, **shared("lag")))
    gain = slider("Recurrent matrices ×", 0.0, 4.0, 0.05, "gain", "1 leaves them as they are drawn.")
    matrix = one_of("They are drawn", RECURRENT, "matrix", MATRIX)
    return Start(cell, recurrent=matrix, gain=gain, keep=keep, chrono=chrono)


def _setting() -> Setting:
    follow, units, steps, draws, seed = st.columns([3, 2, 2, 2, 2], gap="large")
    followed = follow.segmented_control(
        "The gradient of and by",
        list(FOLLOWED),
        key="follow",
        bind="query-params",
        default=next(iter(FOLLOWED)),
        required=True,
        help=MEASURED,
    )
    return Setting(
        int(units.select_slider("Units", SIZES, 64, key="units", bind="query-params")),
        int(steps.select_slider("Steps", LENGTHS, 100, key="steps", bind="query-params")),
        int(
            draws.select_slider(
                "Draws",
                DRAWS,
                5,
                key="draws",
                bind="query-params",
                help="So many networks of each kind, each with weights and a random sequence of its own. The curve is their median, the "
                "band of the chosen one goes from the lowest to the highest. One seed is one example.",
            )
        ),
        int(seed.number_input("First seed", 0, 9999, 0, key="seed", bind="query-params")),
        FOLLOWED[followed or next(iter(FOLLOWED))],
    )


def _at_start(start: Start, setting: Setting) -> AtStart:
    return service.at_start(start, setting.units, setting.steps, setting.draws, setting.seed, setting.of)


def _said(slot: str, start: Start, found: AtStart, found_course: Course) -> None:
    """The name of a cell and what its curve does, in words."""
    st.subheader(f"{slot} · {name_of(start)}", anchor=False)
    st.markdown(of_course(found_course))
    st.caption(of_start(start, found, found_course.steps))


def _drawn(
    starts: Mapping[str, Start], found: Mapping[str, AtStart], spreads: Mapping[str, Spread], setting: Setting
) -> None:
    curves = [
        figures.Untrained(
            slot,
            name_of(start),
            start.cell,
            f"‖∂{found[slot].state}_T/∂{found[slot].state}_t‖ / √{setting.units}, root mean square of the singular values",
            spreads[slot],
            setting.draws,
            _direct(found[slot]),
        )
        for slot, start in starts.items()
    ]
    chosen = list(OPENING).index(_chosen())
    says = "What is left of a gradient by the number of steps back, for three untrained cells, on one log axis."
    chart(figures.reach_at_start(curves, style.theme(), chosen=chosen), "startup", says)
    last = setting.seed + setting.draws - 1
    seeds = f"seeds {setting.seed} to {last}" if setting.draws > 1 else f"seed {last}"
    st.caption(
        f"Median of {_counted_draws(setting.draws)} ({seeds}), {setting.units} units; {_chosen()}’s band: lowest to highest."
    )


def _counted_draws(draws: int) -> str:
    return f"{draws} draw{'' if draws == 1 else 's'}"


def _direct(found: AtStart) -> Array | None:
    return None if found.direct is None else spread(found.direct).middle


def name_of(start: Start) -> str:
    """A cell in a few words."""
    scaled = start.radius != USUAL_RADIUS if start.cell == "rnn" else start.gain != 1
    drawn = "" if start.recurrent == "uniform" else f"{start.recurrent} "
    if start.cell == "rnn":
        return f"{drawn}{start.nonlinearity} RNN{f', ρ {start.radius:g}' if scaled else ''}"
    kept = (
        f"chrono {start.chrono}"
        if start.chrono
        else "forget gate open"
        if start.keep == OPEN
        else f"{'forget' if start.cell == 'lstm' else 'keep'} bias {_signed(start.keep or 0)}"
    )
    return f"{drawn}{start.cell.upper()}, {kept}{f', × {start.gain:g}' if scaled else ''}"


def of_course(found: Course) -> str:
    """What a curve does with the distance."""
    if not found.half and not found.double and abs(found.last - 1) < 0.01:
        return f"Does not decay: **{found.last:.3f}** of it is left after {sentences.counted(found.steps)}."
    parts = ["never falls to half"]
    if found.half:
        parts = [f"falls to half after **{sentences.counted(found.half)}**"]
    elif found.double:
        parts = [f"has doubled after **{sentences.counted(found.double)}**"]
    if found.floor:
        parts.append(f"reaches the floor of float32 after **{sentences.counted(found.floor)}**")
    elif found.ceiling:
        parts.append(f"overflows float32 after **{sentences.counted(found.ceiling)}**")
    elif 0 < found.lowest < found.steps and found.half:
        parts.append(f"is lowest after {found.lowest} and **{_number(found.last)}** after {found.steps}")
    else:
        parts.append(f"is **{_number(found.last)}** after {sentences.counted(found.steps)}")
    said = ", ".join(parts)
    if found.over and not (found.half and found.lowest < found.over):
        said += f": × {found.factor:.3g} a step on average"
    return f"{said[0].upper()}{said[1:]}."


def of_start(start: Start, found: AtStart, steps: int) -> str:
    """What was to be expected from the way it begins."""
    if start.cell == "rnn":
        most = found.sigma * start.steepest
        slope = "¼" if start.steepest == 0.25 else "1"
        follows = "so it must vanish" if most < 1 else "so it need not vanish"
        return f"σ_max(W) = {found.sigma:.2f} and φ′ ≤ {slope}: never more than × {most:.2f} a step, {follows}."
    if start.chrono:
        begins = f"Keep gates spread from σ(0) = 0.5 to σ(ln {start.chrono - 1}) = {1 - 1 / start.chrono:.3f}"
    else:
        bias = start.keep or 0.0
        begins = f"Keep gates begin near σ({_signed(bias)}) = {1 / (1 + math.exp(-bias)):.3g}"
    begins += f", measured {found.keep:.3g} on average"
    if found.direct is None:
        return f"{begins}. What comes in by h reaches the memory only through the gates, hence the first drop."
    alone = _number(float(spread(found.direct).middle[-1]))
    return f"{begins}. By themselves they would leave {alone} after {steps} steps; the rest comes back through h and the other gates."


def _number(value: float) -> str:
    """As short as it can be read."""
    if value == 0:
        return "0"
    if 0.01 <= value < 1000:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits} · 10{str(int(power)).translate(_SMALL)}"


_SMALL = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
