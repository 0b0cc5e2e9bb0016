"""The report is one file that needs nothing else, shows what was found, and interprets nothing of a user's."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from explorer.analysis.diagnosis import Diagnosis, examine
from explorer.analysis.diagnosis.pictures import POINTS, bars, lines
from explorer.figures.theme import DARK, LIGHT
from explorer.reporting import as_html
from explorer.reporting import style as drawn_in
from explorer.reporting.charts import DASHES, HEIGHT, chart
from explorer.reporting.scales import Scale, rounded, spanning, written
from tests.analysis.examined import STEPS, UNITS, reaching, subject, wandering

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def ill() -> Diagnosis:
    return examine(
        subject(
            network="<script>alert(1)</script>",
            weights={"b_if": np.full(UNITS, -5.0)},
            f=0.01 * wandering(),
            c=50 * wandering(),
            reach=reaching(2.0 ** np.arange(STEPS)),
        )
    )


class Elements(HTMLParser):
    """Every element and its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_it_needs_nothing_else(ill: Diagnosis) -> None:
    """No script, no link, nothing that a browser would fetch, and a policy that forbids it."""
    page = as_html(ill)
    elements = Elements(page).found
    assert not {tag for tag, _ in elements} & {"script", "link", "img", "iframe", "object", "a", "form"}
    assert not any(
        name in ("src", "href") or name.startswith("on") for _, attributes in elements for name in attributes
    )
    assert "url(" not in page
    assert "@import" not in page
    policies = [attributes["content"] for tag, attributes in elements if attributes.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_it_tells_all_that_was_found_and_measured(ill: Diagnosis) -> None:
    page = as_html(ill, said="No text was given.")
    text = re.sub(r"<[^>]+>", "", page)
    for finding in ill.findings:
        assert finding.title.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in text
    for fact in ill.facts:
        assert fact.text in text
    assert "No text was given." in text
    assert page.count("<section") == len(ill.findings)
    assert page.count("<svg") == sum(finding.picture is not None for finding in ill.findings)


def test_what_a_user_gave_is_shown_and_not_interpreted(ill: Diagnosis) -> None:
    page = as_html(ill, said="<img src=x>")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;img src=x&gt;" in page


def test_it_stays_small(ill: Diagnosis) -> None:
    assert len(as_html(ill)) < 100_000


def svg(picture: object) -> ElementTree.Element:
    return ElementTree.fromstring(chart(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # type: ignore[arg-type]


def test_bars_are_as_high_as_their_values() -> None:
    image = svg(bars("shares", np.array([0.0, 0.5, 1.0]), "share", marked=[2], threshold=0.5, low=0.0, high=1.0))
    rects = image.findall(f"{NAMESPACE}rect")
    heights = [float(rect.get("height", 0)) for rect in rects]
    assert heights[1] == pytest.approx(heights[2] / 2)
    assert [rect.get("class") for rect in rects] == ["bar", "bar", "bar marked"]
    assert len(image.findall(f"{NAMESPACE}path[@class='mark']")) == 1  # not the colour alone
    assert image.get("role") == "img"
    assert image.get("aria-label") == "shares"


def test_bars_below_zero_hang_from_it() -> None:
    image = svg(bars("biases", np.array([-5.0, 5.0]), "bias"))
    low, high = image.findall(f"{NAMESPACE}rect")
    assert float(low.get("y", 0)) == pytest.approx(float(high.get("y", 0)) + float(high.get("height", 0)))


def test_a_line_goes_through_its_values_and_says_its_name() -> None:
    image = svg(
        lines("h", [1.0, 2.0, 3.0], {"unit 1": np.array([0.0, np.nan, 1.0]), "unit 2": np.zeros(3)}, "step", "h")
    )
    curves = [path for path in image.findall(f"{NAMESPACE}path") if "line" in (path.get("class") or "")]
    assert [curve.get("d", "").count(" ") for curve in curves] == [3, 5]  # what is no number is left out
    assert [curve.get("stroke-dasharray") for curve in curves] == list(DASHES[:2])
    words = [text.text for text in image.findall(f"{NAMESPACE}text")]
    assert {"unit 1", "unit 2", "step", "h"} <= set(words)


def test_curves_that_end_together_have_their_names_apart() -> None:
    image = svg(lines("h", [1.0, 2.0], {f"unit {k}": np.ones(2) for k in range(3)}, "step", "h"))
    places = [float(t.get("y", 0)) for t in image.findall(f"{NAMESPACE}text") if (t.text or "").startswith("unit")]
    assert min(abs(a - b) for k, a in enumerate(places) for b in places[:k]) >= 14
    assert min(places) > 0
    assert max(places) < HEIGHT


def test_a_logarithmic_axis_has_powers_of_ten() -> None:
    scale = spanning([1e-8, None, 1.0, 0.0], 100, 0, log=True, fixed=(None, None))
    assert (scale.low, scale.high) == (1e-8, 1.0)
    assert scale(1e-4) == pytest.approx(50)
    assert scale(0.0) == 100  # at the foot
    assert set(scale.ticks()) <= {10.0**-k for k in range(9)}


def test_round_ticks() -> None:
    assert Scale(0, 1, 0, 1).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert Scale(0, 127, 0, 1).ticks() == [0, 50, 100]
    assert [rounded(step) for step in (0.9, 1.0, 1.1, 4, 6, 0.03)] == pytest.approx([1, 1, 2, 5, 10, 0.05])
    assert [written(value) for value in (0.0, 0.5, 20.0, 1e-6)] == ["0", "0.5", "20", "1e-06"]


def test_a_chart_of_nothing_is_drawn_all_the_same() -> None:
    for picture in (
        bars("none", np.array([]), "share"),
        bars("flat", np.zeros(3), "share"),
        bars("unknown", np.full(3, np.nan), "share"),
        lines("none", [], {"h": np.array([])}, "step", "h"),
        lines("one", [1.0], {"h": np.array([2.0])}, "step", "h", log=True),
    ):
        assert svg(picture).tag == f"{NAMESPACE}svg"


def test_a_long_curve_is_thinned_out() -> None:
    steps = 10_000
    picture = lines("h", [float(k) for k in range(steps)], {"h": np.zeros(steps)}, "step", "h")
    assert len(picture["x"]) == len(picture["lines"][0]["y"]) == POINTS


def test_its_colours_are_the_studio_s() -> None:
    for own, theme, curves in ((drawn_in.LIGHT, LIGHT, drawn_in.LINES[0]), (drawn_in.DARK, DARK, drawn_in.LINES[1])):
        assert own == {name: getattr(theme, name) for name in own}
        assert curves == tuple(theme.roles[role] for role in ("read", "keep", "write", "candidate"))
