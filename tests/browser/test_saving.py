"""What is taken along: a page that plays without a network, and the picture of a step."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

import explorer
from explorer.analysis.tokens import visible
from explorer.figures.theme import THEMES
from explorer.models import Model, card_of
from explorer.signals import Trace
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server
from tests.browser.reader import (
    NAMES,
    expect_link,
    expect_numbers,
    expect_step,
    number_of,
    rounding,
    shown,
    stand_at,
    visit,
)
from tests.browser.test_hostile import MARKUP, SIGNS, foreign
from tests.browser.test_look import PHONE
from tests.conftest import Shipped

TEXT = 'He said "yes" and left.'
STEP, UNIT = 9, 77
SVG = "{http://www.w3.org/2000/svg}"


def save(page: Page, way: str, folder: Path) -> Path:
    """By the menu; the file, under the name that the stage gave it."""
    page.get_by_test_id("stage-save").click()
    with page.expect_download() as download:
        page.get_by_test_id(f"stage-save-{way}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def open_saved(open_page: OpenPage, path: Path, **options: Any) -> tuple[Page, list[str]]:
    """From the disk, without a network; and a list of what it asks for."""
    page = open_page(unused=True, offline=True, **options)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.get_by_test_id("stage-step")).to_be_visible()
    return page, asked


SAVED = [FIRST_MODEL, "english-rnn", "adding-gru", "latch-lstm", "sentiment-lstm"]
"""One of each cell, and of each kind of token and answer; one of a single unit."""

ARITHMETIC = """(stage, units) => {
    const box = stage.querySelector("[data-testid=stage-unit]");
    const panel = stage.querySelector("[data-testid=stage-unfold]");
    const found = [];
    for (let unit = 0; unit < units; unit++) {
        box.value = unit;
        box.dispatchEvent(new Event("change"));
        found.push([panel.querySelector(".unfold-sum .equation")?.textContent ?? panel.textContent,
                    [...panel.querySelectorAll(".push-number")].map((node) => node.textContent)]);
    }
    return found;
}"""


def expect_every_gate_to_unfold(page: Page, model: Model, trace: Trace) -> None:
    """The weights' part of each number was saved along; its rows add up to what the trace has before squashing."""
    for layer in model.cell.diagram.layers:
        page.get_by_test_id(f"stage-gate-{layer}").click()
        expect(page.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
        found = page.get_by_test_id("stage").evaluate(ARITHMETIC, trace.units)
        assert len(found) == trace.units
        for unit, (equation, rows) in enumerate(found):
            value = float(trace[f"{layer}_pre"][0, STEP, unit])
            squashed = re.search(r"\( (.+?) \)", equation)
            assert squashed, equation
            # The sum of float32 parts, added up in another order than the network does.
            assert abs(number_of(squashed[1]) - value) <= rounding(squashed[1]) + 1e-6, (layer, unit)
            assert abs(math.fsum(map(number_of, rows)) - value) <= sum(map(rounding, rows)) + 1e-5, (layer, unit)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stage-unfold")).to_be_hidden()


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_page_plays_without_a_network(
    open_page: OpenPage, server: Server, shipped: Shipped, tmp_path: Path, name: str
) -> None:
    """It begins where it was saved; each step and unit has the trace's numbers; it plays to its end; every gate of every unit unfolds;
    and it asks for nothing."""
    text = TEXT if name in NAMES else card_of(name).show.text
    trace, unit = explorer.trace(shipped[name], text), card_of(name).hidden_size - 1
    online = open_page()
    visit(online, server, model=name, text=text, step=STEP + 1, unit=unit)
    path = save(online, "html", tmp_path)
    assert path.name == f"carousel-{name}-step-{STEP + 1}.html"
    page, asked = open_saved(open_page, path)
    expect_numbers(page, trace, STEP, unit)
    assert shown(page).wires == shown(online).wires
    page.keyboard.press("ArrowRight")
    expect_numbers(page, trace, STEP + 1, unit)
    page.keyboard.press("Home")
    stand_at(page, unit=0)
    expect_numbers(page, trace, 0, 0)
    page.get_by_label("Speed").select_option("4×")
    page.get_by_test_id("stage-play").click()
    expect_step(page, trace.steps - 1)
    expect_numbers(page, trace, trace.steps - 1, 0)
    stand_at(page, step=STEP)
    expect_every_gate_to_unfold(page, shipped[name], trace)
    assert asked == [path.as_uri()]


@pytest.mark.full
def test_a_saved_page_says_that_it_needs_javascript(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """Where there is none, as in a mail's preview, the page would be empty without a word."""
    online = open_page()
    visit(online, server, model=FIRST_MODEL, text=TEXT)
    path = save(online, "html", tmp_path)
    said = "This page draws its numbers with JavaScript"
    without = open_page(unused=True, offline=True, java_script_enabled=False)
    without.goto(path.as_uri())
    assert said in without.inner_text("body")
    with_it, _ = open_saved(open_page, path)
    assert said not in with_it.inner_text("body")


@pytest.mark.full
def test_a_saved_page_does_what_the_stage_does(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """Unroll, ask first, present, the roll, dark as the reader's system is; and it can be saved again."""
    online = open_page()
    visit(online, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unit=UNIT)
    path = save(online, "html", tmp_path)
    page, asked = open_saved(open_page, path, color_scheme="dark", accept_downloads=True)
    stage = page.get_by_test_id("stage")
    red, green, blue = (int(THEMES["dark"].text[at : at + 2], 16) for at in (1, 3, 5))
    expect(stage).to_have_css("color", f"rgb({red}, {green}, {blue})")
    page.get_by_test_id("stage-unroll").click()
    expect(stage.locator(".copy")).to_have_count(3)
    page.get_by_test_id("stage-unroll").click()
    page.get_by_test_id("stage-ask").click()
    expect(page.get_by_test_id("stage-next-panel")).to_have_class(re.compile(r"\bcovered\b"))
    page.get_by_test_id("stage-reveal").click()
    page.get_by_test_id("stage-present").click()
    expect(stage).to_have_class(re.compile(r"\bpresent\b"))
    page.keyboard.press("Escape")
    expect(stage).not_to_have_class(re.compile(r"\bpresent\b"))
    stage.locator(".choice button").last.click()
    expect(stage.locator(".choice button").last).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("stage-roll-c").hover(position={"x": 20, "y": 20})
    expect(stage.locator(".bubble")).to_be_visible()
    page.get_by_test_id("stage-next").click()
    (tmp_path / "again").mkdir()
    again = save(page, "html", tmp_path / "again")
    assert again.name == f"carousel-{FIRST_MODEL}-step-{STEP + 2}.html"
    other, _ = open_saved(open_page, again)
    expect_step(other, STEP + 1)
    other.get_by_test_id("stage-gate-f").click()
    expect(other.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    assert link_home(other) == link_home(page)
    assert asked[0] == path.as_uri() and all(url.startswith(("file:", "blob:", "data:")) for url in asked)


def link_home(page: Page) -> str:
    """Where the footer leads."""
    return page.locator("footer a").get_attribute("href") or ""


@pytest.mark.full
def test_a_saved_page_leads_back(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """Its footer has the caption and the link that the address bar had."""
    page = open_page()
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unit=UNIT)
    saved, _ = open_saved(open_page, save(page, "html", tmp_path))
    assert link_home(saved) == page.url
    footer = saved.locator("footer").inner_text()
    for part in ("LSTM", "128 units", f"step {STEP + 1} of {len(TEXT)}", f"unit {UNIT}"):
        assert part in footer and part in saved.title()


@pytest.mark.full
def test_a_saved_page_on_a_phone(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    page = open_page()
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    saved, _ = open_saved(open_page, save(page, "html", tmp_path), **PHONE)
    assert saved.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    saved.get_by_test_id("stage-next").tap()
    expect_step(saved, STEP + 1)


@pytest.mark.full
def test_the_saving_waits_for_the_weights(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """Also where those of one unit were there before; and a step taken meanwhile is what is saved."""
    page = open_page()
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    page.get_by_test_id("stage-gate-f").click()
    expect(page.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    page.keyboard.press("Escape")
    stand_at(page, unit=UNIT)
    expect_link(page, unit=UNIT)
    saved, _ = open_saved(open_page, save(page, "html", tmp_path))
    expect(saved.get_by_test_id("stage-unit")).to_have_value(str(UNIT))
    saved.get_by_test_id("stage-gate-f").click()
    expect(saved.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    saved.locator("button.push").first.click()
    expect(saved.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    expect(page.get_by_test_id("stage")).not_to_have_class(re.compile(r"\bsaving\b"))


HOSTILE = "a</script><script>window.mine = 1</script><!--<script>" + MARKUP + SIGNS


@pytest.mark.full
def test_hostile_text_is_text_in_what_is_saved(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """In strip, title, caption and link of a page, where nothing of it runs; no element of a picture comes from it, and no script."""
    page, text = open_page(), HOSTILE
    visit(page, server, model=FIRST_MODEL, text=text, step=2, unit=UNIT)
    saved, asked = open_saved(open_page, save(page, "html", tmp_path))
    expect(saved.get_by_test_id("stage").locator(".token")).to_have_text([visible(character) for character in text])
    assert foreign(saved) == []
    assert saved.title() == saved.locator("footer").inner_text().split(". Open")[0]
    assert saved.evaluate("document.scripts.length") == 1
    assert parse_qs(urlsplit(link_home(saved)).query)["text"] == [text]
    assert len(asked) == 1
    path = save(page, "svg", tmp_path)
    tree = ElementTree.fromstring(path.read_bytes())
    kinds = {node.tag.removeprefix(SVG) for node in tree.iter()}
    assert kinds <= {"svg", "style", "rect", "text", "tspan", "g", "title", "image", "a"}
    assert not [
        node for node in tree.iter() if node.attrib.get("id") or any(name.startswith("on") for name in node.attrib)
    ]
    picture = open_page(unused=True, offline=True)
    picture.goto(path.as_uri())
    assert picture.evaluate("window.mine") is None


@pytest.fixture
def at_a_step(open_page: OpenPage, server: Server) -> Page:
    page = open_page()
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unit=UNIT)
    return page


def texts_of(picture: str) -> list[str]:
    """Each text of an SVG picture, with what its parts say put together."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_the_picture_as_svg(at_a_step: Page, shipped: Shipped, tmp_path: Path) -> None:
    """It parses; its caption has model, place, text and link; the numbers on its wires are those on the stage."""
    page = at_a_step
    path = save(page, "svg", tmp_path)
    assert path.name == f"carousel-{FIRST_MODEL}-step-{STEP + 1}.svg"
    texts = texts_of(path.read_text(encoding="utf-8"))
    whole = "\n".join(texts)
    for part in (card_of(FIRST_MODEL).title, "LSTM", f"step {STEP + 1} of {len(TEXT)}", f"unit {UNIT}"):
        assert part in whole
    assert "".join(map(visible, TEXT)) in whole
    assert page.url in whole
    numbers = {f"{name}t{number}" for name, number in shown(page).values.items()}
    assert numbers <= set(texts)
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    expect_numbers(page, trace, STEP, UNIT)
    (image,) = ElementTree.fromstring(path.read_bytes()).iter(f"{SVG}image")
    assert image.attrib["href"].startswith("data:image/png;base64,")


@pytest.mark.full
def test_a_long_link_is_whole_in_the_picture(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    """A link that is cut leads nowhere."""
    page = open_page()
    visit(page, server, model=FIRST_MODEL, text=TEXT * 9, step=STEP + 1)
    picture = save(page, "svg", tmp_path).read_text(encoding="utf-8")
    links = {node.attrib.get("href") for node in ElementTree.fromstring(picture).iter(f"{SVG}a")}
    assert page.url in links | set(texts_of(picture))


@pytest.mark.full
def test_the_picture_as_png(at_a_step: Page, tmp_path: Path) -> None:
    """Twice as fine as the SVG, of the same shape; with the colours of the cell, and its background at the edge."""
    page, theme = at_a_step, THEMES["light"]
    drawn = ElementTree.fromstring(save(page, "svg", tmp_path).read_bytes())
    path = save(page, "png", tmp_path)
    assert path.name == f"carousel-{FIRST_MODEL}-step-{STEP + 1}.png"
    image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    wide, high = (round(2 * float(drawn.attrib[side])) for side in ("width", "height"))
    assert abs(image.width - wide) <= 2 and abs(image.height - high) <= 2
    assert image.width >= 1200 and image.height >= 700
    pixels = np.asarray(image)
    background = [int(theme.background[at : at + 2], 16) for at in (1, 3, 5)]
    assert pixels[2, 2].tolist() == background
    inked = (np.abs(pixels.astype(int) - background).sum(-1) > 60).mean()
    assert 0.03 < inked < 0.8, "drawn, and not filled"
    for role in ("keep", "write", "read", "belt"):
        colour = [int(theme.roles[role][at : at + 2], 16) for at in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - colour).sum(-1) <= 6).any(), role


@pytest.mark.full
def test_the_picture_is_of_this_step(at_a_step: Page, tmp_path: Path) -> None:
    """At rest, however soon after a step it is taken; unrolled with its neighbours."""
    page = at_a_step
    page.get_by_test_id("stage-next").click()
    path = save(page, "svg", tmp_path)
    assert path.name.endswith(f"-step-{STEP + 2}.svg")
    early = path.read_text(encoding="utf-8")
    assert 'class="chip waiting"' not in early, "no number waits for its wire"
    page.wait_for_timeout(1300)  # a step has flown by then
    late = save(page, "svg", tmp_path).read_text(encoding="utf-8")
    assert early == late
    page.get_by_test_id("stage-unroll").click()
    unrolled = "\n".join(texts_of(save(page, "svg", tmp_path).read_text(encoding="utf-8")))
    for offset in (-1, 0, 1):
        assert unrolled.count(visible(TEXT[STEP + 1 + offset]))
    assert len(re.findall(r"tanh", unrolled)) >= 6
