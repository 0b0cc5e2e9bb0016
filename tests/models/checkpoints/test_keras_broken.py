"""Keras files as others than today's Keras write them: older ones, damaged ones, and those that are made to do harm.

They are written here by hand, without Keras.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.models.checkpoints import Unreadable, hdf5, read_bytes
from explorer.models.checkpoints.formats.keras import FORMAT
from explorer.models.checkpoints.limits import MEGABYTE
from explorer.signals import Array
from tests.helpers import FEWER
from tests.models.checkpoints.conftest import Apart
from tests.models.checkpoints.helper import CLOSE, Entry, by_steps, read_one, refusal_of, steps_for, zipped

INPUT, UNITS = 3, 4
MOST_TENSORS = 100
"""The limit in these tests; to write more takes long."""
HARD_2 = "hard_sigmoid(0.2, 0.5)"
LSTM = ("kernel", "recurrent_kernel", "bias")
Change = Callable[[h5py.File], Any]


def made(arrays: Mapping[str, Array], config: Any = None, change: Change | None = None, **attributes: Any) -> bytes:
    """An HDF5 file of these arrays."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path, array in arrays.items():
            file[path] = array
        for name, value in attributes.items():
            file.attrs[name] = value
        if config is not None:
            file.attrs["model_config"] = config if isinstance(config, str | bytes) else json.dumps(config)
        if change is not None:
            change(file)
    return stream.getvalue()


def lstm(path: str = "lstm/lstm/lstm_cell", inputs: int = INPUT, units: int = UNITS, seed: int = 0) -> dict[str, Array]:
    """The weights of an LSTM as Keras 2 named them."""
    random = np.random.default_rng(seed)
    shapes = [(inputs, 4 * units), (units, 4 * units), (4 * units,)]
    return {
        f"{path}/{name}:0": random.uniform(-0.7, 0.7, shape).astype(np.float32)
        for name, shape in zip(LSTM, shapes, strict=True)
    }


