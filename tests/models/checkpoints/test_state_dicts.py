"""State dicts, which say nothing of how their parts are connected: what is guessed, what is left out, and what is folded."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import utils
from torch.nn.utils import prune

import explorer
from explorer.models.checkpoints import Contents, Unreadable, choosing, read_bytes
from explorer.models.checkpoints.guesses import Guesses, unused
from explorer.models.checkpoints.naming import contents
from explorer.models.effective_weights import effective_weights
from tests.models.checkpoints.helper import CLOSE, by_steps, legacy, network, refusal_of, saved, steps_for, zipped

V, E, H = 7, 3, 4
"""Symbols, features of the embedding, units."""


def parts(**modules: nn.Module) -> nn.ModuleDict:
    torch.manual_seed(0)
    made = nn.ModuleDict(modules)
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn_like(weight))
    return made


def state(**modules: nn.Module) -> dict[str, Tensor]:
    return dict(parts(**modules).state_dict())


def emb() -> nn.Embedding:
    return nn.Embedding(V, E)


ATTENTION = {"attn": nn.Linear(2 * H, H), "v": nn.Linear(H, 1, bias=False)}
ENCODER_DECODER = state(
    encoder=nn.ModuleDict({"embedding": emb(), "rnn": nn.GRU(E, H)}),
    decoder=nn.ModuleDict(
        {
            "embedding": nn.Embedding(9, E),
            "attention": nn.ModuleDict(ATTENTION),
            "rnn": nn.GRU(E + H, H),
            "out": nn.Linear(H, 9),
        }
    ),
)


class Form:
    """A network, the layers that are chosen in it, and what is guessed of it."""

    def __init__(self, tensors: dict[str, Tensor], where: str, readout: str | None, *left: str) -> None:
        self.tensors, self.where, self.readout, self.left = tensors, where, readout, left


FORMS = {
    "15 two linear layers": Form(state(emb=emb(), rnn=nn.LSTM(E, H), fc1=nn.Linear(H, 5), fc2=nn.Linear(5, 2)), "rnn", None, "fc1", "fc2"),
    "15 of one width": Form(state(emb=emb(), rnn=nn.LSTM(E, H), fc1=nn.Linear(H, H), fc2=nn.Linear(H, 2)), "rnn", "fc2", "fc1"),
    "15 in nn.Sequential": Form(
        state(emb=emb(), rnn=nn.GRU(E, H), head=nn.Sequential(nn.Linear(H, H), nn.ReLU(), nn.Linear(H, 2))), "rnn", "head.2", "head.0"
    ),
    "15 with batch norm": Form(
        state(emb=emb(), rnn=nn.GRU(E, H), norm=nn.BatchNorm1d(H), out=nn.Linear(H, 2)), "rnn", "out", "norm"
    ),
    "16 two in a row, the first": Form(
        state(emb=emb(), lstm1=nn.LSTM(E, H), lstm2=nn.LSTM(H, H), out=nn.Linear(H, V)),
        "lstm1", None, "lstm2", "out",
    ),
    "16 two in a row, the second": Form(
        state(emb=emb(), lstm1=nn.LSTM(E, H), lstm2=nn.LSTM(H, H), out=nn.Linear(H, V)),
        "lstm2", "out", "lstm1", "emb",
    ),
    "16 a GRU on an LSTM": Form(
        state(emb=emb(), one=nn.LSTM(E, H), two=nn.GRU(H, 5), out=nn.Linear(5, V)), "one", None, "two", "out"
    ),
    "17 cells": Form(
        state(emb=emb(), cells=nn.ModuleList([nn.LSTMCell(E, H), nn.LSTMCell(H, H)]), out=nn.Linear(H, V)),
        "cells.0", None, "cells.1", "out",
    ),
    "17 cells, the upper": Form(
        state(emb=emb(), cells=nn.ModuleList([nn.GRUCell(E, H), nn.GRUCell(H, H)]), out=nn.Linear(H, V)), "cells.1", "out", "cells.0", "emb"
    ),
    "18 a learned start": Form(
        {"h0": torch.ones(1, 1, H), "c0": torch.ones(1, 1, H)} | state(emb=emb(), rnn=nn.LSTM(E, H), out=nn.Linear(H, V)),
        "rnn", "out", "h0", "c0",
    ),
    "19 a norm on the embedding": Form(
        state(emb=emb(), norm=nn.LayerNorm(E), rnn=nn.LSTM(E, H), out=nn.Linear(H, V)), "rnn", "out", "norm"
    ),
    "19 a linear layer on the embedding": Form(
        state(emb=emb(), proj=nn.Linear(E, E), rnn=nn.LSTM(E, H), out=nn.Linear(H, V)), "rnn", "out", "proj"
    ),
    "20 the other's readout": Form(
        state(
            query=nn.ModuleDict({"emb": emb(), "rnn": nn.LSTM(E, H)}),
            answer=nn.ModuleDict({"emb": emb(), "rnn": nn.LSTM(E, H), "fc": nn.Linear(H, 2)}),
        ),
        "query.rnn", None, "answer",
    ),
    "20 each its own": Form(
        state(emb=emb(), left_rnn=nn.LSTM(E, H), right_rnn=nn.LSTM(E, H), left_fc=nn.Linear(H, 2), right_fc=nn.Linear(H, 3)),
        "left_rnn", "left_fc", "right_rnn", "right_fc",
    ),
    "21 an encoder": Form(ENCODER_DECODER, "encoder.rnn", None, "decoder"),
    "21 a decoder": Form(ENCODER_DECODER, "decoder.rnn", "decoder.out", "encoder", "decoder.embedding", "decoder.attention"),
    "attention": Form(
        state(emb=emb(), rnn=nn.LSTM(E, H), attention=nn.Linear(H, 1), classes=nn.Linear(H, 2)), "rnn", "classes", "attention"
    ),
    "attention behind the readout": Form(
        state(emb=emb(), rnn=nn.LSTM(E, H), out=nn.Linear(H, 2), attn=nn.Linear(H, 1), score=nn.Linear(H, 1)), "rnn", "out", "attn", "score"
    ),
    "a score alone": Form(state(emb=emb(), rnn=nn.LSTM(E, H), score=nn.Linear(H, 2, bias=False)), "rnn", "score"),
    "a table as wide as h": Form(state(lookups=nn.Embedding(V, H), rnn=nn.LSTM(H, H)), "rnn", None),
    "registered twice": Form(
        (lambda rnn: state(emb=emb(), rnn=rnn, layers=nn.ModuleList([rnn]), out=nn.Linear(H, V)))(nn.LSTM(E, H)), "rnn", "out"
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_not_used_is_listed(form: Form) -> None:
    found = contents("a test", form.tensors)
    chosen = choosing.likely(found, where=form.where)
    assert chosen.readout == form.readout
    expected = {
        name for name in form.tensors if name.startswith(tuple(form.left or ("nothing",))) and "tracked" not in name
    }
    assert set(choosing.unused(found, chosen)) == expected


def numbers(tensors: dict[str, Tensor], chosen: choosing.Choice) -> list[Tensor]:
    model = choosing.network(contents("a test", tensors), chosen)
    return [*model.state_dict().values()]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "registered twice"])
def test_the_list_is_that_of_the_tensors_without_effect(name: str) -> None:
    """Each tensor is changed in turn: the network shown stays the same for those that are listed, and for no others."""
    form = FORMS[name]
    found = contents("a test", form.tensors)
    chosen = choosing.likely(found, where=form.where)
    before = numbers(form.tensors, chosen)
    without_effect = set()
    for tensor in found.shapes:
        after = numbers(form.tensors | {tensor: form.tensors[tensor] + 1}, chosen)
        if all(torch.equal(one, two) for one, two in zip(before, after, strict=True)):
            without_effect.add(tensor)
    assert set(choosing.unused(found, chosen)) == without_effect


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_order_of_the_file_is_not_needed(form: Form) -> None:
    """As safetensors writes it, by name: no wrong layer is taken for the readout, and the lists still agree."""
    found = contents("a test", dict(sorted(form.tensors.items())))
    chosen = choosing.likely(found, where=form.where)
    assert chosen.readout == form.readout


def test_counters_and_optimizers_are_no_tensors_of_the_network() -> None:
    net = parts(emb=emb(), rnn=nn.LSTM(E, H), norm=nn.BatchNorm1d(H), out=nn.Linear(H, V))
    moments = {k: {"step": torch.tensor(1.0), "exp_avg": weight.detach()} for k, weight in enumerate(net.parameters())}
    adam = {"state": moments, "param_groups": [{"lr": 0.1}]}
    whole = {"net": net.state_dict(), "opt": adam, "step": torch.tensor(3), "loss": torch.tensor(0.5)}
    apart = {"rnn": net["rnn"].state_dict(), "rnn_opt": adam} | {
        name: net[name].state_dict() for name in ("emb", "norm", "out")
    }
    for given in (whole, apart):
        found = read_bytes(saved(given))
        expected = {name for name in net.state_dict() if "tracked" not in name}
        assert {name.removeprefix("net.") for name in found.shapes} == expected


def test_a_learned_start_is_said() -> None:
    (found,) = contents("a test", FORMS["18 a learned start"].tensors).recurrent
    assert found.notes == ("“h0”, “c0” look like learned initial states, not used here: the layers start from zeros.",)
    for name, shape in (
        ("init_hidden", (2, 1, H)),
        ("encoder.h_0", (H,)),
        ("initial_state", (1, H)),
        ("hidden_init", (2, H)),
    ):
        (found,) = contents("a test", {name: torch.ones(shape)} | state(rnn=nn.GRU(E, H, 2))).recurrent
        assert len(found.notes) == 1, name
    (found,) = contents("a test", {"h0.weight": torch.ones(H), "h1": torch.ones(H)} | state(rnn=nn.GRU(E, H))).recurrent
    assert found.notes == ()


def half(tensors: dict[str, Tensor]) -> dict[str, str]:
    return {one.where: one.half for one in contents("a test", tensors).recurrent}


@pytest.mark.parametrize(
    ("names", "halves"),
    [
        (("encoder.rnn", "decoder.rnn"), ("encoder", "decoder")),
        (("enc_lstm", "dec_lstm"), ("encoder", "decoder")),
        (("en.gru", "de.gru"), ("encoder", "decoder")),
        (("src_rnn", "tgt_rnn"), ("encoder", "decoder")),
        (("encoderRNN", "decoderRNN"), ("encoder", "decoder")),
        (("model.EncoderGRU.gru", "model.DecoderGRU.gru"), ("encoder", "decoder")),
        (("encoder.rnn", "refine.rnn"), ("", "")),
        (("dense_rnn", "rnn"), ("", "")),
    ],
)
def test_halves_are_known_by_their_names(names: tuple[str, str], halves: tuple[str, str]) -> None:
    tensors = {f"{name}.{weight}": tensor for name in names for weight, tensor in nn.GRU(E, H).state_dict().items()}
    assert tuple(half(tensors).values()) == halves


def test_halves_without_recurrent_layers() -> None:
    """A decoder with an attention of its own, an encoder for pictures; but a linear layer called “decoder” is a readout."""
    assert half(state(encoder=nn.ModuleDict({"rnn": nn.GRU(E, H)}), decoder=nn.ModuleDict({"emb": emb()}))) == {
        "encoder.rnn": "encoder"
    }
    pictures = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    assert half(state(encoder=pictures, decoder=nn.ModuleDict({"lstm": nn.LSTM(E, H)}))) == {"decoder.lstm": "decoder"}
    assert half(state(encoder=nn.ModuleDict({"rnn": nn.GRU(E, H)}), decoder=nn.Linear(H, V))) == {"encoder.rnn": ""}
    assert half(state(encoder=emb(), rnn=nn.LSTM(E, H), decoder=nn.Linear(H, V))) == {"rnn": ""}


def test_halves_are_said() -> None:
    encoder, decoder = contents("a test", ENCODER_DECODER).recurrent
    assert encoder.notes == (
        "These layers are the encoder of an encoder-decoder network: they have no answer of their own.",
    )
    assert "from zeros here, not from the encoder's state" in decoder.notes[0]
    found = contents("a test", ENCODER_DECODER)
    assert Guesses(found).tables(encoder) == ["encoder.embedding", "decoder.embedding"]


# What weights are stored in.


def lstm_of(change: Callable[[nn.Module], Any], kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> nn.RNNBase:
    """Layers with that change, in evaluation mode after a few steps of training."""
    torch.manual_seed(1)
    module = kind(E, H, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that the older functions are older
        change(module)
    for weight in module.parameters():
        weight.data.copy_(torch.randn_like(weight))
    for _ in range(2):
        module(torch.randn(5, E))
    return module.eval()


def both(name: Callable[..., Any], **options: Any) -> Callable[[nn.Module], None]:
    def change(module: nn.Module) -> None:
        name(module, "weight_hh_l0", **options)
        name(module, "weight_ih_l0", **options)

    return change


CHANGES: dict[str, Callable[[nn.Module], Any]] = {
    "weight_norm": both(utils.weight_norm),
    "weight_norm of columns": both(utils.weight_norm, dim=1),
    "weight_norm of all": both(utils.weight_norm, dim=None),
    "spectral_norm": both(utils.spectral_norm),
    "pruned": lambda module: both(prune.random_unstructured, amount=0.5)(module),
    "new weight_norm": both(utils.parametrizations.weight_norm),
    "new weight_norm of columns": both(utils.parametrizations.weight_norm, dim=1),
    "new spectral_norm": both(utils.parametrizations.spectral_norm),
    "both": lambda module: (
        utils.parametrizations.weight_norm(module, "weight_hh_l0"),
        utils.parametrizations.spectral_norm(module, "weight_hh_l0"),
    ),
}


@pytest.mark.parametrize("options", [{}, {"bias": False}], ids=["biases", "none"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_weights_in_parts_run_as_torch_runs_them(change: Callable[[nn.Module], Any], options: dict[str, Any]) -> None:
    module = lstm_of(change, **options)
    x = torch.randn(9, E)
    with torch.no_grad():
        expected = module(x)[0].numpy()
    contents_read = read_bytes(saved({"rnn": module.state_dict()}))
    (found,) = contents_read.recurrent
    assert not set(contents_read.shapes) - set(found.tensors)  # every tensor has its part in the weights
    assert any("applied to “weight_hh_l0”" in note for note in found.notes)
    np.testing.assert_allclose(by_steps(found, x.numpy()), expected, rtol=0, atol=CLOSE)
    assert found.kernel is not None
    np.testing.assert_allclose(found.kernel.run(x.numpy()), expected, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(explorer.trace(explorer.wrap(module), x)["h"][0], expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("change", [utils.weight_norm, utils.spectral_norm, utils.parametrizations.weight_norm,
    utils.parametrizations.spectral_norm, lambda one: prune.l1_unstructured(one, "weight", 0.5)])  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")
def test_a_readout_in_parts(change: Callable[[nn.Module], Any]) -> None:
    given = network()
    change(given.out)
    given.eval()
    found = read_bytes(saved(given.state_dict()))
    model = choosing.network(found, choosing.likely(found))
    assert not choosing.unused(found, choosing.likely(found))
    with torch.no_grad():
        expected = given(torch.tensor([3, 0, 6, 1, 1])).numpy()
    np.testing.assert_allclose(explorer.predict(model, "3 0 6 1 1"), expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("prefix", ["", "rnns.0.module."], ids=["bare", "within"])
@pytest.mark.parametrize("copy", [True, False], ids=["beside a copy", "alone"])
@pytest.mark.parametrize("wrapper", [True, False], ids=["fastai", "AWD-LSTM"])
def test_the_raw_weight_is_read(wrapper: bool, copy: bool, prefix: str) -> None:
    weights = dict(nn.LSTM(E, H).state_dict())
    raw = weights.pop("weight_hh_l0")
    inside = f"{prefix}module." if wrapper else prefix
    tensors = {f"{prefix}weight_hh_l0_raw": raw} | {f"{inside}{name}": weight for name, weight in weights.items()}
    if copy:
        tensors[f"{inside}weight_hh_l0"] = nn.functional.dropout(raw, 0.5)
    found = contents("a test", tensors)
    assert torch.equal(found.recurrent[0].weights["weight_hh"], raw)
    assert found.recurrent[0].notes == ("The raw weight is read for “weight_hh_l0”, without dropout.",)
    assert not unused(found, found.recurrent[0], None, ())


def test_fastai_keeps_its_embedding_twice() -> None:
    table = torch.randn(V, E)
    tensors = {"0.encoder.weight": table, "0.encoder_dp.emb.weight": table.clone(), "1.decoder.bias": torch.ones(V)}
    tensors |= {f"0.rnns.0.module.{name}": weight for name, weight in nn.LSTM(E, E).state_dict().items()}
    tensors |= {"0.rnns.0.weight_hh_l0_raw": torch.randn(4 * E, E), "1.decoder.weight": table.clone()}
    found = contents("a test", tensors)
    chosen = choosing.likely(found)
    assert (chosen.embedding, chosen.readout) in (("0.encoder_dp.emb", "1.decoder"), ("0.encoder", "1.decoder"))
    assert choosing.unused(found, chosen) == ()


def test_a_tied_readout_that_is_not_chosen_is_listed() -> None:
    table = torch.randn(V, H)
    tensors = {"encoder.weight": table} | state(rnn=nn.LSTM(H, H)) | {"decoder.weight": table.clone()}
    found = contents("a test", tensors)
    assert tuple(unused(found, found.recurrent[0], "encoder", ())) == ("decoder.weight",)
    assert tuple(unused(found, found.recurrent[0], "encoder", ("decoder",))) == ()


def test_what_only_looks_like_parts_stays_as_it_is() -> None:
    gates = {"gate.weight_g": torch.ones(4, 3), "gate.weight_v": torch.ones(4, 3), "conv.weight_g": torch.ones(2, 1, 1)}
    gates |= {"conv.weight_v": torch.ones(2, 3, 3), "mask.weight_mask": torch.ones(3)}
    assert dict(effective_weights(gates).tensors) == gates


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors | {"parametrizations.weight_hh_l0.0.base": torch.ones(16, 4)}, "a parametrization that the file does not"),
        (lambda tensors: {k: v for k, v in tensors.items() if "0._" not in k}, "a parametrization that the file does not describe"),
        (lambda tensors: tensors | {"parametrizations.weight_hh_l0.0._u": torch.ones(3)}, "does not fit the vectors of its spectral norm"),
        (lambda tensors: tensors | {"parametrizations.weight_hh_l0.0._u": torch.ones(16).half()}, "different types of number"),
        (lambda tensors: tensors | {"parametrizations.weight_hh_l0.0._u": torch.tensor(1.0)}, "does not fit the vectors"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_named(change: Callable[[Any], Any], message: str) -> None:
    state = dict(lstm_of(lambda module: utils.parametrizations.spectral_norm(module, "weight_hh_l0")).state_dict())
    with pytest.raises(Unreadable, match=f"^“weight_hh_l0” .*{message}"):
        contents("a test", change(state))
    beside = {f"other.{name}": weight for name, weight in nn.GRU(2, 3).state_dict().items()}
    assert [one.where for one in contents("a test", change(state) | beside).recurrent] == ["other"]


def test_half_precision_is_still_said() -> None:
    state = lstm_of(both(utils.parametrizations.weight_norm), bias=False).half().state_dict()
    (found,) = contents("a test", dict(state)).recurrent
    assert "Its weights are float16 in the file; they are computed with as float32." in found.notes
    assert {weight.dtype for weight in found.weights.values()} == {torch.float32}


# Several states of one network.

A, B = (
    {name: torch.full_like(weight, number) for name, weight in network().state_dict().items()} for number in (1.0, 2.0)
)


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """In numbers of its own: torch.save writes shared ones once."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    ("given", "first", "others"),
    [
        ({"model": A, "best_model": B}, "best_model", ["model"]),
        ({"state_dict": A, "best_state_dict": B, "epoch": 3}, "best_state_dict", ["state_dict"]),
        ({"last": A, "best": B}, "best", ["last"]),
        ({"model": B, "model_ema": A}, "model", ["model_ema"]),
        ({"model": B, "ema": {"decay": 0.99, "shadow": A}}, "model", ["ema.shadow"]),
        ({"module": B, "swa": {"module": A, "n_averaged": torch.tensor(7)}}, "module", ["swa.module"]),
        ({"run": {"best": {"net": B}, "final": {"net": A}}}, "best.net", ["final.net"]),
        (B | {f"ema.{name}": weight for name, weight in A.items()}, "", ["ema"]),
        ({"net": B, "target_net": A, "ema_net": copied(A)}, "net", ["target_net", "ema_net"]),
    ],
)
def test_states_are_told_apart(given: Any, first: str, others: list[str]) -> None:
    found = read_bytes(saved(given))
    assert [one.state for one in found.recurrent] == [first, *others]
    chosen = choosing.likely(found)
    assert float(choosing.network(found, chosen).stack.cell.weight_hh[0, 0]) == 2
    for one in found.recurrent:
        again = choosing.likely(found, where=one.where)
        values = {float(weight.mean()) for weight in choosing.network(found, again).state_dict().values()}
        assert values == {2.0 if one.state == first else 1.0}  # its own embedding and readout, and none of the other's
        assert choosing.unused(found, again) == ()
    for other in others:
        assert f"“{other}”" in found.recurrent[0].notes[0]
    assert f"The file holds {1 + len(others)} states of this network" in found.recurrent[-1].notes[0]


