"""`python -m explorer`: what it prints, what it writes, and one line for wrong use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import explorer
from explorer.__main__ import RECIPES, bar, drawn, main
from explorer.backend.training import Budget, Progress, TrainingDiverged
from explorer.models import Card
from explorer.models.corpus import CorpusUnavailable
from explorer.models.recipes.base import Split
from explorer.models.zoo import SETTING

ROOT = Path(__file__).parents[1]
TEXT = (
    'He said:\n\n"Where away?" and then: "Three points off the bow, sir!" He paused, and said no more of it.\n\n' * 40
)


@pytest.fixture
def tiny_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task english, cut down to what trains in a second, on a text that is at hand."""
    tiny = replace(
        RECIPES["english"],
        split=lambda: Split(TEXT, TEXT),
        budget=Budget(steps=20, batch=4, length=16, learning_rate=1e-2),
        input_size=4,
        hidden_size=6,
    )
    monkeypatch.setitem(RECIPES, "english", tiny)


@pytest.fixture
def tiny_zoo(tiny_recipe: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one model in it, in place of the shipped ones."""
    folder = tmp_path / "zoo"
    monkeypatch.setenv(SETTING, str(folder))
    assert main(["train", "english", "--cell", "gru"]) == 0
    return folder


def check_one_line(error: str) -> None:
    assert error.endswith("\n")
    assert error.count("\n") == 1
    assert "Traceback" not in error


def status_of(argv: list[str]) -> int:
    try:
        return main(argv)
    except SystemExit as stopped:
        return int(stopped.code or 0)


def test_train_writes_weights_and_card_and_prints_the_score(
    tiny_recipe: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path))
    assert main(["train", "english", "--cell", "gru"]) == 0
    out, err = capsys.readouterr()
    card = Card.read(tmp_path / "english-gru.json")
    assert f"english-gru: {card.scores['held_out_bits_per_character']:.4f} bits/char held out" in out
    assert explorer.load("english-gru").card == card
    assert "step 20 of 20" in err


def test_train_takes_seed_steps_and_out(tiny_recipe: None, tmp_path: Path) -> None:
    assert main(["train", "english", "--cell", "rnn", "--out", str(tmp_path), "--seed", "7", "--steps", "3"]) == 0
    card = Card.read(tmp_path / "english-rnn.json")
    assert (card.seed, card.budget["steps"]) == (7, 3)


def test_models_is_a_table(tiny_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["models"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["NAME", "CELL", "TASK"]
    assert row.split()[:5] == ["english-gru", "gru", "english", "1", "6"]


def test_models_of_an_empty_folder_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path))
    assert main(["models"]) == 1
    error = capsys.readouterr().err
    check_one_line(error)
    assert "python -m explorer train" in error


def test_trace_writes_what_the_library_reads(tiny_zoo: Path, tmp_path: Path) -> None:
    out = tmp_path / "trace.npz"
    assert main(["trace", "--model", "english-gru", "--text", "He said: so", "--out", str(out)]) == 0
    expected = explorer.trace(explorer.load("english-gru"), "He said: so")
    found = explorer.Trace.read(out)
    assert found.tokens == expected.tokens
    np.testing.assert_array_equal(found["z"], expected["z"])


def test_trace_writes_a_table_too(tiny_zoo: Path, tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "trace.csv"
    text.write_text("He said", encoding="utf-8")
    assert main(["trace", "--model", "english-gru", "--file", str(text), "--out", str(out)]) == 0
    frame = pd.read_csv(out)
    assert len(frame) == len("He said") * 6
    assert {"step", "token", "unit", "z", "h"} <= set(frame)


def test_trace_tells_of_unknown_characters(tiny_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--model", "english-gru", "--text", "He ☃", "--out", str(tmp_path / "x.npz")]) == 0
    assert "☃" in capsys.readouterr().err


OUT = ["--out", "x.npz"]
WRONG = {
    "nothing": ([], "models | trace | train"),
    "an unknown command": (["modles"], "'models', 'trace', 'train'"),
    "no model": (["trace", "--text", "a", *OUT], "--model"),
    "an unknown model": (["trace", "--model", "lsmt", "--text", "a", *OUT], "choose from english-gru"),
    "no text": (["trace", "--model", "english-gru", *OUT], "--text --file"),
    "both text and file": (["trace", "--model", "english-gru", "--text", "a", "--file", "b", *OUT], "not allowed with"),
    "an empty text": (["trace", "--model", "english-gru", "--text", "", *OUT], "at least one character"),
    "a file that is not there": (["trace", "--model", "english-gru", "--file", "gone.txt", *OUT], "gone.txt: No such"),
    "a file that is no text": (["trace", "--model", "english-gru", "--file", "binary", *OUT], "not UTF-8"),
    "another kind of output": (
        ["trace", "--model", "english-gru", "--text", "a", "--out", "x.txt"],
        "end in .npz or .csv",
    ),
    "a folder that is not there": (
        ["trace", "--model", "english-gru", "--text", "a", "--out", "gone/x.npz"],
        "No such",
    ),
    "an unknown task": (["train", "englisch", "--cell", "lstm"], "'english'"),
    "an unknown cell": (["train", "english", "--cell", "lsmt"], "'lstm'"),
    "no cell": (["train", "english"], "--cell"),
    "no steps": (["train", "english", "--cell", "lstm", "--steps", "0"], "at least 1"),
    "a word for a number": (["train", "english", "--cell", "lstm", "--seed", "one"], "invalid int value: 'one'"),
}


@pytest.mark.parametrize(("argv", "says"), WRONG.values(), ids=WRONG)
def test_wrong_use_exits_2_with_one_line(
    argv: list[str],
    says: str,
    tiny_zoo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("binary").write_bytes(b"\xff\xfe\x00")
    capsys.readouterr()
    assert status_of(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    check_one_line(err)
    assert says in err


@pytest.mark.parametrize("error", [CorpusUnavailable("npm is needed"), TrainingDiverged("the loss became nan")])
def test_what_cannot_be_done_exits_1_with_one_line(
    error: Exception, tiny_recipe: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Split:
        raise error

    monkeypatch.setitem(RECIPES, "english", replace(RECIPES["english"], split=fail))
    assert main(["train", "english", "--cell", "lstm"]) == 1
    err = capsys.readouterr().err
    check_one_line(err)
    assert str(error) in err


def press_ctrl_c_at(step: int) -> Callable[[Progress, Progress], str]:
    def instead_of_bar(now: Progress, first: Progress) -> str:
        if now.step == step:
            signal.raise_signal(signal.SIGINT)
        return bar(now, first)

    return instead_of_bar


def test_a_stopped_run_goes_on_to_the_same_model(
    tiny_recipe: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", "english", "--cell", "lstm", "--steps", "150"]
    assert main([*train, "--out", str(tmp_path / "unbroken")]) == 0
    resumed = [*train, "--out", str(tmp_path / "resumed"), "--resume", str(tmp_path / "run.pt")]
    with monkeypatch.context() as patch:
        patch.setattr("explorer.__main__.bar", press_ctrl_c_at(120))
        assert main(resumed) == 130
    assert "run the same command again" in capsys.readouterr().err
    assert not (tmp_path / "resumed").exists()
    assert main(resumed) == 0
    weights = [(tmp_path / folder / "english-lstm.safetensors").read_bytes() for folder in ("unbroken", "resumed")]
    assert weights[0] == weights[1]


def test_a_terminal_sees_a_bar_and_a_log_sees_ten_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [Progress(step, 100, 1.0, step / 10) for step in range(1, 101)]
    assert list(drawn(iter(events))) == events
    assert capsys.readouterr().err.count("\n") == 10
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(drawn(iter(events)))
    assert capsys.readouterr().err.count("\n") == 1


def test_the_bar_tells_step_bits_and_time_left() -> None:
    line = bar(Progress(50, 100, np.log(4), 60.0), Progress(0, 100, 1.0, 0.0))
    assert "██████████░░░░░░░░░░  50%  step 50 of 100  2.000 bits  1:00 left" in line


def test_the_bar_does_not_guess_the_time_from_one_step() -> None:
    first = Progress(1, 100, 1.0, 0.1)
    assert "left" not in bar(first, first)


def test_in_a_shell() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "explorer", *arguments]
        return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)

    models = run("models")
    assert (models.returncode, models.stderr) == (0, "")
    assert "english-lstm" in models.stdout
    wrong = run("trace", "--model", "nobody", "--text", "a", "--out", "x.npz")
    assert wrong.returncode == 2
    check_one_line(wrong.stderr)
