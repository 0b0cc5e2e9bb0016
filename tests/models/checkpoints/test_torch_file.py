"""PyTorch's files: what is in them comes back, and runs as torch.nn does."""

from __future__ import annotations

import argparse
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.models.checkpoints import choosing, read, read_bytes
from explorer.models.model import Model
from tests.models.checkpoints.helper import CLOSE, by_steps, legacy, network, read_one, saved, stack_of, steps_for

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("bias", [True, False], ids=["biases", "none"])
@pytest.mark.parametrize("cell", KINDS)
def test_layers_come_back_and_run_as_torch_runs_them(cell: str, bias: bool, both: bool, layers: int) -> None:
    torch.manual_seed(layers)
    module = KINDS[cell](3, 4, num_layers=layers, bidirectional=both, bias=bias)
    found = read_one(saved(module.state_dict()))
    assert (found.cell, found.input_size, found.hidden_size, found.num_layers, found.bidirectional) == (
        cell,
        3,
        4,
        layers,
        both,
    )
    alone = layers == 1 and not both
    for name, weight in module.state_dict().items():
        assert torch.equal(found.weights[name.removesuffix("_l0") if alone else name], weight)
    assert ("It has no biases; they are zeros here." in found.notes) == (not bias)

    x = steps_for(found)
    with torch.no_grad():
        expected = module(torch.from_numpy(x))[0].numpy()  # [step, directions*unit]
    assert found.kernel is not None
    assert found.kernel.framework == f"torch.nn.{module._get_name()} {torch.__version__.partition('+')[0]}"
    np.testing.assert_array_equal(found.kernel.run(x), expected)  # it is torch's own
    np.testing.assert_allclose(by_steps(found, x), expected, rtol=0, atol=CLOSE)
    h = explorer.trace(Model(stack_of(found)), x)["h"]
    np.testing.assert_allclose(np.concatenate(h[-2:] if both else h[-1:], -1), expected, rtol=0, atol=CLOSE)


def test_a_relu_cannot_be_told_from_a_tanh() -> None:
    """It is said, and with the option that a person knows of, the numbers are those of torch."""
    torch.manual_seed(0)
    module = nn.RNN(3, 4, nonlinearity="relu")
    found = read_one(saved(module.state_dict()))
    assert found.notes == ("Weights do not tell tanh from relu; tanh is assumed.",)
    x = steps_for(found)
    with torch.no_grad():
        expected = module(torch.from_numpy(x))[0].numpy()
    h = by_steps(replace(found, options={"nonlinearity": "relu"}), x)
    np.testing.assert_allclose(h, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_whole_network_reads_tokens_as_it_did(kind: type[nn.RNNBase]) -> None:
    given = network(kind)
    contents = read_bytes(
        saved({"model": given.state_dict(), "vocab": {symbol: k for k, symbol in enumerate("abcdefg")}})
    )
    assert contents.vocabulary == tuple("abcdefg")
    model = choosing.network(contents, choosing.likely(contents))
    with torch.no_grad():
        expected = given(torch.tensor([3, 0, 6, 1, 1])).numpy()
    np.testing.assert_allclose(explorer.predict(model, "dagbb"), expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize(
    "write", [saved, legacy, lambda given: saved(given, pickle_protocol=4)], ids=["zip", "pickles", "protocol-4"]
)
def test_every_way_of_writing_is_read(write: Any) -> None:
    state = network(layers=2, both=True).state_dict()
    contents = read_bytes(write(state))
    assert (contents.format, contents.recurrent[0].where) == ("PyTorch state dict", "rnn")
    assert torch.equal(contents.recurrent[0].weights["weight_hh_l1_reverse"], state["rnn.weight_hh_l1_reverse"])
    assert torch.equal(contents.tables["embedding"], state["embedding.weight"])
    assert torch.equal(contents.linears["out"].bias, state["out.bias"])


STATE = network().state_dict()


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"model": STATE}, "model"),
        ({"epoch": 3, "state_dict": STATE, "loss": 0.5}, "state_dict"),
        ({"run": {"best": {"net": STATE}}}, "run.best.net"),
        ({"history": [1.0, 2.0], "parts": [None, STATE]}, "parts.1"),
    ],
)
def test_weights_are_found_however_deep_they_lie(given: Any, where: str) -> None:
    contents = read_bytes(saved(given))
    assert contents.format == f"PyTorch checkpoint (a state dict under “{where}”)"
    assert contents.recurrent[0].where == "rnn"


def test_what_the_optimizer_remembers_is_no_weight() -> None:
    """As Adam's state dict has it: two moments of every weight."""
    moments = {
        k: {"step": torch.tensor(1.0), "exp_avg": weight, "exp_avg_sq": weight}
        for k, weight in enumerate(STATE.values())
    }
    optimizer = {"state": moments, "param_groups": [{"lr": 0.1, "params": list(moments)}]}
    contents = read_bytes(saved({"model_state": STATE, "optimizer_state": optimizer, "step": 1}))
    assert contents.format == "PyTorch checkpoint (a state dict under “model_state”)"
    assert (len(contents.recurrent), list(contents.tables)) == (1, ["embedding"])


def test_averaged_weights_are_taken_where_there_are_no_others() -> None:
    assert len(read_bytes(saved({"model": STATE, "ema": STATE})).recurrent) == 1
    assert read_bytes(saved({"ema": STATE})).format == "PyTorch checkpoint (a state dict under “ema”)"


