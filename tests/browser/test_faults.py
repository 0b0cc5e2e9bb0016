"""A fault of ours: the reader gets a sentence and keeps the page, the log gets the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import check_log
from tests.browser.harness import Server

FAULTY = """
import streamlit as st
from explorer.studio import server

if __name__ == "__main__":
    st.title("Before")
    raise RuntimeError("a secret of the server")
else:
    app = st.App(__file__, lifespan=server.lifespan, on_script_error=server.on_script_error)
"""


def test_a_page_that_fails(page: Page, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(FAULTY, encoding="utf-8")
    with Server(app, tmp_path / "log.txt") as server:
        page.goto(server.url)
        expect(page.get_by_test_id("stAlert")).to_be_visible()
        expect(page.get_by_role("heading", name="Before")).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert "secret" not in page.locator("body").inner_text()
        assert "RuntimeError: a secret of the server" in server.log
        with pytest.raises(pytest.fail.Exception, match="Traceback"):
            check_log(server)
        page.close()
