"""Each broken, foreign or harmful file is answered with a sentence or two, runs nothing, and costs next to nothing."""

from __future__ import annotations

import gc
import io
import os
import re
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from explorer.models.checkpoints import Unreadable, pickled, read, read_bytes
from explorer.models.checkpoints.memory import give_back
from tests.models.checkpoints.helper import Entry, zipped
from tests.models.checkpoints.hostile import BLOCK, FINE, KINDS, TRACE, pickle_of

LONGEST = 400
"""Letters of an answer."""


def answer(data: bytes) -> str:
    with pytest.raises(Unreadable) as raised:
        read_bytes(data)
    return str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_answered_in_a_sentence(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, expected = KINDS[kind]
    said = answer(make())
    assert re.search(expected, said), said
    assert len(said) <= LONGEST
    assert said.isprintable()  # in one line
    assert said.startswith("“") or said[0].isupper()
    assert said.endswith(".")
    assert not re.search(r"[<>`$]|\]\(|Traceback|\.py\b|site-packages", said)
    assert not list(tmp_path.iterdir()), f"{TRACE}: what is in the file was run"


def test_there_are_enough_of_them() -> None:
    assert len(KINDS) >= 30


@pytest.fixture
def fewer_opcodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle that goes on and on is given up earlier, which saves the tests a second each."""
    monkeypatch.setattr(pickled, "MOST_OPCODES", 300_000)


SMALL = 16 * 2**20
"""Bytes for a file of a few megabytes at most, and for up to a million small objects of which most are gone at once."""
COSTLY = [
    *(name for name in KINDS if "expand" in name or "view" in name or "billion" in name or "gigabytes" in name or "exabyte" in name),
    "ten_thousand_files", "ten_thousand_tensors", "two_million_opcodes", "deep_lists", "deep_tuple_as_a_key", "place_four_billion",
]  # fmt: skip
"""Those that claim much."""


@pytest.mark.parametrize("kind", COSTLY)
def test_what_claims_much_is_not_believed(kind: str, fewer_opcodes: None) -> None:
    """Whatever it would come to, it is answered at once and in little memory."""
    data = KINDS[kind][0]()
    tracemalloc.start()
    start = time.thread_time()
    answer(data)
    assert (
        time.thread_time() - start < 5
    )  # 1.5 s for a million opcodes while memory is traced; milliseconds for what is too large
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < SMALL + 2 * len(data)


def test_an_entry_that_expands_to_more_than_it_claims_is_cut_off() -> None:
    """64 MB behind each header that claims 4 kB: what is claimed is unpacked, and no more."""
    lying = Entry(BLOCK, packed=True, claims=4096)
    data = zipped({"a/data.pkl": pickle_of(FINE), **{f"a/data/{k}": lying for k in range(40)}})
    tracemalloc.start()
    (found,) = read_bytes(data).recurrent
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < SMALL
    assert all(not weight.any() for weight in found.weights.values())


def test_a_file_of_300_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.pt"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)  # takes no room on the disk
    tracemalloc.start()
    with pytest.raises(Unreadable, match="The file has 300 MB; at most 100 MB are read"):
        read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="This is a folder, not a file"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing.pt")


def resident() -> float:
    """Megabytes of this process that lie in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


ALLOWED = 16
"""Megabytes that the allocators may keep for the next file, out of some 300 MB that pass through their hands in a round."""


def test_memory_is_back_to_where_it_was(fewer_opcodes: None) -> None:
    """After all kinds and a fine file, once more."""
    files = [make() for make, _ in KINDS.values()]

    def round_of_all() -> float:
        for data in files:
            answer(data)
        read_bytes(FINE)
        gc.collect()
        return resident()

    before = round_of_all()
    assert round_of_all() - before < ALLOWED


def test_a_network_that_is_dropped_leaves_nothing_behind() -> None:
    """16 MB, of which NumPy's blocks would stay with the C library."""
    stream = io.BytesIO()
    np.savez(stream, weight_ih=np.ones((4096, 16), "f4"), weight_hh=np.ones((4096, 1024), "f4"))
    data = stream.getvalue()
    del stream
    read_bytes(data)
    give_back()
    before = resident()
    contents = read_bytes(data)
    assert 14 < resident() - before < 20  # it is there, once
    del contents
    give_back()
    assert resident() - before < 1
