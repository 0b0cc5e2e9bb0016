"""`python -m explorer`: what it prints, what it writes, and one line for wrong use."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

import explorer
from explorer import terminal
from explorer.__main__ import RECIPES, bar, main, show_progress
from explorer.backend.training import Budget, Progress, TrainingDiverged
from explorer.cells import REGISTRY, build, names
from explorer.models import Card
from explorer.models.card import Headline
from explorer.models.corpus import CorpusUnavailable
from explorer.models.recipes import Recipe
from explorer.models.recipes.base import Data, Example, streams
from explorer.models.vocabulary import Characters
from explorer.models.zoo import SETTING

ROOT = Path(__file__).parents[1]
TEXT = (
    'He said:\n\n"Where away?" and then: "Three points off the bow, sir!" He paused, and said no more of it.\n\n' * 40
)


DATA = Data(
    reader=Characters.of(TEXT),
    batches=streams(Characters.of(TEXT), TEXT),
    streaming=True,
    held_out=(Example(TEXT),),
    chosen_on=(TEXT,),
)


@pytest.fixture
def tiny_recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """The task english, cut down to what trains in a second, on a text that is at hand."""
    tiny = replace(
        RECIPES["english"],
        data=lambda: DATA,
        budget=Budget(steps=20, batch=4, length=16, learning_rate=1e-2),
        input_size=4,
        hidden_size=6,
    )
    monkeypatch.setitem(RECIPES, "english", tiny)
    return tiny


@pytest.fixture
def tiny_zoo(tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path))
    assert main(["train", "english", "--cell", "gru"]) == 0
    out, err = capsys.readouterr()
    card = Card.read(tmp_path / "english-gru.json")
    score = card.scores["held_out_bits_per_character"]
    assert out == f"english-gru: {score:.4f} bits a character, held out; written to {tmp_path}\n"
    assert explorer.load("english-gru").card == card
    assert "step 20 of 20" in err


def test_train_takes_seed_steps_and_out(tiny_recipe: Recipe, tmp_path: Path) -> None:
    assert main(["train", "english", "--cell", "rnn", "--out", str(tmp_path), "--seed", "7", "--steps", "3"]) == 0
    card = Card.read(tmp_path / "english-rnn.json")
    assert (card.seed, card.budget["steps"]) == (7, 3)


def test_train_without_a_seed_trains_all_that_the_recipe_names(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The best by the recipe's own selection is kept, all are on the card, and the bar runs once for each."""
    several = replace(tiny_recipe, seeds=(4, 2, 3), selection=lambda model: float(model.cell.weight_hh[0, 0].detach()))
    monkeypatch.setitem(RECIPES, "english", several)
    assert main(["train", "english", "--cell", "gru", "--out", str(tmp_path)]) == 0
    card = Card.read(tmp_path / "english-gru.json")
    assert [one["seed"] for one in card.seeds] == [4, 2, 3]
    assert card.seed == max(card.seeds, key=lambda one: one["selected_by"])["seed"]
    err = capsys.readouterr().err
    assert err.count("step 20 of 20") == 3
    assert err.count("measuring the held-out score") == 1


