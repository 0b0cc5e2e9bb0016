"""A snippet is a program that needs nothing of this library and comes to the number that the trace shows."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.cells import build
from explorer.models import Model
from explorer.models.snippets.inputs import MOST
from explorer.models.vocabulary import Numbers
from tests.conftest import Shipped
from tests.helpers import TEXT, VARIANTS, Shape, Variant, network, steps_of

WITHOUT = "clockwork"
"""The one cell whose equations need a function that torch does not have."""
CLOSE = 1e-5
"""float32: the same products, added up in another order."""


def found_by(program: str) -> float:
    """Runs a snippet with nothing else in sight, its own assertions included; the number that it found."""
    names: dict[str, Any] = {"__name__": "snippet"}
    with redirect_stdout(io.StringIO()):
        exec(compile(program, "snippet", "exec"), names)
    return float(names["value"])


def saved(model: Model, folder: Path) -> str:
    file = folder / "weights.safetensors"
    file.write_bytes(explorer.export.weights(model))
    return str(file)


def check(model: Model, given: Any, weights: str, signal: str, layer: int, step: int, unit: int) -> str:
    """Asserts that the snippet finds what the trace has there; the snippet."""
    program = explorer.snippet(model, given, signal, layer=layer, step=step, unit=unit, weights=weights)
    shown = float(explorer.trace(model, given, device="cpu")[signal][layer, step, unit])
    assert found_by(program) == pytest.approx(shown, abs=CLOSE * max(1, abs(shown)), nan_ok=True)
    assert "explorer" not in program.replace(weights, "")
    return program


@pytest.mark.parametrize("shape", [(1, False), (2, True), (3, False)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell(variant: Variant, shape: Shape, tmp_path: Path) -> None:
    """In the first and in the last row: what it shows, a gate or candidate before squashing, and its memory."""
    model = network(variant, shape, dtype=torch.float32)
    weights = saved(model, tmp_path)
    if variant[0] == WITHOUT:
        with pytest.raises(ValueError, match=r"no snippet of clockwork: its equations need divides\(\), which torch"):
            explorer.snippet(model, TEXT, "a")
        return
    signals = list(explorer.trace(model, TEXT).signals)[1:]
    check(model, TEXT, weights, "h", -1, -1, 3)
    check(model, TEXT, weights, signals[0], -1, 4, 1)
    check(model, TEXT, weights, explorer.trace(model, TEXT).memory, 0, 6, 0)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_torchs_own_module_stands_first(name: str, tmp_path: Path) -> None:
    """h is torch's, and nothing else is needed; what a gate is the equations say, whose h is held against torch's."""
    model = network((name, {}), dtype=torch.float32)
    weights = saved(model, tmp_path)
    alone = check(model, TEXT, weights, "h", 0, 3, 1)
    assert f"torch.nn.{name.upper()}(3, 4" in alone
    assert "def read" not in alone
    both = check(model, TEXT, weights, f"{model.cell.blocks[0]}_pre", 0, 3, 1)
    assert "def read" in both
    assert 'assert_close(found["h"], h' in both


def test_other_weights_do_not_pass(tmp_path: Path) -> None:
    """The program's own assertions hold the number, and the equations against torch."""
    shown, other = (network(("lstm", {}), dtype=torch.float32, seed=seed) for seed in (0, 1))
    for signal in ("h", "c"):
        with pytest.raises(AssertionError, match="not close"):
            found_by(explorer.snippet(shown, TEXT, signal, weights=saved(other, tmp_path)))
    program = explorer.snippet(shown, TEXT, "c", weights=saved(shown, tmp_path))
    wrong = program.replace("c = f * c_prev + i * g", "c = f * c_prev - i * g").replace(
        "value, shown, rtol", "0, 0, rtol"
    )
    assert wrong != program
    with pytest.raises(AssertionError, match="not close"):
        found_by(wrong)


def test_numbers_are_written_out_to_the_last_bit(tmp_path: Path) -> None:
    """In both precisions; NaN and infinities among them are read as they are."""
    for dtype in (torch.float32, torch.float64):
        model = Model(build("gru", 3, 4)).to(dtype)
        given = steps_of(3)
        given[2] = (1e-45, 1 / 3, -0.0)
        check(model, given, saved(model, tmp_path), "z", 0, -1, 2)
        given[5, 1] = np.nan
        check(model, given, saved(model, tmp_path), "h", 0, 6, 2)
    linear = Model(build("rnn", 1, 2, nonlinearity="linear"))
    infinite = check(linear, [[1.0], [np.inf]], saved(linear, tmp_path), "h", 0, 1, 0)
    assert math.isinf(found_by(infinite))


