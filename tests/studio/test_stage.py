"""The stage's script is one module of several files, and treats what a reader typed as text."""

from __future__ import annotations

import re

import pytest

from explorer.studio.components.stage import HERE, SCRIPTS

FILES = sorted((HERE / "js").glob("*.js"))


def test_every_file_is_part_of_the_module() -> None:
    """Once each; the one that exports the stage comes last."""
    assert sorted(SCRIPTS) == [file.stem for file in FILES]
    exports = [name for name in SCRIPTS if "export default" in (HERE / "js" / f"{name}.js").read_text(encoding="utf-8")]
    assert exports == [SCRIPTS[-1]]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_text_becomes_markup(file: object) -> None:
    """A component is no sandbox. A token may be a whole word one day, and so a whole tag."""
    script = re.sub(r"//.*", "", file.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "eval("):
        assert way not in script
