"""The device that a model runs on: the CPU, or a GPU if there is one and the user wants it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

DEVICES = ("auto", "cpu", "cuda", "mps")
SETTING = "CAROUSEL_DEVICE"
"""Environment variable that sets the meaning of "auto"."""

Module = TypeVar("Module", bound=nn.Module)
Result = TypeVar("Result")


def choose(device: str = "auto") -> torch.device:
    """Device to run on. "auto" is the setting CAROUSEL_DEVICE, else cuda if available, else the CPU.

    Raises ValueError for a name that is no device, and for one that this machine does not have. A network of a few hundred units is
    as fast on a CPU as on mps, so "auto" does not pick that.
    """
    if device == "auto":
        device = os.environ.get(SETTING, "auto")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device not in DEVICES:
        raise ValueError(f"unknown device {device!r}; choose from {', '.join(DEVICES)}")
    if device not in available():
        raise ValueError(f"this machine has no {device!r}; it has {', '.join(available())}")
    return torch.device(device)


def available() -> tuple[str, ...]:
    """The devices that this machine has."""
    devices = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(name for name, there in devices.items() if there)


def placed(module: Module, device: torch.device) -> Module:
    """`module` on `device`: itself where it is there already, else a copy, since a cached module is shared between sessions."""
    here = next(module.parameters()).device.type
    return module if here == device.type else copy.deepcopy(module).to(device)


def one_thread() -> None:
    """Runs torch's operations on one thread: a small network is faster so, and on a busy machine very much."""
    torch.set_num_threads(1)


def with_fallback(run: Callable[[torch.device, tuple[str, ...]], Result], device: str) -> Result:
    """`run(device, notices)` on the chosen device; where a GPU runs out of memory, on the CPU, with a notice that says so."""
    chosen = choose(device)
    try:
        return run(chosen, ())
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
    return run(torch.device("cpu"), (f"{chosen.type} ran out of memory; this was computed on the CPU.",))


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Denormal floats count as 0 inside, on this thread: a vanishing gradient is full of them, and a CPU is ten times slower there."""
    before = bool(torch.tensor(1e-40) * 1.0 == 0)  # torch has a setter for the flag, but no getter
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
