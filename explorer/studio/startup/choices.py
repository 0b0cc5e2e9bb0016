"""Settings of the start-up lab: per cell, for all three, and presets. All of them are in the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.models.starts import CELLS, OPEN, SQUASHES, Start
from explorer.models.startup import RECURRENT

OPENING = {
    "A": Start("rnn", "sigmoid"),
    "B": Start("lstm", keep=0.0),
    "C": Start("lstm", keep=3.0),
}
"""The cells when the page opens; a link omits these values."""
TABS = {slot: f"Cell {slot}" for slot in OPENING}
FIRST = TABS["B"]
"""The tab that opens first: its forget bias is 0, for the user to raise."""
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
RANGES: dict[str, tuple[Any, Any, Any]] = {
    "radius": (0.0, 3.0, 0.01),
    "gain": (0.0, 4.0, 0.05),
    "bias": (-3.0, 6.0, 0.25),
    "lag": (10, 1000, 10),
}
"""Minimum, maximum and step of each slider."""
CELL_NAMES = tuple(name.upper() for name in CELLS)
WAYS = ("bias", "chrono", "forced open")
"""Ways to initialise an LSTM's forget gate."""
FOLLOWED = {"what each carries on": "memory", "h to h": "h"}
SIZES, LENGTHS, DRAWS, MOST = (8, 16, 32, 64, 128), (50, 100, 200), (1, 3, 5, 9), 9999

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
SEVERAL = """Number of networks of each kind, each with its own weights and random sequence. The curve is their median; the band of the
chosen one goes from the lowest to the highest. One seed is one example."""
CHRONO = """Each unit gets b_f = ln u and b_i = −ln u with u drawn evenly from 1 to T − 1, so that it keeps for about u steps (Tallec &
Ollivier 2018). T is the longest lag to be prepared for."""
WAY = f"""“forced open” is a forget bias of {OPEN:g}, at which σ rounds to exactly 1 in float32: the constant error carousel of Hochreiter &
Schmidhuber (1997), whose cell had no forget gate at all. The way back through h and the other gates, which they cut off, is kept here."""


@dataclass(frozen=True)
class Setting:
    """Settings shared by all three cells."""

    units: int
    steps: int
    draws: int
    seed: int
    of: str


def doubts() -> list[str]:
    """Return, once per session, messages on invalid values in the link; those settings keep their defaults."""
    if "lab_begun" in st.session_state:
        return []
    st.session_state.lab_begun = True
    choices: dict[str, tuple[object, ...]] = {"turn": tuple(TABS.values()), "follow": tuple(FOLLOWED)}
    choices |= {"units": SIZES, "steps": LENGTHS, "draws": DRAWS}
    ranges = {"seed": (0, MOST)}
    for slot in map(str.lower, OPENING):
        choices |= {
            f"{slot}_cell": CELL_NAMES,
            f"{slot}_phi": SQUASHES,
            f"{slot}_matrix": RECURRENT,
            f"{slot}_gate": WAYS,
        }
        ranges |= {f"{slot}_{name}": (low, high) for name, (low, high, _) in RANGES.items()}
    messages = []
    for name, given in st.query_params.items():
        if name in choices and given not in map(str, choices[name]):
            messages.append(f"The link asks for {name} “{given}”; it can be {', '.join(map(str, choices[name]))}.")
        if name in ranges and not _within(given, *ranges[name]):
            messages.append(
                f"The link asks for {name} “{given}”; it can be {ranges[name][0]:g} to {ranges[name][1]:g}."
            )
    return messages


def _within(given: str, low: float, high: float) -> bool:
    try:
        return low <= float(given) <= high
    except ValueError:
        return False


def starts() -> dict[str, Start]:
    """Return the settings of each cell. The widgets of all three are drawn, so that all are in the link; only one tab is visible."""
    tabs = st.tabs(list(TABS.values()), default=FIRST, key="turn", bind="query-params")
    starts = {}
    for tab, slot in zip(tabs, OPENING, strict=True):
        with tab:
            starts[slot] = _start(slot)
    return starts


def chosen() -> str:
    """Return the cell whose tab is open."""
    return str(st.session_state.turn)[-1]