@pytest.mark.parametrize(
    "given",
    [
        {"encoder": A, "decoder": B},
        {"model": A, "ema": copied(A)},
        {"left": A, "right": B},
        {"student": A, "teacher": dict(network(layers=2).state_dict())},
        {"rnn": nn.LSTM(3, 4).state_dict(), "final": nn.Linear(4, 7).state_dict()},
    ],
)
def test_different_networks_are_no_states_of_one(given: Any) -> None:
    found = read_bytes(saved(given))
    assert not found.states
    assert not any("states of this network" in note for one in found.recurrent for note in one.notes)


def test_the_best_of_each_part() -> None:
    rnn, other = (
        {name: torch.full_like(weight, number) for name, weight in nn.GRU(E, H).state_dict().items()}
        for number in (1.0, 2.0)
    )
    found = read_bytes(
        saved({"encoder": rnn, "decoder": copied(rnn), "best_encoder": other, "best_decoder": copied(other)})
    )
    assert [(one.where, one.state, one.half) for one in found.recurrent] == [
        ("best_encoder", "best", "encoder"),
        ("best_decoder", "best", "decoder"),
        ("encoder", "", "encoder"),
        ("decoder", "", "decoder"),
    ]


# Activations, labels and other ways of writing.


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("two_ways", [False, True])
@pytest.mark.parametrize("write", ["torch", "json", "safetensors", "npz"])
def test_relu_can_be_chosen_for_every_file(write: str, two_ways: bool, layers: int) -> None:
    module = nn.RNN(E, H, layers, nonlinearity="relu", bidirectional=two_ways)
    (found,) = read_bytes(WRITERS[write](dict(module.state_dict()))).recurrent
    assert found.notes == ("Weights do not tell tanh from relu; tanh is assumed.",)
    relu = found.rather["relu"]
    assert relu.notes == ("Weights do not tell tanh from relu; relu was chosen.",)
    assert relu.tensors == found.tensors == tuple(module.state_dict()) or write == "safetensors"
    x = steps_for(relu)
    with torch.no_grad():
        expected = module(torch.from_numpy(x))[0].numpy()
    np.testing.assert_allclose(by_steps(relu, x), expected, rtol=0, atol=CLOSE)


