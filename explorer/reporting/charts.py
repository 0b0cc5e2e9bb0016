"""Small charts as SVG, from the numbers of a Picture by plain arithmetic. Colours are classes; the document's style has them."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from explorer.analysis.diagnosis.finding import Picture
from explorer.reporting.scales import Scale, spanning, written

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 68, 118, 14, 46
"""Margins around the drawing area."""
WIDEST, NAMED = 40, 16
"""Widest bar, and largest number of bars that are labelled one by one."""
DASHES = ("", "7 4", "2 3", "9 3 2 3")
"""Dashes of curves, so that they differ without colour as well."""


def chart(picture: Picture) -> str:
    """The chart as one SVG element, with a description for screen readers."""
    parts = "".join(_bars(picture) if picture["kind"] == "bars" else _lines(picture))
    title = escape(picture["title"])
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}"><title>{title}</title>{parts}</svg>'


def _bars(picture: Picture) -> Iterator[str]:
    values, marked = picture["y"], set(picture.get("marked", []))
    y = _scale(picture, values)
    yield from _axes(picture, y)
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    named = range(len(values)) if len(values) <= NAMED else (0, len(values) - 1)
    base = y(max(y.low, min(0.0, y.high)))
    for place, value in enumerate(values):
        middle, name = LEFT + (place + 0.5) * wide, str(picture["x"][place])
        if place in marked:  # a mark below the axis as well, not the colour alone
            yield f'<path class="mark" d="M{middle:.1f} {HEIGHT - BOTTOM + 2} l-3 6 h6 z"/>'
        if place in named:
            yield _text(middle, HEIGHT - BOTTOM + 21, name, "middle")
        if value is not None:
            yield _bar(
                middle, min(WIDEST, max(0.6, wide * 0.82)), y(value), base, place in marked, f"{name}: {value:.4g}"
            )
    yield from _threshold(picture, y)


def _bar(middle: float, wide: float, top: float, base: float, marked: bool, says: str) -> str:
    place = f'x="{middle - wide / 2:.2f}" y="{min(top, base):.2f}"'
    sizes = f'width="{wide:.2f}" height="{max(0.5, abs(base - top)):.2f}"'
    return f'<rect class="bar{" marked" if marked else ""}" {place} {sizes}><title>{escape(says)}</title></rect>'


def _lines(picture: Picture) -> Iterator[str]:
    curves, xs = picture["lines"], [float(value) for value in picture["x"]]
    y = _scale(picture, [value for curve in curves for value in curve["y"]])
    across = Scale(min(xs, default=0), max(max(xs, default=1), min(xs, default=0) + 1), LEFT, WIDTH - RIGHT)
    yield from _axes(picture, y)
    for tick in across.ticks():
        yield _text(across(tick), HEIGHT - BOTTOM + 20, written(tick), "middle")
    yield from _threshold(picture, y)
    used: list[float] = []
    for number, curve in enumerate(curves):
        places = [(across(x), y(value)) for x, value in zip(xs, curve["y"], strict=True) if value is not None]
        if not places:
            continue
        path = "M" + " L".join(f"{x} {at}" for x, at in places)
        kind = f"line l{number % len(DASHES)}"
        yield f'<path class="{kind}" stroke-dasharray="{DASHES[number % len(DASHES)]}" d="{path}"/>'
        yield from (
            f'<circle class="dot l{number % len(DASHES)}" cx="{x}" cy="{at}" r="2.5"/>'
            for x, at in places
            if len(places) < 20
        )
        where = _free(places[-1][1], used)
        used.append(where)
        yield _text(WIDTH - RIGHT + 6, where + 4, curve["name"], kind=f"l{number % len(DASHES)}")


def _free(wanted: float, taken: list[float]) -> float:
    """Height nearest to `wanted` at which no other name stands."""
    free = [y for y in range(TOP, HEIGHT - BOTTOM + 1) if all(abs(y - other) >= 14 for other in taken)]
    return min(free, key=lambda y: abs(y - wanted), default=wanted)


def _scale(picture: Picture, values: list[float | None]) -> Scale:
    there = [*values, picture.get("threshold")]
    fixed = (picture.get("low"), picture.get("high"))
    return spanning(there, HEIGHT - BOTTOM, TOP, log=picture.get("log", False), fixed=fixed)


def _axes(picture: Picture, y: Scale) -> Iterator[str]:
    for tick in y.ticks():
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick)}" y2="{y(tick)}"/>'
        yield _text(LEFT - 6, y(tick) + 4, written(tick), "end")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield _text(middle, HEIGHT - 8, picture["x_title"], "middle")
    down = (TOP + HEIGHT - BOTTOM) / 2
    turned = f'<text class="muted" text-anchor="middle" transform="translate(13 {down}) rotate(-90)">'
    yield f"{turned}{escape(picture['y_title'])}</text>"


def _threshold(picture: Picture, y: Scale) -> Iterator[str]:
    threshold = picture.get("threshold")
    if threshold is None:
        return
    yield f'<line class="threshold" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(threshold)}" y2="{y(threshold)}"/>'
    if picture["kind"] == "bars":  # beside a line stand the names of the curves
        yield _text(WIDTH - RIGHT + 6, y(threshold) + 4, f"bound {written(threshold)}")


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "muted") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
