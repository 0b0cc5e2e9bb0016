"""Networks that read numbers: rows are typed, or come in a file; what cannot be read is named, and nothing that was typed is lost."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.models import Card
from explorer.studio.sequences import LARGEST
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import PAGES, check, go_to, opened, press, stage_of, type_text, words
from tests.models.tiny import FORECASTS, NUMBERS

ROWS = "0.25 0\n0.5 1\n-0.75 0"


@pytest.fixture
def card(shelve_task: ShelveTask) -> Card:
    """Reads two columns: value and mark."""
    return shelve_task(NUMBERS)


def plain(at: AppTest) -> str:
    return words(at).replace("\\", "")


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    "text", [ROWS, "0.25, 0; 0.5, 1; -0.75, 0", "0.25\t0\r\n0.5\t1\r\n-.75\t0\r\n", "\n0.25 0\n\n0.5 1\n-75e-2 0;\n"]
)
def test_however_rows_are_typed(text: str, card: Card) -> None:
    """The same numbers are read, on every page; the box keeps what was typed."""
    at = type_text(opened(model=card.name), text)
    trace = explorer.trace(explorer.load(card.name), np.array([[0.25, 0], [0.5, 1], [-0.75, 0]], np.float32))
    for page in PAGES:
        sent = stage_of(go_to(at, page))
        for signal, values in sent.signals.items():
            np.testing.assert_array_equal(values, trace[signal][0])
        assert at.text_area(key="text").value.replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_what_the_columns_are_is_said(card: Card) -> None:
    assert opened(model=card.name).text_area(key="text").label == "Numbers, a row a step: value, mark"
    assert "one row at a time" in opened(model=card.name).title[0].value


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.25 0\n0.5 half", ["Row 2", "“half”"]),
        ("0.25 0\n0.5", ["Row 2", "1 number", "value, mark"]),
        ("0.25 0 1", ["Row 1", "3 numbers"]),
        ("0.25 0\nnan 1", ["Row 2", "“nan”"]),
        ("0.25 0\n1e99 1", ["Row 2", "“1e99”"]),
        ("<b>1</b> $x$", ["Row 1", "“<b>1</b>”"]),
        ("漢字", ["Row 1", "“漢字”"]),
    ],
)
def test_a_row_that_cannot_be_read(text: str, parts: list[str], card: Card) -> None:
    """On every page: which row and what is in it. The text stays in the box, and mended it is read."""
    for page in PAGES:
        at = type_text(opened(page, model=card.name), text)
        assert [title.value for title in at.title] == ["This cannot be read"]
        for part in parts:
            assert part in plain(at)
        assert "<b>" not in words(at), "nothing of it is markup"
        assert at.text_area(key="text").value == text
        assert not at.get("bidi_component") and not at.get("plotly_chart")
    assert stage_of(type_text(at, ROWS)).header["steps"] == 3


def test_a_link_with_a_row_that_cannot_be_read(card: Card) -> None:
    at = opened(model=card.name, text="1 2 3", step=2, unit=1)
    assert "This cannot be read" in at.title[0].value and at.text_area(key="text").value == "1 2 3"


@pytest.mark.cases(1)
@pytest.mark.parametrize("text", ["", "  ", "\n", ";;"])
def test_no_row(text: str, card: Card) -> None:
    at = type_text(opened(model=card.name), text)
    assert not at.get("bidi_component")
    assert at.title[0].value in ("Nothing to read yet", "This cannot be read")
    assert stage_of(type_text(at, "1 1")).header["steps"] == 1


def test_one_row_on_every_page(card: Card) -> None:
    at = opened(model=card.name, text="0.5 1")
    for page in PAGES:
        sent = None if page == "gradients" else stage_of(go_to(at, page))
        assert sent is None or sent.header["steps"] == 1


def test_a_long_sequence_is_read_through_a_window(card: Card) -> None:
    rows = [f"{k / 2000:.4f} {k % 2}" for k in range(1500)]
    at = type_text(opened(model=card.name), "\n".join(rows))
    assert stage_of(at).header["steps"] == 1000
    check(at.number_input(key="from").set_value(501).run())
    trace = explorer.trace(explorer.load(card.name), "\n".join(rows[500:]))
    np.testing.assert_array_equal(stage_of(at).signals["h"], trace["h"][0])
    assert "1,500" in words(at)


def upload(at: AppTest, name: str, content: bytes) -> AppTest:
    return at.file_uploader(key="csv").upload(name, content, "text/csv").run()


def test_a_file_of_numbers(card: Card) -> None:
    """Its rows are put into the box and read, from the first step."""
    at = opened(model=card.name, step=2, unit=3)
    sent = stage_of(check(upload(at, "mine.csv", b"when,value,mark\n7,0.25,0\n8,0.5,1\n9,-0.75,0\n")))
    assert at.text_area(key="text").value == ROWS
    assert (sent.header["steps"], sent.place) == (3, (0, 3))
    type_text(at, "1 1; 0 0")
    assert at.text_area(key="text").value == "1 1; 0 0", "the file is not read again"


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"value,mark\n0.25,0\n,1\n", "Row 3 of the file has a gap"),
        (b"value\n0.25\n", "2 are needed: value, mark"),
        (b"\x89PNG\0\0", "not a table"),
        (b"", "empty"),
        (b"1,1\n" * (LARGEST // 4 + 1), "at most 1,000,000"),
        (b"<b>,1\n<i>,2", "1 column of numbers"),
    ],
    ids=["gap", "column", "picture", "empty", "large", "markup"],
)
def test_a_file_that_is_none(content: bytes, told: str, card: Card) -> None:
    """What is wrong is said, and what was there is still read."""
    at = type_text(opened(model=card.name), ROWS)
    upload(at, "mine.csv", content)
    assert not at.exception
    (error,) = at.error
    assert told in error.value.replace("\\", "") and "<" not in error.value.replace("\\<", "")
    assert at.text_area(key="text").value == ROWS and stage_of(at).header["steps"] == 3
    check(upload(at, "another.csv", b"1,1\n2,2"))
    assert at.text_area(key="text").value == "1 1\n2 2"


def test_what_was_read_of_a_file_is_said(card: Card) -> None:
    """Until the text is another one."""
    at = check(upload(opened(model=card.name), "mine.csv", b"when;value;mark\n7;0,25;0\n8;0,5;1\n"))
    assert "Read columns value, mark, rows 2 to 3. Decimal commas were read as decimal points." in plain(at)
    assert "rows 2 to 3" not in plain(type_text(at, "1 1"))


def test_columns_are_chosen_where_a_file_has_more(card: Card) -> None:
    """In the order of the network's; half a choice changes nothing."""
    at = opened(model=card.name, text=ROWS)
    at = upload(at, "mine.csv", b"year,a,b\n1990,1,0.5\n1991,0,0.25\n")
    assert "3 columns of numbers (column year (1990, 1991)" in at.error[0].value.replace("\\", "")
    at = at.multiselect(key="csv_columns").set_value([3]).run()
    assert at.text_area(key="text").value == ROWS
    check(at.multiselect(key="csv_columns").set_value([3, 2]).run())
    assert at.text_area(key="text").value == "0.5 1\n0.25 0"
    assert "Read columns b, a as value, mark, rows 2 to 3." in plain(at)


