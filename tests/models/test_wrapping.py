"""wrap: torch's recurrent modules as models; what it cannot represent is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import explorer


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(3, 4), "cannot wrap Linear; give an nn.RNN, nn.LSTM or nn.GRU"),
        (nn.LSTMCell(3, 4), "cannot wrap LSTMCell"),
        (nn.LSTM(3, 4, proj_size=2), "cannot wrap proj_size=2; give a module with proj_size=0"),
        (type("Mine", (nn.LSTM,), {})(3, 4), "cannot wrap Mine"),
    ],
    ids=["Linear", "LSTMCell", "proj_size", "subclass"],
)
def test_refused(module: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explorer.wrap(module)


def test_the_weights_are_copied() -> None:
    """What is done to the module afterwards does not reach the model, nor the other way round."""
    module = nn.GRU(3, 4)
    model = explorer.wrap(module)
    before = model.cell.weight_hh.clone()
    with torch.no_grad():
        module.weight_hh_l0.zero_()
    assert torch.equal(model.cell.weight_hh, before)
    assert all(weight.requires_grad for weight in module.parameters())
    assert not any(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize("options", [{"batch_first": True}, {"dropout": 0.5, "num_layers": 2}])
def test_what_does_not_change_the_numbers(options: dict[str, object]) -> None:
    """batch_first says how a module is called, dropout how it is trained: both can be wrapped."""
    module = nn.LSTM(3, 4, **options).eval()
    x = torch.randn(5, 3)
    with torch.no_grad():
        out, _ = module(x)  # without a batch, the same call with and without batch_first
    trace = explorer.trace(explorer.wrap(module), x)
    torch.testing.assert_close(torch.tensor(trace["h"][-1]), out)


def test_names() -> None:
    for module, cell in ((nn.RNN(2, 3), "rnn"), (nn.LSTM(2, 3), "lstm"), (nn.GRU(2, 3), "gru")):
        model = explorer.wrap(module)
        assert (model.name, model.cell.name, model.labels) == (type(module).__name__, cell, ())
        assert model.parameter_count == sum(weight.numel() for weight in module.parameters())
