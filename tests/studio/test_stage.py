"""The stage's script is one module of several files, and treats what a reader typed as text."""

from __future__ import annotations

import json
import re

import pytest

from explorer.studio.components import shared
from explorer.studio.components.stage import HERE, SCRIPTS, script

FILES = sorted([*(HERE / "js").glob("*.js"), *(shared.HERE / "js").glob("*.js")])


def test_every_file_is_part_of_the_module() -> None:
    """Once each, whole, in the order of use; the module shows nothing of itself but how it is mounted."""
    assert sorted(SCRIPTS) == FILES
    places = [script().index(file.read_text(encoding="utf-8")) for file in SCRIPTS]
    assert places == sorted(places)
    assert re.findall(r"^export .*", script(), re.MULTILINE) == ["export default carousel(sheet).mount;"]


def test_a_saved_page_takes_the_whole_module_along() -> None:
    """All scripts are within one function, whose own source it writes; the style sheet is handed in."""
    (inside,) = re.findall(r"^function carousel\(sheet\) \{\n(.*)^\}\n", script(), re.MULTILINE | re.DOTALL)
    assert all(file.read_text(encoding="utf-8") in inside for file in SCRIPTS)
    sheet = script().partition("\n")[0]
    assert json.loads(sheet.removeprefix("const sheet = ").removesuffix(";")) == (HERE / "stage.css").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_text_becomes_markup(file: object) -> None:
    """A component is no sandbox. A token may be a whole word one day, and so a whole tag."""
    script = re.sub(r"//.*", "", file.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "eval("):
        assert way not in script
