"""Every colour and scale. A quantity's colour follows its role, in charts, equations, the stage and text alike.

The base is Okabe & Ito's set, which people with any kind of colour vision can tell apart; each has a tone for light and one for dark
that is readable as text (WCAG contrast of 4.5 at least).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from explorer.signals import Role

Mode = Literal["light", "dark"]
Scale = list[list[object]]

FONT = "Source Sans, Source Sans Pro, system-ui, sans-serif"
MONO = "Source Code Pro, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
OTHER = "other"
"""Key of every cell other than rnn, gru and lstm."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One appearance. `below`, `above`: the ends of the signed scale, purple and orange as in ColorBrewer's PuOr."""

    mode: Mode
    background: str
    panel: str
    text: str
    muted: str
    grid: str
    accent: str
    below: tuple[str, str]
    above: tuple[str, str]
    missing: str
    roles: Mapping[Role, str]
    cells: Mapping[str, str]

    def gate_scale(self, role: Role) -> Scale:
        """Colour scale from the background at 0 to the gate's colour at 1."""
        return [[0.0, self.background], [1.0, self.roles[role]]]

    def tint(self, colour: str, share: float) -> str:
        """`colour` laid thinly over the background, so that text stays readable on it."""
        over, under = (tuple(int(c[k : k + 2], 16) for k in (1, 3, 5)) for c in (colour, self.background))
        return "#" + "".join(f"{round(u + (o - u) * share):02X}" for o, u in zip(over, under, strict=True))

    @property
    def signed_scale(self) -> Scale:
        """Symmetric about the background at 0."""
        return [
            [0.0, self.below[1]],
            [0.25, self.below[0]],
            [0.5, self.background],
            [0.75, self.above[0]],
            [1.0, self.above[1]],
        ]

    @staticmethod
    def colour_bar(**changes: object) -> dict[str, object]:
        """A quiet scale at the right of a picture."""
        bar = {"thickness": 10, "len": 1.0, "outlinewidth": 0, "tickfont": {"size": 12}, "x": 1.005}
        return bar | changes

    def layout(self, **changes: object) -> go.Layout:
        """Layout of all figures: no boxes, quiet grid, readable type."""
        axis = {
            "gridcolor": self.grid,
            "zerolinecolor": self.grid,
            "linecolor": self.grid,
            "tickfont": {"size": 13},
            "title": {"font": {"size": 14}},
        }
        layout = go.Layout(
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            font={"family": FONT, "color": self.text, "size": 14},
            margin={"l": 64, "r": 12, "t": 12, "b": 44},
            template=None,
            hoverlabel={
                "font": {"family": FONT, "size": 14, "color": self.text},
                "bgcolor": self.panel,
                "bordercolor": self.grid,
                "align": "left",
            },
            legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": 14}},
            xaxis=axis,
            yaxis=axis,
            showlegend=False,
        )
        return layout.update(changes)


LIGHT = Theme(
    mode="light",
    background="#FFFFFF",
    panel="#F6F4F0",
    text="#1B1A18",
    muted="#66625C",
    grid="#E4E0D9",
    accent="#AE4300",
    below=("#A99BCF", "#4B2E83"),
    above=("#F0B36A", "#A34A00"),
    missing="#D6006C",
    roles={
        "keep": "#AE4300",
        "write": "#00765A",
        "candidate": "#9A3D78",
        "read": "#0A4FA0",
        "reset": "#7A4A1E",
        "belt": "#8A5E00",
        "hidden": "#0A779B",
        "input": "#5F6368",
    },
    cells={"lstm": "#1B1A18", "gru": "#0A4FA0", "rnn": "#AE4300", OTHER: "#00765A"},
)

DARK = Theme(
    mode="dark",
    background="#16181D",
    panel="#1E2128",
    text="#ECE9E4",
    muted="#A5A29B",
    grid="#33373F",
    accent="#FF8A4C",
    below=("#6C5BA6", "#B7A6F5"),
    above=("#A8682A", "#FFB964"),
    missing="#FF5FA8",
    roles={
        "keep": "#FF8A4C",
        "write": "#2FC59B",
        "candidate": "#E08FC0",
        "read": "#6FA8FF",
        "reset": "#C99A6B",
        "belt": "#F0B43C",
        "hidden": "#5CC8F2",
        "input": "#A9AEB6",
    },
    cells={"lstm": "#ECE9E4", "gru": "#6FA8FF", "rnn": "#FF8A4C", OTHER: "#2FC59B"},
)

THEMES: dict[str, Theme] = {"light": LIGHT, "dark": DARK}

DASHES = {"lstm": "solid", "gru": "dash", "rnn": "dot", OTHER: "longdashdot"}
"""A cell's line, so that colour is never the only carrier."""