def as_npz(given: dict[str, Tensor]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{name: weight.numpy() for name, weight in given.items()})
    return stream.getvalue()


def as_json(given: Any) -> bytes:
    return json.dumps(given, default=lambda tensor: tensor.tolist()).encode()


WRITERS: dict[str, Callable[[dict[str, Tensor]], bytes]] = {
    "torch": saved,
    "json": as_json,
    "safetensors": save,
    "npz": as_npz,
}


@pytest.mark.parametrize(
    "given",
    [{"id2label": {0: "bad", 1: "good"}}, {"label2id": {"bad": 0, "good": 1}}, {"classes": ["bad", "good"]}, {"labels": ["bad", "good"]},
     {"config": {"id2label": {"0": "bad", "1": "good"}, "vocab": list("abcdefg")}}, {"class_names": ("bad", "good")},
     {"tag_to_ix": {"bad": 0, "good": 1}}, {"class_to_idx": {"bad": 0, "good": 1}}, {"all_categories": ["bad", "good"]},
     {"labels": ["x"] * 9, "target_names": ["bad", "good"]}],
)  # fmt: skip
@pytest.mark.parametrize("outputs", [1, 2])
def test_names_of_classes_are_found(given: dict[str, Any], outputs: int) -> None:
    net = parts(emb=emb(), rnn=nn.LSTM(E, H), out=nn.Linear(H, outputs))
    found = read_bytes(saved({"model": net.state_dict()} | given))
    assert found.labels == ("bad", "good")
    assert found.vocabulary in ((), tuple("abcdefg"))
    chosen = choosing.likely(found)
    assert (chosen.answer, chosen.labels) == ("class", ("bad", "good"))


