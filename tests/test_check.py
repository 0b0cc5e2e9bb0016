"""`python -m explorer check`: what it prints, what it writes, and with which status it ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.__main__ import main
from explorer.analysis.diagnosis.telling import WIDTH
from tests.test_cli import check_one_line, status_of


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Somebody's LSTM that reads rows of 3 numbers, all of whose forget gates are biased to forget."""
    torch.manual_seed(0)
    layers = nn.LSTM(3, 8)
    with torch.no_grad():
        layers.bias_ih_l0[8:16], layers.bias_hh_l0[8:16] = -5, 0
    file = tmp_path / "own.pt"
    torch.save(layers.state_dict(), file)
    return file


def test_a_sound_network_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "latch-lstm", "--text", ".s...r..s...", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("latch-lstm: LSTM, 1 layer, 1 unit, ")
    assert "read 12 characters" in out
    assert "Nothing is wrong" in out
    assert err == ""


def test_one_with_a_fault_exits_1_and_says_it_in_a_hundred_columns(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(own.with_name("x.npy"), np.random.default_rng(0).standard_normal((50, 3)))
    assert main(["check", str(own), "--input", str(own.with_name("x.npy"))]) == 1
    out = capsys.readouterr().out
    assert "WRONG The forget gates are biased to forget, -5.0 in the median" in out
    assert "read 50 steps" in out
    assert max(map(len, out.splitlines())) <= WIDTH


def test_it_says_when_it_made_up_what_was_read(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(own)]) == 1
    assert capsys.readouterr().out.startswith("No input was given: it read 200 steps of random numbers")
    main(["check", "latch-rnn"])
    assert capsys.readouterr().out.startswith("No text was given: it read the one on its card.")


def test_a_text_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.txt"
    text.write_text(".s..r....s..", encoding="utf-8")
    assert main(["check", "latch-gru", "--file", str(text)]) == 0
    assert "read 12 characters" in capsys.readouterr().out


def test_a_vocabulary_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    parts = {"emb": nn.Embedding(4, 3), "rnn": nn.GRU(3, 5), "out": nn.Linear(5, 4)}
    torch.save(nn.ModuleDict(parts).state_dict(), tmp_path / "net.pt")
    (tmp_path / "letters.txt").write_text("a\nb\nc\nd\n", encoding="utf-8")
    given = ["--vocabulary", str(tmp_path / "letters.txt"), "--text", "abcdabcdabcd"]
    assert main(["check", str(tmp_path / "net.pt"), *given]) == 0
    assert "read 12 characters" in capsys.readouterr().out


def test_the_report_is_written(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = own.with_name("report.html")
    assert main(["check", str(own), "--html", str(out)]) == 1
    assert str(out) in capsys.readouterr().err
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "The forget gates are biased to forget" in page
    assert "No input was given" in page


def test_what_it_prints_is_what_the_library_shows(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "toggle-rnn", "--text", "..t...t..t.t"])
    assert capsys.readouterr().out == f"{explorer.diagnose(explorer.load('toggle-rnn'), '..t...t..t.t')!r}\n"


def test_examples_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of a shipped network are its held-out ones unless others are given; labels that never fit are wrong."""
    examples = tmp_path / "known.tsv"
    examples.write_text("a dull story .\tpositive\na great film .\tnegative\n" * 30, encoding="utf-8")
    given = ["--text", "A dull story, but the acting is wonderful."]
    assert main(["check", "sentiment-gru", *given]) == 0
    assert "200 held-out examples" in " ".join(capsys.readouterr().out.split())
    assert main(["check", "sentiment-gru", *given, "--examples", str(examples)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "WRONG No better than always “positive”: 0 % of 60 answers are right, against 50 %" in out


def test_what_was_not_checked_is_said(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(own)])
    assert "Whether its answers are right was not checked: the network has no readout." in capsys.readouterr().out


def test_a_text_at_random_is_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No network predicts symbols at random; a text of one's own is judged."""
    torch.manual_seed(0)
    parts = {"emb": nn.Embedding(4, 3), "rnn": nn.GRU(3, 5), "out": nn.Linear(5, 4)}
    torch.save(nn.ModuleDict(parts).state_dict(), tmp_path / "net.pt")
    (tmp_path / "letters.txt").write_text("a\nb\nc\nd\n", encoding="utf-8")
    command = ["check", str(tmp_path / "net.pt"), "--vocabulary", str(tmp_path / "letters.txt")]
    assert main(command) == 0
    assert "was not checked: the text was made up" in " ".join(capsys.readouterr().out.split())
    assert main([*command, "--text", "aabbccdd" * 20]) == 1
    assert "WRONG It predicts" in capsys.readouterr().out


WRONG = {
    "nothing": ([], "PATH_OR_NAME"),
    "neither a model nor a file": (["gone.pt"], "unknown model 'gone.pt'"),
    "a file that is no network": (["binary"], "understood"),
    "text and numbers": (["latch-rnn", "--text", "s", "--input", "x.npy"], "not allowed with"),
    "an empty text": (["latch-rnn", "--text", ""], "at least one character"),
    "an array that is none": (["latch-rnn", "--input", "binary"], "not an array in the .npy format"),
    "an array that is not there": (["latch-rnn", "--input", "gone.npy"], "gone.npy: No such"),
    "a file that is no text": (["latch-rnn", "--file", "binary"], "not UTF-8"),
    "nowhere to write": (["latch-rnn", "--html", "gone/x.html"], "in a folder that does not exist"),
    "examples that are not there": (["latch-rnn", "--examples", "gone.tsv"], "gone.tsv: No such"),
    "examples that are no text": (["latch-rnn", "--examples", "binary"], "not UTF-8"),
    "an example that does not fit": (
        ["sentiment-gru", "--examples", "line.tsv"],
        "line 1 of the examples: it has no tab",
    ),
    "another device": (["latch-rnn", "--device", "tpu"], "'cuda'"),
}


@pytest.mark.parametrize(("argv", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_exits_2_with_one_line(
    argv: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("binary").write_bytes(b"\xff\xfe\x00")
    Path("line.tsv").write_text("a dull story", encoding="utf-8")
    assert status_of(["check", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    check_one_line(err)
    assert says in err