def sequential(*layers: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A configuration as Keras wrote it to JSON."""
    return {
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [{"class_name": kind, "config": own} for kind, own in layers]},
    }


def archive(config: Any, weights: bytes, **others: bytes) -> bytes:
    """A .keras file."""
    named = {name.replace("__", "/").replace("_txt", ".txt"): data for name, data in others.items()}
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    return zipped({"metadata.json": b"{}", "config.json": text, "model.weights.h5": weights, **named})


NUMBERED = {f"layers/lstm/cell/vars/{at}": array for at, array in enumerate(lstm().values())}
"""The same as Keras 3 names them."""


def test_layers_of_keras_2_are_joined_as_its_configuration_says() -> None:
    """Which wrote where an input comes from as lists in lists."""
    entries = [
        {"class_name": "InputLayer", "config": {"name": "x"}, "inbound_nodes": []},
        *(
            {
                "class_name": "LSTM",
                "config": {"name": name, "return_sequences": True, "recurrent_activation": "sigmoid"},
                "inbound_nodes": [[[below, 0, 0, {}]]],
            }
            for name, below in (("a", "x"), ("b", "quiet"), ("beside", "x"))
        ),
        {"class_name": "Dropout", "config": {"name": "quiet"}, "inbound_nodes": [[["a", 0, 0, {}]]]},
    ]
    arrays = lstm("model_weights/a/a") | lstm("model_weights/b/b", UNITS) | lstm("model_weights/beside/beside")
    found = read_bytes(made(arrays, {"class_name": "Model", "config": {"layers": entries}})).recurrent
    assert [one.where for one in found] == ["a → b", "beside"]


def test_layers_follow_the_order_that_the_file_states() -> None:
    """And not that of their names; a lower one whose input has another width than its h is seen to be one."""
    arrays = lstm("b/b") | lstm("a/a", UNITS)
    assert read_one(made(arrays, layer_names=np.array([b"b", b"a"]))).where == "b → a"
    assert [one.where for one in read_bytes(made(arrays)).recurrent] == ["a", "b"]


@pytest.mark.parametrize(
    ("version", "options", "says"),
    [
        ("2.1.5", {"gate": HARD_2}, "hard_sigmoid (0.2x + 0.5), the defaults of Keras before 2.3, are assumed"),
        ("2.2.4-tf", {}, "tanh and sigmoid, Keras's defaults, are assumed"),  # of TensorFlow 1 or 2
        ("2.3.1", {}, "tanh and sigmoid, Keras's defaults, are assumed"),
    ],
)
def test_defaults_follow_the_version_and_can_be_changed(version: str, options: dict[str, Any], says: str) -> None:
    found = read_one(made(lstm(), keras_version=version))
    (note,) = found.notes
    assert says in note and "Choose others if they are wrong" in note
    assert dict(found.options) == options
    other = [dict(one.options) for one in found.rather.values()]
    assert options not in other and {"gate": "hard_sigmoid"} in other and ({} if options else {"gate": HARD_2}) in other
    assert all(not one.notes and one.kernel is not None for one in found.rather.values())


def squashed_by(slope: float) -> Array:
    """The first h of the LSTM in `lstm()` for x = 1, with gates clip(slope · a + 0.5, 0, 1), in numpy."""
    kernel, _, bias = lstm().values()
    i, _, g, o = np.split(np.ones(INPUT) @ kernel + bias, 4)
    first, last = (np.clip(slope * one + 0.5, 0, 1) for one in (i, o))
    h: Array = last * np.tanh(first * np.tanh(g))
    return h


@pytest.mark.parametrize(
    ("version", "slope", "notes"),
    [("2.1.5", 0.2, 0), ("2.15.0", 0.2, 0), ("3.0.1", 1 / 6, 0), ("10.0", 1 / 6, 0), (None, 0.2, 1)],
)
def test_hard_sigmoid_has_the_slope_of_its_version(version: str | None, slope: float, notes: int) -> None:
    """0.2 until Keras 2.15, 1/6 since Keras 3; where the file does not say which it was, the other can be chosen."""
    config = sequential(("LSTM", {"name": "lstm", "recurrent_activation": "hard_sigmoid", "return_sequences": True}))
    told = {} if version is None else {"keras_version": version}
    found = read_one(made(lstm(), config, **told))
    assert len(found.notes) == notes
    x = np.ones((1, INPUT), np.float32)
    np.testing.assert_allclose(by_steps(found, x)[0], squashed_by(slope), rtol=0, atol=CLOSE)
    others = list(found.rather.values())
    assert len(others) == (version is None)
    for other in others:
        np.testing.assert_allclose(by_steps(other, x)[0], squashed_by(1 / 6), rtol=0, atol=CLOSE)


def test_an_old_file_that_does_not_name_its_gates_has_hard_ones() -> None:
    """Keras 1 called them inner_activation."""
    for own, gate in (
        ({}, HARD_2),
        ({"inner_activation": "sigmoid"}, "sigmoid"),
        ({"recurrent_activation": "sigmoid"}, "sigmoid"),
    ):
        config = sequential(("LSTM", {"name": "lstm", **own}))
        assert read_one(made(lstm(), config, keras_version="1.2.2")).options.get("gate", "sigmoid") == gate


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_weights_that_lie_as_in_nvidias_library_are_torchs(kind: str) -> None:
    """CuDNNLSTM and CuDNNGRU keep a gate's matrix row by row as torch does, under the shape of its transpose."""
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(INPUT, UNITS)
    weights = {name: weight.detach().numpy() for name, weight in theirs.named_parameters()}
    order = [0, 1, 2, 3] if kind == "LSTM" else [1, 0, 2]  # Keras's i, f, c, o and z, r, h in torch's order

    def gates(name: str) -> list[Array]:
        blocks = np.split(weights[name], len(order))
        return [blocks[at] for at in order]

    arrays = {
        "rnn/rnn/kernel:0": np.hstack([block.reshape(block.shape[::-1]) for block in gates("weight_ih_l0")]),
        "rnn/rnn/recurrent_kernel:0": np.hstack(gates("weight_hh_l0")),
        "rnn/rnn/bias:0": np.concatenate(gates("bias_ih_l0") + gates("bias_hh_l0")),
    }
    config = sequential((f"CuDNN{kind}", {"name": "rnn", "return_sequences": True}))
    for data in (made(arrays), made(arrays, config)):
        found = read_one(data)
        assert found.notes == ()
        for name, weight in found.weights.items():
            np.testing.assert_array_equal(weight.numpy(), weights[f"{name}_l0"])


def test_bfloat16_and_half_precision_are_widened() -> None:
    """Keras keeps bfloat16 as whole numbers of which the file says what they are."""

    def half(file: h5py.File) -> None:
        for path, array in NUMBERED.items():
            file[path] = (array.view(np.uint32) >> 16).astype(np.uint16)
            file[path].attrs["dtype"] = "bfloat16"

    short, whole = read_one(made({}, change=half)), read_one(made(NUMBERED))
    for name, weight in short.weights.items():
        # Eight bits of a number are left.
        np.testing.assert_allclose(weight.numpy(), whole.weights[name].numpy(), rtol=2**-7, atol=0)
    halves = read_bytes(made({path: array.astype(np.float16) for path, array in NUMBERED.items()}))
    assert halves.recurrent[0].weights["weight_hh"].dtype == torch.float32
    assert halves.notes == ("Its weights are float16 in the file; they are computed with as float32.",)


def test_double_precision_stays() -> None:
    found = read_one(made({path: array.astype(np.float64) for path, array in NUMBERED.items()}))
    assert found.weights["weight_hh"].dtype == torch.float64
    x = steps_for(found)
    alike = by_steps(read_one(made(NUMBERED)), x)
    np.testing.assert_allclose(by_steps(found, x), alike, rtol=0, atol=CLOSE)


def test_what_is_no_number_is_counted() -> None:
    arrays = lstm()
    arrays["lstm/lstm/lstm_cell/kernel:0"][0, 0] = np.nan
    assert read_one(made(arrays)).notes[-1] == "1 of its weights is NaN or infinite."


def test_a_vocabulary_is_found_in_the_configuration_and_beside_it() -> None:
    layer = ("LSTM", {"name": "lstm"})
    vectorizes = ("TextVectorization", {"name": "text", "vocabulary": ["the", "cat"]})
    looks_up = ("StringLookup", {"name": "look", "vocabulary": ["a", "b"], "mask_token": None, "num_oov_indices": 1})
    turned = ("StringLookup", {"name": "back", "vocabulary": ["x"], "invert": True})
    weights = made(NUMBERED)
    assert read_bytes(archive(sequential(vectorizes, layer), weights)).vocabulary == ("", "[UNK]", "the", "cat")
    assert read_bytes(archive(sequential(turned, looks_up, layer), weights)).vocabulary == ("[UNK]", "a", "b")
    complete = ("TextVectorization", {"name": "text", "vocabulary": ["", "[UNK]", "the"]})
    assert read_bytes(archive(sequential(complete, layer), weights)).vocabulary == ("", "[UNK]", "the")
    beside = archive(sequential(layer), weights, assets__layers__text__vocabulary_txt="\n[UNK]\nß".encode())
    assert read_bytes(beside).vocabulary == ("", "[UNK]", "ß")


def test_steps_that_keras_leaves_out_are_told() -> None:
    layers = ("Embedding", {"name": "letters", "mask_zero": True}), ("LSTM", {"name": "lstm"})
    (note,) = read_bytes(archive(sequential(*layers), made(NUMBERED))).notes
    assert note == "Keras skips the padding steps (“letters”); here every step is read."


def test_a_lambda_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code lies in the configuration; it stays there, as text."""
    proof = tmp_path / "ran"
    code = base64.b64encode(marshal.dumps(compile(f"open({str(proof)!r}, 'w')", "evil", "exec"))).decode()
    monkeypatch.setattr(marshal, "loads", lambda _: pytest.fail("code was taken out of the file"))
    evil = {
        "name": "evil",
        "function": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}},
    }
    own = {"module": "os", "class_name": "system", "config": {"name": f"touch {proof}"}, "registered_name": "os>system"}
    config = sequential(("Lambda", evil), ("LSTM", {"name": "lstm", "kernel_initializer": own}))
    config["config"]["layers"].append(own)
    for data in (archive(config, made(NUMBERED)), made(lstm(), config)):
        assert read_one(data).cell == "lstm"
    assert not proof.exists()


def test_what_to_install_is_said_where_h5py_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(lstm())
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(Unreadable, match=r"pip install h5py$"):
        FORMAT.read(data)


def test_without_keras_there_is_nothing_to_measure_against(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    assert read_one(made(lstm())).kernel is None


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    """And those in circles come to an end."""
    other = tmp_path / "secret.h5"
    other.write_bytes(made({"kernel:0": np.ones((3, 16), np.float32)}))

    def links(file: h5py.File) -> None:
        file["gru/kernel:0"] = h5py.ExternalLink(str(other), "/kernel:0")
        file["gru/recurrent_kernel:0"] = h5py.SoftLink("/lstm/lstm/lstm_cell/recurrent_kernel:0")
        file["gru/round"] = h5py.SoftLink("/gru/round")
        file["lstm/again"] = file["lstm"]
        file["lstm/up"] = file["/"]

    assert read_one(made(lstm(), change=links)).where == "lstm"


def test_the_process_that_reads_says_what_is_said_here(elsewhere: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    assert elsewhere(VALID) == hdf5.run_reader(VALID)
    monkeypatch.setattr(hdf5, "run_reader", elsewhere)
    with pytest.raises(Unreadable, match="is compressed"):
        read_bytes(made({}, change=compressed))


def claims_a_long_text() -> bytes:
    """The description of the model says that it has 4 GB; the C library takes these before it looks."""
    data = bytearray(made(lstm(), json.dumps({"class_name": "Sequential"})))
    heap = data.find(b"GCOL")  # where texts of any length lie; an attribute has the length, this place, and a number
    place = data.find(heap.to_bytes(8, "little"))
    data[place - 4 : place] = b"\xf0\xff\xff\xff"
    return bytes(data)


def test_a_library_that_takes_all_memory_is_stopped(elsewhere: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "run_reader", elsewhere)
    with pytest.raises(Unreadable, match="damaged"):
        read_bytes(claims_a_long_text())


@pytest.mark.parametrize("said", [b"", b"\1", b"\xff" * 16, b"\4" + bytes(7) + b"none"])
def test_a_reader_that_comes_to_no_end_means_a_damaged_file(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "run_reader", lambda data: said)
    with pytest.raises(Unreadable, match="HDF5 file is damaged or incomplete"):
        read_bytes(VALID)


def outside(tmp: Path) -> Change:
    def write(file: h5py.File) -> None:
        file.create_dataset("lstm/kernel:0", (3, 16), "f4", external=[(str(tmp / "raw"), 0, 192)])

    return write


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 16), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "kernel:0", (3, 16))
    file.create_virtual_dataset("lstm/kernel:0", layout)


def never_written(file: h5py.File) -> None:
    file.create_dataset("lstm/kernel:0", (2**20, 2**20), "f4", chunks=(16, 16))


def a_chunk_larger_than_all(file: h5py.File) -> None:
    file.create_dataset("lstm/kernel:0", (1, 1), "f4", chunks=(2**14, 2**14), maxshape=(None, None))


def compressed(file: h5py.File) -> None:
    file.create_dataset("lstm/kernel:0", data=np.zeros((1000, 1000), np.float32), compression="gzip")


def many(file: h5py.File) -> None:
    for at in range(MOST_TENSORS + 1):
        file.create_dataset(f"a{at}", (), "f4")


def deep(file: h5py.File) -> None:
    group = file
    for _ in range(200):
        group = group.create_group("g")


SHAPES = {
    "columns": ("kernel", (3, 15), "[3, 15], where a LSTM of 4 units has [3, 16]"),
    "rows": ("recurrent_kernel", (5, 16), "16 columns for 5 units"),
    "bias": ("bias", (17,), "The bias of “lstm” has the shape [17]"),
    "cube": ("recurrent_kernel", (4, 4, 4), "does not have the two weight matrices"),
    "nothing": ("recurrent_kernel", (0, 16), "does not have the two weight matrices"),
}


@pytest.mark.parametrize("case", SHAPES)
def test_weights_that_do_not_fit_are_named(case: str) -> None:
    name, shape, says = SHAPES[case]
    arrays = lstm() | {f"lstm/lstm/lstm_cell/{name}:0": np.zeros(shape, np.float32)}
    with pytest.raises(Unreadable) as refused:
        read_bytes(made(arrays))
    assert says in str(refused.value)


def both_directions(**other: Any) -> dict[str, Array]:
    return lstm("b/b/forward_lstm/lstm_cell") | lstm("b/b/backward_lstm/lstm_cell", **other)


def without(arrays: dict[str, Array], name: str) -> dict[str, Array]:
    return {path: array for path, array in arrays.items() if not path.endswith(name)}


VALID = made(lstm() | lstm("upper/upper", UNITS), sequential(("LSTM", {"name": "lstm"}), ("LSTM", {"name": "upper"})))
NOBODY = sequential(("MyLSTM", {"name": "own"}))
BROKEN: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "data in another file": (lambda tmp: made({}, change=outside(tmp)), "is in another file"),
    "data of other files": (lambda tmp: made({}, change=virtual), "is in another file"),
    "4 TB that were never written": (lambda tmp: made({}, change=never_written), "at most 100 MB"),
    "a chunk larger than all": (lambda tmp: made({}, change=a_chunk_larger_than_all), "at most 100 MB"),
    "compressed": (lambda tmp: made({}, change=compressed), "is compressed"),
    "many arrays": (lambda tmp: made({}, change=many), "more than 100 arrays"),
    "deep groups": (lambda tmp: made({}, change=deep), "more than 32 deep"),
    "no array": (lambda tmp: made({}), "it has no layer at all"),
    "no recurrent one": (lambda tmp: made({"dense/dense/kernel:0": np.ones((2, 2), np.float32)}), "it has “dense”"),
    "whole numbers": (lambda tmp: made({p: a.astype(np.int8) for p, a in lstm().items()}), "no layer at all"),
    "no kernel": (lambda tmp: made(without(lstm(), "/kernel:0")), "does not have the two weight matrices"),
    "another size back": (lambda tmp: made(both_directions(units=5)), "another size in each direction"),
    "a bias one way": (lambda tmp: made(without(both_directions(), "forward_lstm/lstm_cell/bias:0")), "a bias in one"),
    "an unknown class": (
        lambda tmp: made(lstm("own/own"), NOBODY),
        "“own” is of the class “MyLSTM”, which is not known",
    ),
    "no weights": (lambda tmp: made({}, sequential(("LSTM", {"name": "a"}))), "holds no LSTM weights for it"),
    "a configuration that is no JSON": (lambda tmp: made(lstm(), "{"), "cannot be read; the file is damaged"),
    "a configuration without an end": (lambda tmp: made(lstm(), "[" * 100_000), "cannot be read; the file is damaged"),
    "a name too long": (lambda tmp: made(lstm(), keras_version="3" * 2000), "“keras_version” has 2,000 bytes"),
    "a configuration too long": (
        lambda tmp: archive(b" " * (hdf5.MOST_TEXT + 1), made(NUMBERED)),
        "at most 10 are read",
    ),
    "two cells for one": (
        lambda tmp: made(
            lstm("rnn/rnn/stacked_rnn_cells/lstm_cell") | lstm("rnn/rnn/stacked_rnn_cells/lstm_cell_1"),
            sequential(("RNN", {"name": "rnn", "cell": {"class_name": "LSTMCell", "config": {}}})),
        ),
        "has weights of 2 cells where 1 are described",
    ),
    "a cell of one's own": (
        lambda tmp: made(
            lstm("rnn/rnn"), sequential(("RNN", {"name": "rnn", "cell": {"class_name": "<b>Mine", "config": {}}}))
        ),
        "of the class “·b·Mine”",
    ),
    "weights that are none": (lambda tmp: archive(sequential(), b"no HDF5"), "HDF5 file is damaged"),
    "the first half of an archive": (lambda tmp: archive(sequential(), made(NUMBERED))[:4000], "damaged"),
    "an archive that claims 4 GB": (
        lambda tmp: zipped({"config.json": b"{}", "model.weights.h5": Entry(b"", claims=2**32 - 1)}),
        "at most 100 MB",
    ),
    "the signature alone": (lambda tmp: VALID[:8], "HDF5 file is damaged"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_it_is_answered_with_a_sentence(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hdf5.MOST, "tensors", MOST_TENSORS)
    make, says = BROKEN[case]
    data = make(tmp_path)
    sentence, most = refusal_of(data)
    assert says in sentence
    assert len(sentence) < 400 and sentence.isprintable()
    assert most < 50 * MEGABYTE, "more than the longest text that is read, a few times over"


@pytest.mark.parametrize("share", np.linspace(0.05, 0.95, 7))
def test_a_file_that_breaks_off_is_damaged(share: float) -> None:
    with pytest.raises(Unreadable, match="HDF5 file is damaged or incomplete"):
        read_bytes(VALID[: int(share * len(VALID))])


def dense(path: str, inputs: int = UNITS, outputs: int = 2) -> dict[str, Array]:
    return {f"{path}/kernel:0": np.ones((inputs, outputs), np.float32), f"{path}/bias:0": np.zeros(outputs, np.float32)}


def of_functions(*layers: tuple[str, str, dict[str, Any], list[str]], outputs: list[str]) -> dict[str, Any]:
    """A configuration as Keras 2 wrote that of a model of functions: (class, name, configuration, what it reads)."""
    entries = [
        {
            "class_name": kind,
            "name": name,
            "config": {"name": name} | own,
            "inbound_nodes": [[[below, 0, 0, {}] for below in reads]] if reads else [],
        }
        for kind, name, own, reads in layers
    ]
    ends = [[name, 0, 0] for name in outputs]
    return {"class_name": "Model", "config": {"name": "m", "layers": entries, "output_layers": ends}}


CHAIN = (
    ("InputLayer", "x", {"batch_input_shape": [None, None, INPUT]}, []),
    ("LSTM", "lstm", {"recurrent_activation": "sigmoid"}, ["x"]),
)
GRAPHS: dict[str, tuple[dict[str, Any], dict[str, Array], str]] = {
    "no weights of a layer": (
        of_functions(*CHAIN, ("Dense", "out", {}, ["lstm"]), outputs=["out"]),
        {},
        "The file holds no kernel of “out” (Dense)",
    ),
    "weights of another size": (
        of_functions(*CHAIN, ("Dense", "out", {}, ["lstm"]), outputs=["out"]),
        dense("out/out", inputs=5),
        "The kernel of “out” (Dense) has the shape [5, 2], but [4, 2] fits its input.",
    ),
    "a circle": (
        of_functions(
            CHAIN[0],
            ("LSTM", "lstm", {}, ["again"]),
            ("Dropout", "again", {}, ["lstm"]),
            outputs=["lstm"],
        ),
        {},
        "The answer passes through “lstm” (LSTM) more than once",
    ),
    "a layer that is not there": (
        of_functions(CHAIN[1], outputs=["lstm"]),
        {},
        "The file does not describe the layer “x” that its answer comes from.",
    ),
    "an answer that is not there": (of_functions(*CHAIN, outputs=["y"]), {}, "does not describe the layer “y”"),
    "no answer": (of_functions(*CHAIN, outputs=[]), {}, "The file does not say which layer gives the answer."),
    "an answer from elsewhere": (
        of_functions(*CHAIN, ("Dropout", "beside", {}, ["x"]), outputs=["beside"]),
        {},
        "The answer “beside” does not pass through these layers.",
    ),
    "one name twice": (
        of_functions(*CHAIN, CHAIN[1], outputs=["lstm"]),
        {},
        "The file gives several layers the same name",
    ),
    "a number that is none": (
        of_functions(*CHAIN, ("LayerNormalization", "norm", {"epsilon": "small"}, ["lstm"]), outputs=["norm"]),
        {"norm/norm/gamma:0": np.ones(4, np.float32), "norm/norm/beta:0": np.ones(4, np.float32)},
        "The epsilon of “norm” (LayerNormalization) is not a number",
    ),
    "a class of one's own": (
        of_functions(*CHAIN, ("<b>Mine", "<i>own", {}, ["lstm"]), outputs=["<i>own"]),
        {},
        "The answer passes through “·i·own” (·b·Mine), which is not computed here.",
    ),
    "a slope that nobody knows": (
        of_functions(*CHAIN, ("Dense", "out", {"activation": "hard_sigmoid"}, ["lstm"]), outputs=["out"]),
        dense("out/out"),
        "hard_sigmoid, whose slope depends on the version of Keras; the file does not say which wrote it.",
    ),
    "another input than fits": (
        of_functions(("InputLayer", "x", {"batch_input_shape": [None, None, 7]}, []), CHAIN[1], outputs=["lstm"]),
        {},
        "“lstm” (LSTM) reads 3 numbers a step, but 7 come to it.",
    ),
    "steps first": (
        of_functions(CHAIN[0], ("LSTM", "lstm", {"time_major": True}, ["x"]), outputs=["lstm"]),
        {},
        "The answer passes through “lstm” (LSTM), which is not computed here.",
    ),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_a_graph_that_is_not_computed_says_why(case: str) -> None:
    config, weights, says = GRAPHS[case]
    found = read_bytes(made(lstm() | weights, config)).recurrent[0]
    assert found.route is None
    assert says in found.no_route
    assert len(found.no_route) < 300 and found.no_route.isprintable()


def test_models_that_lie_in_one_another_without_an_end() -> None:
    config = sequential(("LSTM", {"name": "lstm"}))
    for _ in range(40):
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": [config]}}
    found = read_one(made(lstm(), config))
    assert found.no_route == "The models in the file are nested more than 20 deep."


@pytest.mark.parametrize("root", ["layers", "_layer_checkpoint_dependencies"])
def test_weights_with_numbers_are_found_by_their_places(root: str) -> None:
    """Where Keras 3 keeps them and where Keras 2.12 did, in a model in a model, too; text comes before the ids."""
    head = {"name": "head", "layers": [{"class_name": "Dense", "config": {"name": "d"}}]}
    config = sequential(
        ("InputLayer", {"name": "x", "batch_shape": [None]}),
        ("TextVectorization", {"name": "text", "vocabulary": ["a"]}),
        ("Embedding", {"name": "letters"}),
        ("LSTM", {"name": "lstm"}),
    )
    config["config"]["layers"].append({"class_name": "Sequential", "config": head})
    arrays = {
        "layers/embedding/vars/0": np.ones((3, INPUT), np.float32),
        "layers/sequential/layers/dense/vars/0": np.ones((UNITS, 2), np.float32),
        "layers/sequential/layers/dense/vars/1": np.array([1, 2], np.float32),
    }
    arrays = {path.replace("layers", root): array for path, array in (NUMBERED | arrays).items()}
    found = read_one(archive(config, made(arrays)))
    assert found.route is not None, found.no_route
    assert (found.route.embedding, found.route.parts) == ("embedding", ("letters", "lstm", "d"))
    (out,) = found.route.after
    torch.testing.assert_close(out(torch.zeros(1, 1, UNITS)), torch.tensor([[[1.0, 2.0]]]))
    assert set(found.tensors) == {path for path in arrays if "lstm" in path}


def test_keras_is_not_imported_to_read_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes long; the layers are compared with Keras's own when somebody asks for that."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    assert read_bytes(VALID).recurrent[0].kernel is not None
    assert "keras" not in sys.modules


def test_a_long_row_of_layers_comes_to_an_end() -> None:
    """Thousands that each would have a copy of the same weights."""
    layers = [("Dense", {"name": f"dense{at}"}) for at in range(5000)]
    found = read_one(made(lstm(), sequential(("LSTM", {"name": "lstm"}), *layers)))
    assert found.no_route == "The answer passes through more than 256 layers, which is too many to compute here."


def test_a_row_as_keras_2_wrote_it() -> None:
    """Without an input layer, its shape on the first layer; the axes of a norm in a list."""
    config = sequential(
        ("Dense", {"name": "in", "activation": "hard_sigmoid", "batch_input_shape": [None, None, 2]}),
        ("LSTM", {"name": "lstm", "recurrent_activation": "sigmoid", "return_sequences": False}),
        ("BatchNormalization", {"name": "norm", "axis": [1], "epsilon": 0.001}),
        ("Dense", {"name": "out", "activation": "softmax"}),
    )
    norm = {f"norm/norm/{name}:0": np.full(UNITS, value, np.float32) for name, value in NORM.items()}
    arrays = lstm() | dense("in/in", 2, INPUT) | norm | dense("out/out")
    arrays["out/out/kernel:0"] = np.arange(8, dtype=np.float32).reshape(4, 2)
    found = read_one(made(arrays, config, keras_version="2.4.0"))
    assert found.route is not None, found.no_route
    assert (found.route.answer, found.route.whole_text, found.route.embedding) == ("class", True, None)
    x = torch.tensor([[[1.0, -0.5]]])
    for stage in found.route.before:
        x = stage(x)
    np.testing.assert_allclose(x.numpy().ravel(), [0.6, 0.6, 0.6], rtol=0, atol=1e-7)  # 0.2 · 0.5 + 0.5
    h = torch.full((1, 1, UNITS), 0.5)
    for stage in found.route.after:
        h = stage(h)
    each = (0.5 - 0.25) / np.sqrt(0.81 + 0.001) * 2 + 0.1
    np.testing.assert_allclose(h.numpy().ravel(), each * np.array([12, 16]), rtol=1e-6)


NORM = {"gamma": 2.0, "beta": 0.1, "moving_mean": 0.25, "moving_variance": 0.81}


def test_a_slice_as_keras_2_wrote_it() -> None:
    config = of_functions(*CHAIN, outputs=["last"])
    config["config"]["layers"][1]["config"]["return_sequences"] = True
    whole = {"start": None, "stop": None, "step": None}
    for spec, computed in (
        ([whole, -1, whole], True),
        ([whole, -1], True),
        ([whole, 0], False),
        ([whole, {"start": -1}], False),
    ):
        last = {
            "class_name": "SlicingOpLambda",
            "name": "last",
            "config": {"name": "last", "function": "__operators__.getitem"},
            "inbound_nodes": [["lstm", 0, 0, {"slice_spec": spec}]],
        }
        found = read_one(
            made(lstm(), {**config, "config": {**config["config"], "layers": [*config["config"]["layers"], last]}})
        )
        assert (found.route is not None) == computed, found.no_route


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["lstm", "LSTM", "RNN", "Bidirectional", "x", "Dense", "Reshape", "Rescaling", "ReLU", "Sequential"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("class_name", "config", "layers", "name", "cell", "cells", "layer", "inbound_nodes", "args"),
                    *("output_layers", "activation", "axis", "batch_shape", "target_shape", "keras_history"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@FEWER
@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_configuration_may_say_anything(first: Any, second: Any, third: Any) -> None:
    """The layers are read by it, or refused with a sentence; nothing else happens."""
    layers = [
        {"class_name": "LSTM", "config": first},
        {"class_name": second, "config": {"name": "lstm", "layer": third}},
    ]
    ends = [["lstm", 0, 0]]
    for config in (
        first,
        {"class_name": "Model", "config": {"layers": layers}, "inbound_nodes": third},
        {"class_name": "Sequential", "config": {"layers": layers}},
        {"class_name": "Functional", "config": {"layers": layers, "output_layers": third or ends}},
    ):
        assert len(answer(made(lstm(), json.dumps(config)))) < 400


def answer(data: bytes) -> str:
    """What is said of a file that is refused; empty for one that is read."""
    try:
        read_bytes(data)
    except Unreadable as refused:
        return str(refused)
    return ""