def test_names_of_classes_in_other_files() -> None:
    tensors = state(emb=emb(), rnn=nn.LSTM(E, H), out=nn.Linear(H, 2))
    assert read_bytes(save(tensors, {"id2label": '{"0": "bad", "1": "good"}'})).labels == ("bad", "good")
    assert read_bytes(as_json({"weights": tensors, "classes": ["bad", "good"]})).labels == ("bad", "good")
    stream = io.BytesIO()
    np.savez(stream, classes=np.array(["bad", "good"]), **{name: weight.numpy() for name, weight in tensors.items()})
    assert read_bytes(stream.getvalue()).labels == ("bad", "good")


def test_names_that_fit_no_layer_are_left() -> None:
    found = read_bytes(
        saved({"model": network().state_dict(), "labels": ["a", "b", "c"], "classes": [0, 1], "tags": "no"})
    )
    assert (found.labels, found.vocabulary) == ((), ())


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n\t "])
def test_json_is_read_as_torch_reads_it(mark: bytes) -> None:
    given = network(layers=2)
    found = read_bytes(mark + as_json({"state_dict": given.state_dict(), "epoch": 3, "vocab": list("abcdefg")}))
    assert found.format == "JSON (a state dict under “state_dict”)"
    assert found.vocabulary == tuple("abcdefg")
    for name, weight in given.rnn.state_dict().items():
        assert torch.equal(found.recurrent[0].weights[name], torch.tensor(weight.tolist()))
    model = choosing.network(found, choosing.likely(found))
    with torch.no_grad():
        expected = given(torch.tensor([3, 0, 6])).numpy()
    np.testing.assert_allclose(explorer.predict(model, "dag"), expected, rtol=0, atol=CLOSE)