def test_rows_of_numbers_as_text(tmp_path: Path) -> None:
    model = Model(build("lstm", 2, 3), vocabulary=Numbers(("value", "mark")))
    check(model, "0.5 1; -0.25 0; 1e-3 0", saved(model, tmp_path), "c", 0, 2, 1)


def test_it_reads_no_further_than_needed(tmp_path: Path) -> None:
    """Only what stands before the step counts; all of it where a row reads from the end."""
    forward = network(("gru", {}), dtype=torch.float32)
    assert len(ids_of(explorer.snippet(forward, TEXT, step=3, weights="w"))) == 4
    both = network(("gru", {}), (2, True), dtype=torch.float32)
    assert len(ids_of(explorer.snippet(both, TEXT, step=3, layer=0, weights="w"))) == 4
    assert len(ids_of(explorer.snippet(both, TEXT, step=3, layer=1, weights="w"))) == len(TEXT)


def ids_of(program: str) -> list[int]:
    names: dict[str, Any] = {}
    start = program.index("ids = [")
    exec(program[start : program.index("]", start) + 1], names)
    return list(names["ids"])


def test_what_was_typed_stays_text(tmp_path: Path) -> None:
    """Line breaks and quotes in a text, in a name and in a file's name are no code."""
    model = network(("lstm", {}), dtype=torch.float32)
    model.name = 'mine"""\nraise SystemExit("name")\n'
    text = 'ab\n"""\u2028raise'
    folder = tmp_path / "it's"
    folder.mkdir()
    for step in range(len(text)):
        check(model, text, saved(model, folder), "c", 0, step, 0)


def test_a_shipped_network_in_a_fresh_python(shipped: Shipped) -> None:
    """From the project's folder, with the file that is shipped: nothing has to be saved."""
    program = explorer.snippet(shipped["english-lstm"], 'He paused. "Where away?"', "c", step=12, unit=5)
    assert "load_file('assets/models/english-lstm.safetensors')" in program
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    shown = explorer.trace(shipped["english-lstm"], 'He paused. "Where away?"')["c"][0, 12, 5]
    assert run.stdout == f"c: {shown:.7g}, shown: {shown:.7g}\n"


def test_a_network_that_is_not_as_shipped_needs_its_own_file(shipped: Shipped) -> None:
    """A name alone does not say that the weights are those."""
    model = network(("lstm", {}), dtype=torch.float32)
    model.name = "english-lstm"
    assert "load_file('weights.safetensors')" in explorer.snippet(model, TEXT)
    untrained = explorer.load("latch-lstm~mgu~0")
    assert "load_file('weights.safetensors')" in explorer.snippet(untrained, "+ - +")


def test_weights_that_share_their_numbers_are_written_twice(tmp_path: Path) -> None:
    """An embedding that is the readout as well."""
    model = network(("lstm", {}), dtype=torch.float32, units=3)
    assert model.embedding is not None and model.readout is not None
    model.readout.weight = model.embedding.weight
    check(model, TEXT, saved(model, tmp_path), "c", 0, 3, 1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"signal": "q"}, r"no signal 'q' in this trace; there are i_pre, i, .*h$"),
        ({"signal": "x"}, "no signal 'x'"),
        ({"step": 11}, "step is 11, but there are 11: choose from 0 to 10"),
        ({"unit": 4}, "unit is 4, but there are 4"),
        ({"layer": -2}, "layer is -2, but there are 1"),
    ],
)
def test_a_place_that_there_is_not(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        explorer.snippet(network(("lstm", {})), TEXT, **asked)


def test_a_very_long_input_is_no_snippet() -> None:
    model = Model(build("rnn", MOST // 2, 1))
    with pytest.raises(ValueError, match="30,000 numbers; choose an earlier step"):
        explorer.snippet(model, np.zeros((3, MOST // 2)), weights="w")
    assert "tensor" in explorer.snippet(model, np.zeros((3, MOST // 2)), step=1, weights="w")