def presets() -> None:
    """Draw a button for each preset."""
    st.markdown(f"Make **{chosen()}** the", width="content")
    for name, start in PRESETS.items():
        st.button(name, key=f"preset {name}", on_click=_put, args=(start,))


def _put(start: Start) -> None:
    """Copy a preset to the open cell."""
    for name, value in _choices(start).items():
        st.session_state[f"{chosen().lower()}_{name}"] = value


def _choices(start: Start) -> dict[str, Any]:
    """Return the widget values of a cell, by the ends of their keys."""
    way = "chrono" if start.chrono else "forced open" if start.keep == OPEN else "bias"
    values: dict[str, Any] = {"cell": start.cell.upper(), "phi": start.nonlinearity, "matrix": start.recurrent}
    values |= {"radius": start.radius, "gain": start.gain, "gate": way}
    values |= {
        "bias": start.keep if way == "bias" and start.keep is not None else 0.0,
        "lag": start.chrono or 100,
    }
    return values


def _start(slot: str) -> Start:
    """Draw the widgets of one cell and return its settings."""
    usual = _choices(OPENING[slot])
    for name, value in usual.items():
        # Also for widgets that are not drawn yet: when a preset shows one, only a value set before gets into the link.
        st.session_state.setdefault(f"{slot.lower()}_{name}", value)

    def one_of(label: str, choices: tuple[str, ...], name: str, says: str | None = None) -> str:
        chosen = st.segmented_control(
            label,
            choices,
            default=usual[name],
            required=True,
            width="stretch",
            help=says,
            **_kept(f"{slot.lower()}_{name}"),
        )
        return str(chosen or usual[name])

    def slider(label: str, name: str, says: str) -> float:
        low, high, step = RANGES[name]
        return float(st.slider(label, low, high, usual[name], step, help=says, **_kept(f"{slot.lower()}_{name}")))

    cell = one_of("Cell", CELL_NAMES, "cell").lower()
    if cell == "rnn":
        phi = one_of("Nonlinearity φ", SQUASHES, "phi", SQUASH)
        radius = slider("Spectral radius ρ of W_hh", "radius", RADIUS)
        return Start(cell, phi, one_of("W_hh is drawn", RECURRENT, "matrix", MATRIX), radius=radius)
    way = one_of("Forget gate begins by", WAYS, "gate", WAY) if cell == "lstm" else "bias"
    keep, chrono = OPEN if way == "forced open" else None, None
    if way == "bias":
        keep = slider(f"{'Forget' if cell == 'lstm' else 'Keep'} bias b", "bias", BIAS)
    elif way == "chrono":
        chrono = int(slider("Longest lag T", "lag", CHRONO))
    gain = slider("Recurrent matrices ×", "gain", "1 leaves them as they are drawn.")
    matrix = one_of("They are drawn", RECURRENT, "matrix", MATRIX)
    return Start(cell, recurrent=matrix, gain=gain, keep=keep, chrono=chrono)


def setting() -> Setting:
    """Draw the shared widgets and return the settings."""
    places = iter(st.columns([3, 2, 2, 2, 2], gap="large"))

    def one_of(label: str, sizes: tuple[int, ...], usual: int, key: str, says: str | None = None) -> int:
        return int(next(places).select_slider(label, sizes, usual, help=says, **_kept(key)))

    followed = next(places).segmented_control(
        "Followed from step to step",
        list(FOLLOWED),
        default=next(iter(FOLLOWED)),
        required=True,
        help=MEASURED,
        **_kept("follow"),
    )
    return Setting(
        one_of("Units", SIZES, 64, "units", "H, of each cell."),
        one_of("Steps", LENGTHS, 100, "steps", "How far back the gradient is followed."),
        one_of("Draws", DRAWS, 5, "draws", SEVERAL),
        int(
            next(places).number_input(
                "First seed", 0, MOST, 0, help="The draws have this seed and the next ones.", **_kept("seed")
            )
        ),
        FOLLOWED[followed or next(iter(FOLLOWED))],
    )


def _kept(key: str) -> dict[str, Any]:
    """Return widget arguments that keep the value in the link and across pages."""
    return {"key": key, "bind": "query-params", "persist_state": "session"}
