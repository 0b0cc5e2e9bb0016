"""Colours are readable, told apart, and the same in Streamlit's configuration."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

import explorer
from explorer.figures.roles import HINTS, SAYS, hint, in_story_order
from explorer.figures.theme import DARK, DASHES, LIGHT, OTHER, THEMES, Theme
from explorer.signals import Role, Signal
from tests.figures.readings import CELLS
from tests.helpers import TEXT, network

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
ROLES = get_args(Role)


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_wcags() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_in_any_colour_are_readable(theme: Theme) -> None:
    """WCAG AA for text: 4.5, on the page and on a panel."""
    words = dict(theme.roles) | dict(theme.cells) | {"text": theme.text, "muted": theme.muted, "accent": theme.accent}
    for name, colour in words.items():
        for ground in (theme.background, theme.panel):
            assert contrast(colour, ground) >= 4.5, f"{name} {colour} on {ground}"


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_chosen_button_is_readable(theme: Theme) -> None:
    """Streamlit writes it in the accent on a tenth of the accent; and what lies on a full accent has the page's colour."""
    for ground in (theme.background, theme.panel):
        tinted = replace(theme, background=ground).tint(theme.accent, 0.1)
        assert contrast(theme.accent, tinted) >= 4.5, f"{theme.accent} on {tinted}"
    assert contrast(theme.background, theme.accent) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_roles_and_cells_are_told_apart(theme: Theme) -> None:
    assert set(theme.roles) == set(ROLES)
    assert len(set(theme.roles.values())) == len(ROLES)
    assert set(theme.cells) == set(DASHES) == {*CELLS, OTHER}
    assert len(set(theme.cells.values())) == len(CELLS) + 1
    assert len(set(DASHES.values())) == len(CELLS) + 1, "colour is never the only carrier"


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_the_signed_scale_is_symmetric(theme: Theme) -> None:
    """0 is the background; both sides leave it in the same steps, and further with each."""
    stops, colours = zip(*theme.signed_scale, strict=True)
    assert [stop + mirror for stop, mirror in zip(stops, reversed(stops), strict=True)] == [1] * len(stops)
    assert colours[len(colours) // 2] == theme.background
    for side in (colours[: len(colours) // 2 + 1][::-1], colours[len(colours) // 2 :]):
        away = [contrast(colour, theme.background) for colour in side]
        assert all(nearer < further for nearer, further in pairwise(away))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_a_gates_scale_runs_from_the_background_to_its_colour(theme: Theme, role: Role) -> None:
    assert theme.gate_scale(role) == [[0, theme.background], [1, theme.roles[role]]]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_streamlits_theme_is_ours(theme: Theme) -> None:
    ours = {
        "primaryColor": theme.accent,
        "backgroundColor": theme.background,
        "secondaryBackgroundColor": theme.panel,
        "textColor": theme.text,
        "borderColor": theme.grid,
        "linkColor": theme.accent,
        "sidebar": {"backgroundColor": theme.panel, "secondaryBackgroundColor": theme.background},
    }
    assert CONFIG["theme"][theme.mode] == ours


def test_a_layout_takes_its_colours_from_the_theme() -> None:
    for theme in THEMES.values():
        layout = theme.layout(height=10)
        assert (layout.font.color, layout.xaxis.gridcolor, layout.yaxis.linecolor) == (theme.text, *[theme.grid] * 2)
        assert (layout.hoverlabel.bgcolor, layout.height) == (theme.panel, 10)


def test_every_role_has_its_words_and_its_place() -> None:
    assert set(SAYS) == set(HINTS) == set(ROLES)
    signals = tuple(Signal(name=role, symbol=role, kind="gate", role=role) for role in reversed(ROLES))
    assert {signal.role for signal in in_story_order(signals)} == set(ROLES)
    assert in_story_order(signals)[-1].role == "hidden"


def hint_of(cell: str, name: str, layer: int = -1, layers: int = 1) -> str:
    trace = explorer.trace(network((cell, {}), (layers, False)), TEXT)
    return hint(trace.signals[name], trace, layer)


def test_a_hint_says_who_reads_a_hidden_state() -> None:
    """By the cell's formulas, and by where the row stands."""
    assert hint_of("lstm", "h") == "what the prediction and the gates of the next step see"
    assert hint_of("rnn", "h") == "what the prediction and the next step see"
    assert hint_of("jordan", "h") == "what the prediction and the output y of this step see"
    assert hint_of("jordan", "y") == "what the next step sees"
    assert hint_of("lstm", "h", 0, layers=2) == "what the layer above and the gates of the next step see"
    assert hint_of("gru", "z") == HINTS[explorer.trace(network(("gru", {})), TEXT).signals["z"].role]
    assert hint_of("gru", "h") == HINTS["belt"], "a GRU's h is its belt"


@pytest.mark.parametrize("cell", explorer.cells.names())
def test_every_cell_has_a_hint_for_all_it_records(cell: str) -> None:
    trace = explorer.trace(network((cell, {}), (2, True)), TEXT)
    for signal in trace.per_unit():
        for row in range(trace.rows):
            assert hint(signal, trace, row) not in ("", "what  see")