@pytest.mark.full
def test_train_on_a_device(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The CPU where none is named, whatever the environment says, so that a run can be repeated; one that is not there is refused."""
    train = ["train", "english", "--cell", "gru", "--steps", "3"]
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setenv("CAROUSEL_DEVICE", "cuda")
    for number, device in enumerate(([], ["--device", "cpu"])):
        assert main([*train, *device, "--out", str(tmp_path / str(number))]) == 0
    assert len({Card.read(tmp_path / str(number) / "english-gru.json").sha256 for number in range(2)}) == 1
    capsys.readouterr()
    for device in ("cuda", "auto"):
        assert status_of([*train, "--device", device, "--out", str(tmp_path / "not")]) == 2
        error = capsys.readouterr().err
        check_one_line(error)
        assert "this machine has no 'cuda'; it has cpu" in error
    assert not (tmp_path / "not").exists()


def test_train_keeps_snapshots(tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder a seed: the weights before the first update, at every check, and at the end, which are those that are written."""
    monkeypatch.setitem(RECIPES, "english", replace(tiny_recipe, budget=replace(tiny_recipe.budget, check=8)))
    train = ["train", "english", "--cell", "rnn", "--seed", "5", "--out", str(tmp_path / "models")]
    assert main([*train, "--snapshots", str(tmp_path / "along")]) == 0
    files = sorted(str(file.relative_to(tmp_path / "along")) for file in (tmp_path / "along").rglob("*.pt"))
    assert files == ["5/0.pt", "5/16.pt", "5/20.pt", "5/8.pt"]
    last = torch.load(tmp_path / "along" / "5" / "20.pt", weights_only=True)
    written = load_file(tmp_path / "models" / "english-rnn.safetensors")
    assert last.keys() == written.keys()
    assert all(torch.equal(last[name], weight) for name, weight in written.items())


def test_models_is_a_table(tiny_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["models"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "CELL", "TASK", "LAYERS", "UNITS", "PARAMETERS", "HELD", "OUT"]
    card = Card.read(tiny_zoo / "english-gru.json")
    found = [
        row[head.index(name) :].split("  ")[0] for name in ("NAME", "CELL", "TASK", "LAYERS", "UNITS", "PARA", "HELD")
    ]
    assert found == [
        "english-gru",
        "gru",
        "english",
        "1",
        "6",
        f"{card.parameters:,}",
        f"{card.score:.2f} bits a character",
    ]


def test_models_tells_each_score_in_its_own_words(tiny_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A share of right answers as per cent, an error as a number; one below the other."""
    card = Card.read(tiny_zoo / "english-gru.json")
    for name, group, headline, score in (
        ("verbs", "Grammar", Headline(key="right", says="of the verbs right", better="higher", percent=True), 0.987),
        ("sum", "Numbers", Headline(key="error", says="mean squared error", better="lower"), 0.00123),
    ):
        other = replace(card, name=name, task=name, group=group, headline=headline, scores={headline.key: score})
        other.write(tiny_zoo / f"{name}.json")
    capsys.readouterr()
    assert main(["models"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    where = head.index("HELD OUT")
    assert [row.split()[0] for row in rows] == ["english-gru", "verbs", "sum"]
    assert [row[where:] for row in rows[1:]] == ["99 % of the verbs right", "0.0012 mean squared error"]


def test_cells_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell in the registry's order: name, title, parent, parameters as a formula and as a number, what it changes."""
    assert main(["cells"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == list(names())
    starts = [head.index(word) for word in ("NAME", "TITLE", "CHANGES", "PARAMETERS", "WHAT")]
    (lstm,) = (row for row in rows if row.startswith("lstm "))
    cut = [lstm[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
    assert cut[:3] == ["lstm", "LSTM", "lstm-1997"]
    assert re.split(r"\s{2,}", cut[3]) == ["4(HI + H² + 2H)", "6,400"]
    assert cut[4] == REGISTRY["lstm"].change


def test_cells_counts_at_the_sizes_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cells", "--inputs", "3", "--units", "1000"]) == 0
    out = capsys.readouterr().out
    count = sum(weight.numel() for weight in torch.nn.LSTM(3, 1000).parameters())
    assert f"{count:,}" in out
    assert "3, 1000" in out


@pytest.mark.parametrize("name", names())
def test_a_cell_is_shown_with_all_that_is_said_of_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cells", name]) == 0
    out, err = capsys.readouterr()
    cell, built = REGISTRY[name], build(name, 16, 32)
    assert err == ""
    assert out.startswith(f"{cell.title} ({name})\n\n")
    assert "h_t = " in out
    assert cell.source in out
    assert f"; {sum(weight.numel() for weight in built.parameters()):,} with I = 16 inputs and H = 32 units" in out
    for option in build(name, 3, 4).options:
        assert f"{option}=" in out


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
    """As the ending says."""
    text = tmp_path / "text.txt"
    text.write_text("He said", encoding="utf-8")
    for name, read in (("trace.csv", pd.read_csv), ("trace.parquet", pd.read_parquet)):
        out = tmp_path / name
        assert main(["trace", "--model", "english-gru", "--file", str(text), "--out", str(out)]) == 0
        frame = read(out)
        assert len(frame) == len("He said") * 6
        assert {"step", "token", "unit", "z", "h"} <= set(frame)


def test_trace_tells_of_unknown_characters(tiny_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--model", "english-gru", "--text", "He ☃", "--out", str(tmp_path / "x.npz")]) == 0
    assert "☃" in capsys.readouterr().err


OUT = ["--out", "x.npz"]
WRONG = {
    "nothing": ([], "models | cells | trace | check | train"),
    "an unknown command": (["modles"], "'models', 'cells', 'trace', 'check', 'train'"),
    "a cell that there is not": (["cells", "lsmt"], "'lstm'"),
    "two cells": (["cells", "lstm", "gru"], "unrecognized arguments: gru"),
    "no units": (["cells", "--units", "0"], "--units is 0; it must be at least 1"),
    "half an input": (["cells", "lstm", "--inputs", "0.5"], "invalid int value: '0.5'"),
    "no model": (["trace", "--text", "a", *OUT], "--model"),
    "an unknown model": (["trace", "--model", "lsmt", "--text", "a", *OUT], "choose from english-gru"),
    "no text": (["trace", "--model", "english-gru", *OUT], "--text --file"),
    "both text and file": (["trace", "--model", "english-gru", "--text", "a", "--file", "b", *OUT], "not allowed with"),
    "an empty text": (["trace", "--model", "english-gru", "--text", "", *OUT], "at least one character"),
    "a file that is not there": (["trace", "--model", "english-gru", "--file", "gone.txt", *OUT], "gone.txt: No such"),
    "a file that is no text": (["trace", "--model", "english-gru", "--file", "binary", *OUT], "not UTF-8"),
    "another kind of output": (
        ["trace", "--model", "english-gru", "--text", "a", "--out", "x.txt"],
        "'x.txt' has no known ending; a trace is saved as .npz, .csv or .parquet",
    ),
    "a folder that is not there": (
        ["trace", "--model", "english-gru", "--text", "a", "--out", "gone/x.npz"],
        "No such",
    ),
    "an unknown task": (["train", "englisch", "--cell", "lstm"], "'english'"),
    "an unknown cell": (["train", "english", "--cell", "lsmt"], "'lstm'"),
    "a sibling that the task has not": (["train", "english", "--cell", "gru"], "english has no gru; it has rnn, lstm"),
    "no cell": (["train", "english"], "--cell"),
    "an unknown device": (["train", "english", "--cell", "lstm", "--device", "tpu"], "'cuda'"),
    "no steps": (["train", "english", "--cell", "lstm", "--steps", "0"], "at least 1"),
    "a word for a number": (["train", "english", "--cell", "lstm", "--seed", "one"], "invalid int value: 'one'"),
}


@pytest.mark.cases(5)
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
    monkeypatch.setitem(RECIPES, "english", replace(RECIPES["english"], cells={"rnn": {}, "lstm": {}}))
    Path("binary").write_bytes(b"\xff\xfe\x00")
    capsys.readouterr()
    assert status_of(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    check_one_line(err)
    assert says in err


@pytest.mark.parametrize("error", [CorpusUnavailable("npm is needed"), TrainingDiverged("the loss became nan")])
def test_what_cannot_be_done_exits_1_with_one_line(
    error: Exception, tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Data:
        raise error

    monkeypatch.setitem(RECIPES, "english", replace(RECIPES["english"], data=fail))
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


@pytest.mark.full
def test_a_stopped_run_goes_on_to_the_same_model(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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


@pytest.mark.full
def test_a_run_of_several_seeds_that_is_stopped_says_how_to_go_on(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each seed is saved in a file of its own: before the first save, after it, and without any."""
    monkeypatch.setitem(RECIPES, "english", replace(tiny_recipe, seeds=(1, 2)))
    train = ["train", "english", "--cell", "rnn", "--steps", "120", "--out", str(tmp_path / "models")]
    kept = ["--resume", str(tmp_path / "run.pt")]
    for argv, step, says in (
        (train, 48, "nothing was saved; use --resume FILE"),
        ([*train, *kept], 48, "nothing was saved yet, since the first save is at step 100"),
        ([*train, *kept], 108, "run the same command again to go on from its last save"),
        ([*train, *kept, "--seed", "3"], 48, "nothing was saved yet, since the first save"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr("explorer.__main__.bar", press_ctrl_c_at(step))
            assert main(argv) == 130
        assert says in capsys.readouterr().err.splitlines()[-1]
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt.1"]


def test_a_terminal_sees_a_bar_and_a_log_sees_ten_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [Progress(step, 100, 1.0, step / 10) for step in range(1, 101)]
    assert list(show_progress(iter(events))) == events
    assert capsys.readouterr().err.count("\n") == 10
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(show_progress(iter(events)))
    assert capsys.readouterr().err.count("\n") == 1


def test_the_bar_begins_anew_with_each_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in a terminal, where it is not redrawn more often than five times a second: the clock of the next seed starts at 0. The time
    that is left is reckoned from that seed's own first event."""
    events = [Progress(step, 100, 1.0, step / 10, ended=False) for _ in range(2) for step in range(1, 101)]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(show_progress(iter(events)))
    lines = capsys.readouterr().err.split("\n")[:-1]
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[1].count("\r") > 30
    assert "0:05 left" in lines[1]


def test_the_bar_tells_step_loss_and_time_left() -> None:
    line = bar(Progress(50, 100, np.log(4), 60.0), Progress(0, 100, 1.0, 0.0))
    assert "██████████░░░░░░░░░░  50%  step 50 of 100  loss 1.3863  1:00 left" in line


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


@pytest.mark.cases(1)
@pytest.mark.parametrize("command", [["trace", "--out", "x.npz", "--model"], ["check"]], ids=["trace", "check"])
def test_a_file_that_is_too_long_is_refused_before_it_is_read(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """3 million steps of 128 units with 10 signals would be 15 GB of numbers; the refusal says how many can be read."""
    monkeypatch.chdir(tmp_path)
    Path("long.txt").write_text("the cat " * 375_000, encoding="utf-8")
    assert main([*command, "english-lstm", "--file", "long.txt"]) == 2
    error = capsys.readouterr().err
    check_one_line(error)
    assert "the input has 3,000,000 characters, but english-lstm reads at most" in error
    assert not Path("x.npz").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("argv", [["cells", "lstm"], ["check", "latch-lstm", "--text", ".s..r"], ["models"]], ids=str)
def test_a_terminal_without_our_signs(encoding: str, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The signs that its encoding lacks are written in a plain form; the status is the same as elsewhere."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(argv) == 0
    stream.flush()
    assert written.getvalue().decode(encoding).strip()


def test_what_a_sign_becomes() -> None:
    """Minus signs and relations keep their meaning, exponents are marked, and what has no plain form is a number."""
    terminal.write_plain()
    said = "−0.5 ≥ 10⁻⁵ → “σ” 中 \ud800"
    assert said.encode("ascii", terminal.ERRORS).decode() == '-0.5 >= 10^-5 -> "sigma" \\u4e2d \\ud800'
    assert "“é” − 1".encode("cp1252", terminal.ERRORS).decode("cp1252") == "“é” - 1"