def test_parts_that_were_saved_beside_one_another_are_put_together() -> None:
    given = network()
    parts = {"embedder": given.embedding, "encoder": given.rnn, "readout": given.out}
    contents = read_bytes(
        saved({name: part.state_dict() for name, part in parts.items()} | {"optim": {"a": torch.ones(2, 3)}})
    )
    assert contents.recurrent[0].where == "encoder"
    assert list(contents.linears) == ["readout"]
    assert list(contents.tables) == ["embedder"]


def test_all_layers_of_a_file_are_offered_in_its_order() -> None:
    pair = nn.ModuleDict({"decoder": nn.GRU(3, 4), "encoder": nn.LSTM(2, 5)})
    assert [(one.where, one.cell) for one in read_bytes(saved(pair.state_dict())).recurrent] == [
        ("decoder", "gru"),
        ("encoder", "lstm"),
    ]
    both = {name: part.state_dict() for name, part in pair.items()}
    assert [one.where for one in read_bytes(saved({"model": both})).recurrent] == ["decoder", "encoder"]


def test_what_is_no_tensor_is_passed_over() -> None:
    """Settings of a run, of whatever class, are neither made nor called."""
    given = {"args": argparse.Namespace(lr=0.1), "best": np.float64(0.5), "when": {1, 2}, "model": STATE}
    assert read_bytes(saved(given)).recurrent[0].where == "rnn"


def test_parameters_and_views_of_shared_numbers() -> None:
    """A whole network on a GPU has all weights of its layers in one storage; some save parameters, not tensors; some are transposed."""
    module = nn.GRU(3, 4)
    flat = torch.cat([weight.detach().flatten() for weight in module.parameters()])
    shapes = {name: weight.shape for name, weight in module.named_parameters()}
    parts = flat.split([shape.numel() for shape in shapes.values()])
    given: dict[str, Any] = {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}
    given["weight_hh_l0"] = given["weight_hh_l0"].t().contiguous().t()
    given["bias_ih_l0"] = nn.Parameter(given["bias_ih_l0"])
    found = read_one(saved(OrderedDict(given)))
    for name, weight in module.state_dict().items():
        assert torch.equal(found.weights[name.removesuffix("_l0")], weight)
        assert found.weights[name.removesuffix("_l0")].is_contiguous()


@pytest.mark.parametrize(
    ("dtype", "becomes", "note"),
    [
        (torch.float16, torch.float32, ("Its weights are float16 in the file; they are computed with as float32.",)),
        (torch.bfloat16, torch.float32, ("Its weights are bfloat16 in the file; they are computed with as float32.",)),
        (torch.float32, torch.float32, ()),
        (torch.float64, torch.float64, ()),
    ],
    ids=str,
)
def test_kinds_of_numbers(dtype: torch.dtype, becomes: torch.dtype, note: tuple[str, ...]) -> None:
    state = network().to(dtype).state_dict()
    contents = read_bytes(saved(state))
    (found,) = contents.recurrent
    assert {weight.dtype for weight in found.weights.values()} == {becomes}
    assert torch.equal(found.weights["weight_hh"], state["rnn.weight_hh_l0"].to(becomes))
    assert found.notes == note
    assert contents.tables["embedding"].dtype == contents.linears["out"].weight.dtype == becomes
    assert found.kernel is not None and found.kernel.run(steps_for(found)).dtype == np.float32


def test_weights_that_are_no_numbers_are_read_and_counted() -> None:
    state = network().state_dict()
    state["rnn.weight_hh_l0"][0, :2], state["rnn.bias_ih_l0"][0], state["out.bias"][0] = torch.nan, torch.inf, torch.nan
    contents = read_bytes(saved(state))
    assert contents.recurrent[0].notes == ("3 of its weights are NaN or infinite.",)
    assert contents.notes == ("1 of the numbers in “out” is NaN or infinite.",)


@pytest.mark.parametrize(
    "given",
    [{"chars": "abcdefg"}, {"vocab": {"itos": list("abcdefg")}}, {"char2idx": {s: k for k, s in enumerate("abcdefg")}},
     {"cfg": {"idx_to_char": dict(enumerate("abcdefg"))}}, {"tokens": tuple("abcdefg")}],
)  # fmt: skip
def test_a_vocabulary_is_found_by_its_name(given: dict[str, Any]) -> None:
    assert read_bytes(saved({"model": STATE} | given)).vocabulary == tuple("abcdefg")


def test_of_several_vocabularies_the_one_that_fits_is_taken() -> None:
    given = {"special_tokens": ["<pad>", "<unk>"], "vocab": list("abcdefg"), "words": ["x", "y", "z"]}
    assert read_bytes(saved({"model": STATE} | given)).vocabulary == tuple("abcdefg")
    assert read_bytes(
        saved({"model": {name: STATE[name] for name in STATE if "rnn" in name}, "words": ["x", "y"]})
    ).vocabulary == ("x", "y")


def test_texts_that_are_no_vocabulary() -> None:
    assert (
        read_bytes(saved({"model": STATE, "classes_seen": ["a", "b"], "vocab_size": 7, "vocab": [1, 2]})).vocabulary
        == ()
    )


def test_a_file_on_the_disk(tmp_path: Any) -> None:
    path = tmp_path / "mine.pt"
    torch.save(STATE, path)
    assert read(path).recurrent[0].cell == "lstm"