def test_json_with_whole_numbers_and_nan() -> None:
    text = b'{"weight_ih": [[1], [NaN], [1e999]], "weight_hh": [[0, 0, 0], [0, 0, 0], [0, 0, 1.5]]}'
    (found,) = read_bytes(text).recurrent
    assert (found.cell, found.weights["weight_hh"].dtype, float(found.weights["weight_hh"][2, 2])) == (
        "rnn",
        torch.float32,
        1.5,
    )
    assert "2 of its weights are NaN or infinite." in found.notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"weight_ih_l0": [[1.0], [2.0, 3.0]]}', "“weight_ih_l0” is no list of rows of numbers, all of one length"),
        ('{"weight_ih_l0": [[1.0, null]]}', "“weight_ih_l0” is no list of rows"),
        ('{"weight_ih_l0": [["1.0"]]}', "“weight_ih_l0” is no list of rows"),
        ('{"weight_ih_l0": [[1.0, "2"]]}', "“weight_ih_l0” is no list of rows"),
        ('{"weight_ih_l0": []}', "“weight_ih_l0” is no list of rows"),
        ('{"weight_ih_l0": [[1.0]]}', "has no “weight_hh_l0”"),
        ('{"weight_ih_l0": [[1.0]], "weight_ih_l0": [[1.0]]}', "two entries called “weight_ih_l0”"),
        ('{"conv.weight": [[1.0]]}', "belongs to a recurrent layer"),
        ('{"a": 0, "b": 1, "c": 2}', "This is a vocabulary, not a file of weights"),
        ('{"class_name": "Sequential", "config": {}}', "a Keras configuration without weights"),
        ('{"weightsManifest": []}', "TensorFlow.js"),
        ('{"metadata": {}, "weight_map": {"a": "b"}}', "the index of weights"),
        ('{"model_type": "bert"}', "a configuration without weights"),
        ('{"cells": [], "nbformat": 4}', "a notebook"),
        ("{}", "no lists of numbers by name, but nothing"),
        ('{"weight_ih_l0": [[1.0', "damaged or cut short"),
        ('{"a": ' + "[" * 100_000, "damaged or cut short"),
        ('{"a": ' + '{"a": ' * 50_000 + "1" + "}" * 50_001, "damaged or cut short"),
        ('{"a": ' + "9" * 5000 + "}", "damaged or cut short"),
        ('{"a": [' + "[]," * 1_000_001 + "[]]}", "too large"),
        ('{"a": [' + "1," * 4_000_001 + "1]}", "too large"),
    ],
    ids=range(21),
)  # fmt: skip
def test_json_that_is_no_state_dict(text: str, message: str) -> None:
    said, most = refusal_of(text.encode())
    assert message in said
    assert len(said) <= 400
    assert most < 64 * 2**20


