"""What the tests of checkpoints share: files in the memory, honest and lying ones, and ours beside the framework's own."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.backend.forward import run
from explorer.cells import Stack, build, untapped
from explorer.models.checkpoints import Recurrent, Unreadable, read_bytes
from explorer.models.model import Model
from explorer.signals import Array

CLOSE = 1e-5
"""float32 is rounded anew at every step and in another order than by the kernel: 1e-7 a step, over some 10 steps of a few layers."""


class Network(nn.Module):
    """Embedding, layers, readout: what people save."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, symbols: int = 7, layers: int = 1, both: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, 3)
        self.rnn = kind(3, 4, num_layers=layers, bidirectional=both)
        self.out = nn.Linear(8 if both else 4, symbols)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(self.embedding(ids))[0]).log_softmax(-1)


def network(kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> Network:
    """A random one, the same every time."""
    torch.manual_seed(0)
    return Network(kind, **options)


def saved(given: Any, **options: Any) -> bytes:
    """As torch.save writes it."""
    stream = io.BytesIO()
    torch.save(given, stream, **options)
    return stream.getvalue()


def legacy(given: Any) -> bytes:
    """As torch.save wrote it before 1.6: a row of pickles, then the numbers."""
    return saved(given, _use_new_zipfile_serialization=False)


def read_one(data: bytes) -> Recurrent:
    """The only recurrent layers in a file."""
    (found,) = read_bytes(data).recurrent
    return found


def refusal_of(data: bytes) -> tuple[str, int]:
    """Why the bytes are not read, and how many bytes of memory it took at most to find that out."""
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable) as why:
            read_bytes(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return str(why.value), most


def stack_of(found: Recurrent) -> Stack:
    """Our cells with those weights."""
    made = build(
        found.cell, found.input_size, found.hidden_size, found.num_layers, found.bidirectional, **dict(found.options)
    )
    made.to(found.weights[next(iter(found.weights))].dtype).load_state_dict(dict(found.weights))
    return Model(made.requires_grad_(False)).stack


def by_steps(found: Recurrent, x: Array) -> Array:
    """The top layer's h [step, directions*unit] by our own equations, without the kernel of torch that stands in for them elsewhere."""
    stack = stack_of(found)
    h, _ = run(stack, torch.from_numpy(x)[:, None].to(stack.cell.weight_hh.dtype), tap_at=lambda row, step: untapped)
    return h[:, 0].numpy()


def steps_for(found: Recurrent, steps: int = 9) -> Array:
    """Random x [step, input]."""
    return np.random.default_rng(3).standard_normal((steps, found.input_size), dtype=np.float32)


@dataclass(frozen=True)
class Entry:
    """An entry of a zip archive; `claims` is the size that its headers give, where that is not the truth."""

    data: bytes
    packed: bool = False
    claims: int | None = None


@cache
def deflated(data: bytes) -> bytes:
    """Packed as in a zip archive."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


checksum = cache(zlib.crc32)


def zipped(entries: Mapping[str, Entry | bytes]) -> bytes:
    """A zip archive, written by hand so that it can lie."""
    body, directory = io.BytesIO(), b""
    for name, given in entries.items():
        entry = given if isinstance(given, Entry) else Entry(given)
        raw = deflated(entry.data) if entry.packed else entry.data
        size = len(entry.data) if entry.claims is None else entry.claims
        method = zipfile.ZIP_DEFLATED if entry.packed else zipfile.ZIP_STORED
        sizes = (checksum(entry.data[:size]), len(raw), size, len(name.encode()), 0)
        common = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, *sizes)
        place = struct.pack("<HHHII", 0, 0, 0, 0, body.tell())
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + place + name.encode()
        body.write(b"PK\x03\x04" + common + name.encode() + raw)
    start, count = body.tell(), len(entries)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)
    return body.getvalue() + directory + end
