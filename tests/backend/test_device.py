"""Where a model runs: the choice, the setting, and the way back to the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import explorer
from explorer.backend import device as devices
from explorer.models import reading
from tests.helpers import DEVICES, TEXT, network


def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_cuda() -> None:
    """Parity and gradients are held to the same bars on a GPU; this one test is skipped where there is none."""
    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA, so parity and gradients ran on the CPU alone")
    assert "cuda" in DEVICES
    trace = explorer.trace(network(("lstm", {}), dtype=torch.float32), TEXT, device="cuda")
    # h is the kernel's and o, c are replayed from it: a kernel that rounds to TF32 would be off by 1e-4.
    np.testing.assert_allclose(trace["h"], trace["o"] * np.tanh(trace["c"]), rtol=0, atol=1e-6)


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "auto" is the CPU; a device that is not there, or that is none, is refused with those that are."""
    no_gpu(monkeypatch)
    monkeypatch.delenv(devices.SETTING, raising=False)
    assert devices.available() == ("cpu",)
    assert devices.choose("auto") == devices.choose("cpu") == torch.device("cpu")
    for name in ("cuda", "mps"):
        with pytest.raises(ValueError, match=f"this machine has no '{name}'; it has cpu"):
            devices.choose(name)
    with pytest.raises(ValueError, match="unknown device 'tpu'; choose from auto, cpu, cuda, mps"):
        devices.choose("tpu")


def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "auto" is cuda, unless the setting says otherwise; mps is taken when it is asked for."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.delenv(devices.SETTING, raising=False)
    assert devices.choose("auto").type == "cuda"
    assert devices.choose("mps").type == "mps"
    monkeypatch.setenv(devices.SETTING, "cpu")
    assert devices.choose("auto").type == "cpu"
    monkeypatch.setenv(devices.SETTING, "auto")
    assert devices.choose("auto").type == "cuda"
    monkeypatch.setenv(devices.SETTING, "gpu")
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        devices.choose("auto")


def test_out_of_memory_goes_on_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that runs out of memory: the numbers come from the CPU, and the trace says so."""
    monkeypatch.setattr(devices, "choose", lambda device: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    model = network(("gru", {}))
    expected = explorer.trace(model, TEXT, device="cpu") if torch.cuda.is_available() else None

    def placed(module: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        if device.type == "cuda":
            raise torch.OutOfMemoryError
        return module

    monkeypatch.setattr(reading, "placed", placed)
    trace = explorer.trace(model, TEXT, device="cuda")
    assert trace.notices == ("cuda ran out of memory; this was computed on the CPU.",)
    if expected is not None:
        np.testing.assert_array_equal(trace["h"], expected["h"])


def test_a_shared_model_stays_where_it_is() -> None:
    """On its own device the model itself runs; for another it is copied, and the original does not move."""
    model = network(("rnn", {}))
    assert devices.placed(model, torch.device("cpu")) is model
    elsewhere = devices.placed(model, torch.device("meta"))
    assert elsewhere is not model
    assert {weight.device.type for weight in model.parameters()} == {"cpu"}
    assert {weight.device.type for weight in elsewhere.parameters()} == {"meta"}
