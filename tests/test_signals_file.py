"""The file of a trace: any trace comes back from it, and any other file is refused with a ValueError."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import explorer
from explorer.signals import Belt, Readout, Signal, Trace
from tests.helpers import FEW, TEXT, network
from tests.test_signals import check_same

words = st.text(max_size=5)
NAMES = ("h", "c", "f_pre", "grad/x", "größe")


@st.composite
def traces(draw: Callable[[Any], Any]) -> Trace:
    """Any trace: any tokens, any numbers, NaN among them, any names."""
    layers, steps, units = (draw(st.integers(1, 3)) for _ in range(3))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))

    def numbers(*shape: int) -> Any:
        return draw(arrays.arrays(dtype, shape))

    return Trace(
        arrays={name: numbers(layers, steps, units) for name in names},
        signals={
            name: Signal(
                name=name,
                symbol=draw(words),
                kind=draw(st.sampled_from(["signed", "gate", "gradient"])),
                role="hidden",
                label=draw(words),
                formula=draw(words),
            )
            for name in names
        },
        tokens=tuple(draw(st.lists(st.text(), min_size=steps, max_size=steps))),
        cell=draw(words),
        belts=tuple(Belt(draw(words), draw(words), draw(words)) for _ in range(draw(st.integers(0, 2)))),
        initial={name: numbers(layers, units) for name in names[:1]},
        readout=draw(st.none() | st.builds(lambda: Readout(numbers(2, units), numbers(2)))),
        notices=tuple(draw(st.lists(words, max_size=2))),
        bidirectional=draw(st.booleans()),
        edited={f"{name}_prev": draw(arrays.arrays(bool, (layers, steps, units))) for name in names[1:]},
    )


@FEW
@given(traces())
def test_any_trace_comes_back(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    file = tmp_path_factory.mktemp("trace") / "trace.npz"
    trace.save(file)
    check_same(Trace.read(file), trace)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("saved") / "trace.npz"
    explorer.trace(network(("lstm", {})), TEXT).save(file)
    return file.read_bytes()


def contents(saved: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(saved)) as file:
        return dict(file)


def as_file(contents: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    np.savez(out, **contents)
    return out.getvalue()


def refused(content: bytes, tmp_path: Path) -> None:
    """Asserts that a file of that content is refused, and that the answer names the file and what to do."""
    file = tmp_path / "file.npz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"file\.npz is not a saved trace; Trace\.save writes one"):
        Trace.read(file)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file(share: float, saved: bytes, tmp_path: Path) -> None:
    refused(saved[: int(share * len(saved))], tmp_path)


def test_files_of_other_kinds(saved: bytes, tmp_path: Path) -> None:
    """A picture, a text, a pickle (never unpickled), one array, another archive, and arrays without a header."""
    refused(b"\x89PNG\r\n\x1a\n" + bytes(100), tmp_path)
    refused(b"not a trace", tmp_path)
    refused(pickle.dumps({"header": 1}), tmp_path)
    one = io.BytesIO()
    np.save(one, np.zeros(3))
    refused(one.getvalue(), tmp_path)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "a")
    refused(archive.getvalue(), tmp_path)
    refused(as_file({name: array for name, array in contents(saved).items() if name != "header"}), tmp_path)


class Trap:
    """Says so when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickled object was loaded",)


def test_a_pickled_object_inside_is_not_loaded(saved: bytes, tmp_path: Path) -> None:
    objects = np.array([Trap()], dtype=object)
    refused(as_file(contents(saved) | {"signal/h": objects}), tmp_path)
    refused(as_file(contents(saved) | {"header": objects}), tmp_path)


@pytest.mark.parametrize("field", ["format", "signals", "belts", "tokens", "cell", "notices", "bidirectional"])
def test_a_header_without_a_field(field: str, saved: bytes, tmp_path: Path) -> None:
    parts = contents(saved)
    header = json.loads(str(parts["header"]))
    del header[field]
    refused(as_file(parts | {"header": np.array(json.dumps(header))}), tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "carousel-trace-0"},
        {"tokens": ["a"]},
        {"tokens": 3},
        {"signals": []},
        {"signals": [{"name": "h"}]},
        {"signals": [1]},
        {"belts": [{"state": "c"}]},
    ],
    ids=str,
)
def test_a_header_of_another_shape(changed: dict[str, Any], saved: bytes, tmp_path: Path) -> None:
    parts = contents(saved)
    header = json.loads(str(parts["header"])) | changed
    refused(as_file(parts | {"header": np.array(json.dumps(header))}), tmp_path)


@pytest.mark.parametrize("header", ["[]", "3", "null", "{", "", '"text"'])
def test_a_header_that_is_no_object(header: str, saved: bytes, tmp_path: Path) -> None:
    refused(as_file(contents(saved) | {"header": np.array(header)}), tmp_path)


def test_arrays_that_do_not_fit(saved: bytes, tmp_path: Path) -> None:
    parts = contents(saved)
    refused(as_file(parts | {"signal/h": parts["signal/h"][:, :-1]}), tmp_path)
    refused(as_file({name: array for name, array in parts.items() if name != "signal/h"}), tmp_path)
    refused(as_file(parts | {"signal/q": parts["signal/h"]}), tmp_path)
    refused(as_file({name: array for name, array in parts.items() if name != "readout/bias"}), tmp_path)


def test_no_file_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Trace.read(tmp_path / "nothing.npz")
