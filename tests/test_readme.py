"""What the README says is true: its code runs, its commands work, its links lead somewhere, its figures are those of the cards.

`python -m tests.test_readme` writes the table of models anew.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import explorer
from explorer.__main__ import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TABLE = re.compile(
    r"(?<=<!-- models: from the cards, by `python -m tests.test_readme` -->\n).*?(?=<!-- end of models)", re.DOTALL
)


def table() -> str:
    """The table of the shipped models, as the README should have it."""
    rows = [
        f"| `{card.name}` | {card.cell} | {card.num_layers} × {card.hidden_size} | {card.parameters:,} "
        f"| {card.headline.words(card.score)} |"
        for card in explorer.zoo()
    ]
    head = ["| model | cell | layers × units | parameters | held out |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def commands() -> list[str]:
    return re.findall(r"^    python -m explorer (.+)$", README.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_code_runs_and_is_as_its_comments_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of("python")
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # one after the other, as a reader would
        for expression, value in re.findall(r"^(\S.*?) {2,}# (\(.*?\))(?=:|$)", block, re.MULTILINE):
            assert eval(expression, names) == eval(value), expression
    assert Path("ishmael.npz").exists()
    pushes = names["pushes"]
    total = pushes.inputs.sum(-1) + pushes.units.sum(-1) + pushes.bias  # type: ignore[attr-defined]
    np.testing.assert_allclose(total, names["trace"]["f_pre"][0, :, 3], atol=1e-4)  # type: ignore[index]


def test_the_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quick = [shlex.split(command) for command in commands() if not command.startswith("train")]
    assert len(quick) >= 3
    for argv in quick:
        assert main(argv) == 0


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_the_table_is_that_of_the_cards() -> None:
    found = TABLE.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group() == table(), "python -m tests.test_readme writes it anew"


def test_the_commands_to_run_and_to_test_are_there() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert "    pip install -r requirements.txt && streamlit run app.py" in lines
    assert "    python tests/run.py" in lines


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text(encoding="utf-8")), encoding="utf-8")
