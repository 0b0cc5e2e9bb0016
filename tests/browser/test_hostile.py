"""Whatever a text contains is shown as text: nothing of it runs, nothing of it becomes part of the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from explorer.analysis.tokens import visible
from tests.browser.harness import Server
from tests.browser.reader import PAGES, go_to, text_box, type_text, visit
from tests.browser.waiting import until_equal

MARKUP = (
    '<b id="mine">x</b><img id="mine" src="x" onerror="window.mine = 1"><script>window.mine = 1</script>'
    "&lt;b&gt; &amp; &#60; $x^2$ **b** _i_ `c` [l](javascript:mine) ![i](x) # t :red[r] ~~s~~"
)
SIGNS = (
    "a \N{RIGHT-TO-LEFT OVERRIDE}b c\N{POP DIRECTIONAL FORMATTING} שלום 👩‍👧 e\N{COMBINING ACUTE ACCENT} "
    "❤\N{VARIATION SELECTOR-16} a\tb\n\nc\N{NO-BREAK SPACE}d"
)


def foreign(page: Page) -> list[str]:
    """Elements and globals that only the text could have made."""
    found: list[str] = page.evaluate(
        """() => {
            const found = window.mine ? ["a script ran"] : [];
            const look = (root) => {
                for (const node of root.querySelectorAll("*")) {
                    if (node.shadowRoot) look(node.shadowRoot);
                    if (node.id === "mine" || /javascript:/.test(node.getAttribute("href") ?? "")) found.push(node.outerHTML);
                    if (node.matches(".katex, .katex-html")) found.push("LaTeX: " + node.textContent);
                }
            };
            look(document);
            return found;
        }"""
    )
    return found


def test_it_is_shown_and_does_nothing(page: Page, server: Server) -> None:
    """On every page, typed and by the link: each character is a token of the strip, visible, in the order of reading."""
    text = MARKUP + SIGNS
    visit(page, server, step=1, text="a")
    type_text(page, text)
    for name in PAGES.values():
        go_to(page, name)
        tokens = page.get_by_test_id("stage").locator(".token")
        until_equal(page, tokens.all_text_contents, [visible(character) for character in text])
        assert foreign(page) == []
    page.reload()
    expect(text_box(page)).to_have_value(text)
    expect(page.get_by_test_id("stage").locator(".token")).to_have_count(len(text))
    assert foreign(page) == []


@pytest.mark.full
def test_tokens_stand_from_left_to_right(page: Page, server: Server) -> None:
    """Also those of a script that is written the other way: a step is a place."""
    visit(page, server, text=SIGNS, step=1)
    tokens = page.get_by_test_id("stage").locator(".token")
    expect(tokens).to_have_count(len(SIGNS))
    lefts = tokens.evaluate_all("nodes => nodes.map((node) => node.getBoundingClientRect().left)")
    assert len(lefts) == len(SIGNS)
    assert lefts == sorted(lefts)


@pytest.mark.full
def test_tick_labels_are_letters(page: Page, server: Server) -> None:
    """Plotly shows the characters of a tag one by one, and no entity."""
    text = "<b>&lt;</b>"
    visit(page, server, "belt", text=text, step=1)
    ticks = page.locator(".js-plotly-plot .xtick text, .js-plotly-plot .x3tick text")
    expect(ticks).to_have_text(list(text))


def test_a_notice_shows_what_the_link_said(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?model=<img src=x onerror='window.mine=1'> **b** $x$ %26lt;")
    notice = page.get_by_test_id("stAlert")
    expect(notice).to_contain_text("<img src=x onerror='window.mine=1'> **b** $x$ &lt;")
    assert foreign(page) == []


@pytest.mark.parametrize("text", ["", "x"])
def test_nearly_nothing(page: Page, server: Server, text: str) -> None:
    """The page says what to do; what was there comes back with the next text."""
    visit(page, server, step=1, text="ab")
    type_text(page, text)
    if not text:
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing to read yet")
        expect(page.get_by_test_id("stage")).to_have_count(0)
    else:
        expect(page.get_by_test_id("stage").locator(".verdict")).to_contain_text("ends here")
    type_text(page, "abc")


def test_a_hundred_thousand_characters(page: Page, server: Server) -> None:
    """A window of them is read, and can be moved; the box keeps all."""
    visit(page, server, step=1, text="ab")
    long = "So it goes on. " * 6667
    text_box(page).fill(long)
    text_box(page).press("Control+Enter")
    expect(page.get_by_test_id("stage-step")).to_contain_text("of 1000")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("100,005")
    expect(page.get_by_test_id("stage").locator(".token")).to_have_count(1000)
    expect(text_box(page)).to_have_value(long)


def test_half_a_character_is_replaced(page: Page, server: Server) -> None:
    """As it can be pasted: no message to the server may hold it. The page says that it is unknown, and goes on."""
    visit(page, server, text="abc")
    box = text_box(page)
    box.evaluate(
        """(box) => {
            Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, "ab\\ud800cd\\ud83d\\ude00");
            box.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    box.press("Control+Enter")
    expect(box).to_have_value("ab\N{REPLACEMENT CHARACTER}cd😀")
    expect(page.get_by_text("Unknown to this model: \N{REPLACEMENT CHARACTER}, 😀")).to_be_visible()