def jax_pickle() -> bytes:
    """As JAX pickles an array: a call of its own function with a NumPy array."""
    array = pickle.dumps(np.ones((2, 2), "f4"), 2)[2:-1]
    return b"\x80\x02}X\x06\x00\x00\x00kernelcjax._src.array\n_reconstruct_array\n" + array + b"\x85Rs."


FLAX = b"\x81\xa6params\x81\xa6kernel\xc7\x1a\x01\x93\x92\x02\x02\xa7float32\xc4\x10" + bytes(16)
"""As flax.serialization.to_bytes writes {"params": {"kernel": 2 by 2 zeros}}."""


def scripted() -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is old
        torch.jit.save(torch.jit.script(nn.Linear(3, 4)), stream)
    return stream.getvalue()


EXPORTED = zipped(
    {"mine/models/model.json": b"{}", "mine/data/weights/weight_0": bytes(64), "mine/byteorder": b"little"}
)
"""What torch.export.save of torch 2.13 calls its entries."""
ARRAYS = {"weight_ih_l0": np.ones((16, 3), "f4"), "weight_hh_l0": np.ones((16, 4), "f4")}


@pytest.mark.parametrize(
    ("make", "message", "step"),
    [
        (scripted, "a TorchScript program", "torch.jit.load(file).state_dict()"),
        (lambda: EXPORTED, "a program that torch.export has written", "torch.export.load(file).state_dict"),
        (lambda: pickle.dumps(ARRAYS), "a Python pickle of NumPy arrays", "numpy.savez"),
        (lambda: pickle.dumps(ARRAYS, 0), "a Python pickle of NumPy arrays", "numpy.savez"),
        (lambda: pickle.dumps(ARRAYS, 5), "a Python pickle of NumPy arrays", "numpy.savez"),
        (lambda: saved(ARRAYS), "a Python pickle of NumPy arrays", "numpy.savez"),
        (lambda: legacy(ARRAYS), "a Python pickle of NumPy arrays", "numpy.savez"),
        (jax_pickle, "a Python pickle of JAX arrays, as Flax", "weight_ih_l0"),
        (lambda: FLAX, "a file of Flax parameters", "weight_ih_l0"),
        (lambda: pickle.dumps(dict(network().state_dict())), "PyTorch tensors that pickle.dump has written", "with torch.save"),
    ],
    ids=["script", "export", "pickle", "pickle 0", "pickle 5", "torch.save", "legacy", "jax", "flax", "pickled tensors"],
)  # fmt: skip
def test_other_files_are_refused_by_name(make: Callable[[], bytes], message: str, step: str) -> None:
    said, _ = refusal_of(make())
    assert message in said
    assert step in said


