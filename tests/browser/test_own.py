"""One's own network: a file is dropped, a vocabulary typed, the badge read, every page walked, every file taken away and opened."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from playwright.sync_api import Page, expect
from torch import nn

import explorer
from explorer.analysis.diagnosis.telling import summary
from explorer.signals import Trace
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import expect_link, ready, type_text

LETTERS = " abcdefgh"
TEXT = "a bad cab had a bag ed fed"
FILE = "letters.pt"
UNITS = 6


def made(folder: Path) -> Path:
    """What somebody's training leaves: embedding, layers and readout, under a key, without a vocabulary."""
    torch.manual_seed(0)
    parts = nn.ModuleDict(
        {"embed": nn.Embedding(len(LETTERS), 4), "rnn": nn.LSTM(4, UNITS, 2), "head": nn.Linear(UNITS, len(LETTERS))}
    )
    torch.save({"epoch": 3, "model": parts.state_dict()}, folder / FILE)
    return folder / FILE


def at_your_model(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/own")
    expect(page.get_by_role("heading", name="Your model", level=1)).to_be_visible()
    settle(page)
    return page


def drop(page: Page, path: Path) -> None:
    page.get_by_test_id("stMain").get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(path)


def dropped(page: Page, server: Server, folder: Path) -> Page:
    """With the network at hand."""
    drop(at_your_model(page, server), made(folder))
    expect(page.get_by_role("heading", name=FILE)).to_be_visible()
    settle(page)
    return page


def give_vocabulary(page: Page) -> None:
    page.get_by_role("button", name="Give the vocabulary").click()
    box = page.get_by_label("Or type or paste it")
    box.fill(LETTERS)
    box.press("Control+Enter")
    expect(page.get_by_text(f"{len(LETTERS)} symbols").first).to_be_visible()
    settle(page)
    page.keyboard.press("Escape")


def walk_to(page: Page, name: str) -> None:
    """By the page table; there is no box that says what went wrong."""
    settle(page)
    title = page.get_by_test_id("stMain").get_by_role("heading", level=1)
    before = title.inner_text()
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    expect(title).not_to_have_text(before)  # the page before stands there until the server answers
    settle(page)
    for box in ("stException", "stAlertContentError"):
        expect(page.get_by_test_id(box)).to_have_count(0)


def names_of_pages(page: Page) -> list[str]:
    """As the page table at the left has them, behind their icons."""
    links = page.get_by_test_id("stSidebarNav").get_by_role("link").all_inner_texts()
    return [link.split("\n")[-1].strip() for link in links]


def take(page: Page, label: str, folder: Path) -> Path:
    """A press; the file, under the name that the app gives it."""
    with page.expect_download() as download:
        page.get_by_test_id("stMain").get_by_role("button", name=label).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_from_a_file_to_what_is_taken_away(page: Page, server: Server, tmp_path: Path) -> None:
    """Every number is what the library says of that file; the program that is taken along ends well where nothing of ours is installed."""
    dropped(page, server, tmp_path)
    give_vocabulary(page)
    badge = re.search(
        r"from torch\.nn\.LSTM \S+: (0|[\d.]+ × 10⁻([⁵⁶⁷⁸⁹]|¹.))", page.get_by_test_id("stMain").inner_text()
    )
    assert badge  # at most 9.9 × 10⁻⁵: float32, added up in another order than the kernel does
    assert badge[1] == "0" or badge[2] != "⁵" or float(badge[1].split()[0]) <= 1
    first, *others = names_of_pages(page)
    walk_to(page, first)
    type_text(page, TEXT)
    for name in others:
        walk_to(page, name)
    model = explorer.load(tmp_path / FILE, vocabulary=write(tmp_path / "symbols.json", json.dumps(list(LETTERS))))
    trace, verdict = explorer.trace(model, TEXT), summary(explorer.diagnose(model, TEXT))
    assert others[-1] == "Diagnosis"
    expect(page.get_by_role("heading", level=1)).to_have_text(verdict)

    page.get_by_test_id("stMain").get_by_text("Export", exact=True).click()
    npz, csv, parquet, html = (take(page, kind, tmp_path) for kind in ("NPZ", "CSV", "Parquet", "HTML"))
    np.testing.assert_array_equal(Trace.read(npz)["c"], trace["c"])
    for table in (pd.read_csv(csv), pd.read_parquet(parquet)):
        np.testing.assert_allclose(table["h"], trace["h"].ravel(), rtol=1e-6)  # a CSV has the digits of float32
    assert escape(verdict) in html.read_text(encoding="utf-8")
    take(page, "Weights", tmp_path)
    program = take(page, "The program", tmp_path)
    run = subprocess.run([sys.executable, program.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("h: ")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_it_stays_in_its_session_and_a_foreign_file_changes_nothing(
    open_page: OpenPage, server: Server, tmp_path: Path
) -> None:
    """Who follows its link is told so, and reads with the first network; an HTML page named .pt is refused in a sentence."""
    mine, other = open_page(), open_page()
    walk_to(dropped(mine, server, tmp_path), "Watch")
    expect(mine).to_have_url(re.compile(r"[?&]model=own-\w+"))
    other.goto(mine.url)
    expect(other.get_by_test_id("stAlert")).to_contain_text("stays in the session of its upload")
    ready(other)
    expect_link(other, model=FIRST_MODEL)
    expect(other.get_by_role("link", name="About your model")).to_have_count(0)
    walk_to(other, "Your model")
    expect(other.get_by_text(FILE)).to_have_count(0)

    walk_to(mine, "Your model")
    drop(mine, write(tmp_path / "page.pt", "<!doctype html><title>Not found</title>"))
    refused = mine.get_by_test_id("stAlertContentError")
    expect(refused).to_be_visible()
    assert len(refused.inner_text()) < 400 and "This is a web page" in refused.inner_text()
    expect(mine.get_by_role("heading", name=FILE)).to_be_visible()
    mine.get_by_role("link", name="Watch", exact=True).click()
    ready(mine)
    expect(mine.get_by_test_id("stSidebar").get_by_role("button", name=FILE)).to_be_visible()


@pytest.mark.full
def test_the_stage_shows_what_is_read_and_what_is_answered_each_for_itself(
    page: Page, server: Server, tmp_path: Path
) -> None:
    """Symbols in and numbers out, on every page: a line for the answer alone. Numbers in and classes out: a line and a row below it."""
    torch.manual_seed(0)
    encoder, classifier = tmp_path / "encoder.pt", tmp_path / "classifier.pt"
    torch.save(nn.ModuleDict({"emb": nn.Embedding(31, 8), "lstm": nn.LSTM(8, 12)}).state_dict(), encoder)
    torch.save(nn.ModuleDict({"lstm": nn.LSTM(3, 5), "fc": nn.Linear(5, 4)}).state_dict(), classifier)
    drop(at_your_model(page, server), encoder)
    expect(page.get_by_role("heading", name=encoder.name)).to_be_visible()
    for name in names_of_pages(page):
        if name != "Your model":
            walk_to(page, name)
        if page.get_by_test_id("stage").count():
            ready(page)
            expect(page.locator(".strip + .heights + .lines")).to_be_visible()
    walk_to(page, "Your model")
    drop(page, classifier)
    expect(page.get_by_role("heading", name=classifier.name)).to_be_visible()
    settle(page)
    page.get_by_role("combobox", name="It answers with").click()
    page.get_by_role("option", name="one class for all that was read").click()
    walk_to(page, "Watch")
    ready(page)
    expect(page.locator(".strip + .heights + .answers + .lines")).to_be_visible()
    steps = int((page.get_by_test_id("stage-step").text_content() or "").split()[-1])
    expect(page.locator(".answer")).to_have_count(steps)
    assert set(page.locator(".answer").all_inner_texts()) <= set("0123")