def test_the_decimal_mark_is_chosen_where_it_is_not_clear(shelve_task: ShelveTask) -> None:
    at = opened(model=shelve_task(FORECASTS).name)
    at = upload(at, "mine.csv", b'value;x\n"1,234";a\n"2,345";b')
    assert "can be 1234 (with a decimal point) or 1.234" in at.error[0].value.replace("\\", "")
    check(at.selectbox(key="csv_decimal").set_value(",").run())
    assert at.text_area(key="text").value == "1.234\n2.345"


def test_only_networks_that_read_numbers_take_a_file(card: Card, shelve: Shelve) -> None:
    assert opened(model=card.name).file_uploader
    assert not opened(model=shelve("lstm")).file_uploader


def test_what_is_wrong_with_a_file_is_of_its_task(card: Card, shelve_task: ShelveTask) -> None:
    shelve_task(FORECASTS)
    at = upload(opened(model=card.name), "mine.csv", b"1\n2\n")
    assert at.error
    press(at.button(key="task").click().run(), "menu tiny-forecast")
    assert not at.error


def test_one_column(shelve_task: ShelveTask) -> None:
    """A number a row; the strip shortens them, the readout is drawn beside them."""
    card = shelve_task(FORECASTS)
    at = opened(model=card.name, text="0.123456\n0.2\n-1")
    sent = stage_of(at)
    assert sent.header["shown"] == [".123456", ".2", "−1"]
    check(upload(at, "mine.csv", b"0.5\n0.25\n"))
    assert at.text_area(key="text").value == "0.5\n0.25"


def test_an_example_after_a_file(card: Card) -> None:
    at = check(upload(opened(model=card.name), "mine.csv", b"1,1\n2,2"))
    press(at, "random")
    assert stage_of(at).header["steps"] == 6


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("link", "told"),
    [({"step": 4}, "1 to 3"), ({"step": 0}, "1 to 3"), ({"unit": 4}, "0 to 3"), ({"unit": "x"}, "0 to 3")],
    ids=str,
)
def test_a_stale_link(link: dict[str, object], told: str, card: Card) -> None:
    """Steps are rows. A notice and the default."""
    at = opened(model=card.name, text=ROWS, **link)
    assert told in at.warning[0].value.replace("\\", "")
    assert stage_of(at).place == (0, card.show.unit)


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("hidden", {"changed": 99}),
        ("hidden", {"into_row": "a"}),
        ("hidden", {"into_row": "1 2 3"}),
        ("gradients", {"of": "the mean squared error of all steps"}),
        ("gradients", {"at": 99}),
        ("gates", {"gates": "By kind of token"}),
    ],
    ids=str,
)
def test_a_setting_of_a_page_that_is_none(page: str, link: dict[str, object], card: Card) -> None:
    assert opened(page, model=card.name, text=ROWS, **link).get("plotly_chart")