def test_a_whole_model_beside_numbers_of_numpy_is_still_a_whole_model() -> None:
    said, _ = refusal_of(saved({"epoch": 1, "best": np.float64(0.5), "model": network()}))
    assert "saved as a whole object" in said


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("two_ways", [False, True])
def test_wrap_takes_modules_without_biases_as_files_are_read(
    kind: type[nn.RNNBase], layers: int, two_ways: bool
) -> None:
    module = kind(E, H, layers, bidirectional=two_ways, bias=False)
    x = torch.randn(6, E)
    with torch.no_grad():
        expected = module(x)[0].numpy()
    h = explorer.trace(explorer.wrap(module), x)["h"]
    np.testing.assert_allclose(np.concatenate(h[-2:] if two_ways else h[-1:], -1), expected, rtol=0, atol=CLOSE)
    (found,) = read_bytes(saved(module.state_dict())).recurrent
    np.testing.assert_allclose(by_steps(found, x.numpy()), expected, rtol=0, atol=CLOSE)


def test_wrap_says_what_it_cannot_compute() -> None:
    module = lstm_of(lambda module: utils.parametrizations.orthogonal(module, "weight_hh_l0"))
    with pytest.raises(ValueError, match="cannot wrap this LSTM: its weight_hh_l0 is computed by a parametrization"):
        explorer.wrap(module)


def test_readouts_of_a_file_with_a_graph_do_not_need_places() -> None:
    """Other formats give no places of tensors: the names and widths decide."""
    found = contents("a test", FORMS["15 of one width"].tensors)
    bare = Contents(found.format, found.recurrent, found.tables, found.linears)
    assert Guesses(bare).readouts(bare.recurrent[0]) == ["fc2", "fc1"]
    assert unused(bare, bare.recurrent[0], "emb", ("fc2",)) == {}
