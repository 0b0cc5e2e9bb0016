"""Files that are broken, that are something else, or that mean harm, and what has to be said of each."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.models.checkpoints.helper import Entry, legacy, network, saved, zipped

STATE: dict[str, Tensor] = dict(network(layers=3, both=True).state_dict())
FINE, ROW = saved(STATE), legacy(STATE)
BLOCK = bytes(64 * 2**20)
"""64 MB of zeros, which pack to 64 kB."""
TRACE = "carousel_was_here"
"""The folder that a file would make if what is pickled in it ran."""

Make = Callable[[], bytes]
KINDS: dict[str, tuple[Make, str]] = {}
"""What makes the file, and what has to be in the answer."""


def answered(answer: str, **files: Make) -> None:
    """Takes files into the table."""
    assert not files.keys() & KINDS.keys()
    KINDS.update({name: (make, answer) for name, make in files.items()})


class Calling:
    """Is pickled as a call to a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def quietly(make: Callable[[], Any]) -> Any:
    """torch warns of what is old, and where it cannot find a class's source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def pickle_of(data: bytes) -> bytes:
    """The pickle of a file that torch.save has written."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


def numbers_of(data: bytes) -> dict[str, bytes]:
    """The storages of such a file, as entries of another archive beside "a/data.pkl"."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            f"a/data/{name.rpartition('/')[2]}": archive.read(name) for name in archive.namelist() if "/data/" in name
        }


def cut(data: bytes, part: float) -> Make:
    return lambda: data[: int(part * len(data))]


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("storages"))
    return stream.getvalue()


# Something else.
answered("The file is empty.", nothing=lambda: b"")
answered(
    "format of the file is not supported",
    text=lambda: b"hello, world\n" * 9,
    zeros=lambda: bytes(4096),
    noise=lambda: np.random.default_rng(0).bytes(4096),
)
answered("This is a web page", page=lambda: b"<!DOCTYPE html><html>404</html>", later_page=lambda: b"\n\n<html>")
answered("a pointer to a file in Git LFS", lfs=lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
answered(
    "This is a picture", png=lambda: b"\x89PNG\r\n\x1a\n" + bytes(64), jpeg=lambda: b"\xff\xd8\xff\xe0" + bytes(64)
)
answered("compressed with gzip", gzip=lambda: b"\x1f\x8b\x08\x00" + bytes(64))
answered("a single NumPy array", npy=lambda: b"\x93NUMPY\x01\x00" + bytes(64))
answered("a GGUF file", gguf=lambda: b"GGUF\x03\x00" + bytes(64))
answered("This is a tar archive: unpack it", tar_of_one=tar)
answered("without a network in it", zip_of_texts=lambda: zipped({"a.txt": b"a"}), zip_of_nothing=lambda: zipped({}))
answered(
    "a TorchScript program",
    torchscript=lambda: zipped({"a/data.pkl": b"", "a/constants.pkl": b"", "a/code/__torch__.py": b"import os"}),
)
answered(
    "a transformer's weights",
    transformer=lambda: saved({f"h.{k}.attn.{end}_proj.weight": torch.ones(2, 2) for k in range(9) for end in "qkv"}),
)
answered("belongs to a recurrent layer", convolutions=lambda: saved({"conv.weight": torch.ones(2, 2, 3)}))
answered("an optimizer's state", optimizer=lambda: saved({"state": {0: {"m": torch.ones(2)}}, "param_groups": []}))
answered("The file holds an empty dict", empty_dict=lambda: saved({}))
answered("no tensors by name", objects=lambda: saved({"a": [1, "b"], "c": {2, 3}}), number=lambda: saved(7))
answered("a single tensor", one_tensor=lambda: saved(torch.ones(3)))

# Broken.
answered(
    "Fetch or save it again.",
    **{f"zip_cut_at_{part}": cut(FINE, part) for part in (0.1, 0.5, 0.9, 0.999)},
    **{f"pickles_cut_at_{part}": cut(ROW, part) for part in (0.001, 0.01, 0.1, 0.5, 0.999)},
    numbers_missing=lambda: zipped({"a/data.pkl": pickle_of(FINE)}),
    numbers_cut=lambda: zipped({"a/data.pkl": pickle_of(FINE), **{f"a/data/{k}": bytes(4) for k in range(40)}}),
)
answered("is damaged", other_bytes=lambda: FINE.replace(STATE["rnn.weight_hh_l2"].numpy().tobytes(), bytes(256)))
answered("another byte order", big_endian=lambda: zipped({"a/data.pkl": b"\x80\x02}.", "a/byteorder": b"big"}))

# Code.
HARM = Calling(os.mkdir, TRACE)
answered(
    "nothing of it was run",
    code=lambda: saved({"model": STATE, "extra": HARM}),
    code_alone=lambda: saved(HARM),
    code_in_pickles=lambda: legacy({"model": STATE, "extra": HARM}),
    code_in_a_pickle=lambda: pickle.dumps({"model": [HARM]}),
    code_for_a_shell=lambda: saved(Calling(os.system, f"mkdir {TRACE}")),
    code_to_evaluate=lambda: saved(Calling(eval, f"__import__('os').mkdir({TRACE!r})")),
)
answered("that torch.save has not written", plain_pickle=lambda: pickle.dumps({"weight_ih_l0": [1.0]}))
answered(
    "Save model.state_dict\\(\\) instead",
    whole_model=lambda: saved(network()),
    whole_model_in_pickles=lambda: quietly(lambda: legacy(network())),
    whole_model_in_a_checkpoint=lambda: saved({"epoch": 1, "model": network()}),
)


# Weights that are no network's.
def with_one(name: str, tensor: Tensor) -> Make:
    """The fine network with another tensor in one place."""
    return lambda: saved(STATE | {name: tensor})


def lacking(part: str) -> Make:
    return lambda: saved({name: weight for name, weight in STATE.items() if part not in name})


def turned(into: torch.dtype) -> Make:
    return lambda: saved({name: weight.to(into) for name, weight in STATE.items()})


def layer(**weights: Tensor) -> Make:
    return lambda: saved({name.replace("__", "."): weight for name, weight in weights.items()})


answered(
    "does not fit together",
    other_inputs=with_one("rnn.weight_ih_l2", torch.ones(16, 9)),
    other_units=with_one("rnn.weight_hh_l1", torch.ones(16, 5)),
    other_rows=with_one("rnn.weight_hh_l0", torch.ones(12, 4)),
    other_bias=with_one("rnn.bias_hh_l0", torch.ones(15)),
)
answered(
    "the file is not complete",
    no_hh=lacking("weight_hh_l0"),
    some_biases=lacking("bias_ih_l1"),
    no_layer_in_the_middle=lacking("_l1"),
    half_a_direction=lacking("l2_reverse"),
)
answered("an LSTM has 4 a unit", two_blocks=layer(weight_ih=torch.ones(8, 3), weight_hh=torch.ones(8, 4)))
answered("a projection", projection=lambda: saved(nn.LSTM(3, 4, proj_size=2).state_dict()))
answered(
    "weights as float32", int8=turned(torch.int8), truths=turned(torch.bool), complex_numbers=turned(torch.complex64)
)
answered("is a sparse tensor", sparse=with_one("rnn.weight_hh_l0", torch.eye(16, 4).to_sparse()))
answered("is a meta tensor", meta=with_one("rnn.weight_hh_l0", torch.empty(16, 4, device="meta")))
answered(
    "is a quantised tensor",
    quantised=lambda: quietly(
        lambda: with_one("rnn.weight_hh_l0", torch.quantize_per_tensor(torch.ones(16, 4), 0.1, 0, torch.qint8))()
    ),
)
answered(
    "has more than 500 letters",
    name_of_a_megabyte=lambda: saved({"x" * 2**20 + ".weight_ih_l0": torch.ones(1, 1)}),
)
answered(
    "has no “weight_hh_l0”",
    name_with_lines=lambda: saved({"a\nb\r\n.weight_ih_l0": torch.ones(1, 1)}),
    name_with_markup=lambda: saved({"<script>alert(1)</script>![](x)$y$.weight_ih_l0": torch.ones(1, 1)}),
)


# Too much.
def claiming(offset: Any, shape: Any, strides: Any) -> Make:
    """A state dict with a tensor that claims to be such a view of 16 numbers."""

    def make() -> bytes:
        numbers = torch.ones(16).untyped_storage()
        typed = torch.storage.TypedStorage(wrap_storage=numbers, dtype=torch.float32, _internal=True)
        view = Calling(torch._utils._rebuild_tensor_v2, typed, offset, shape, strides, False, OrderedDict())
        return saved({"weight_ih_l0": view, "weight_hh_l0": view})

    return make


ONE = torch.ones(1)
answered(
    "at most 100 MB are read",
    view_of_a_billion=layer(weight_ih_l0=ONE.expand(10**9), weight_hh_l0=torch.ones(4, 1)),
    view_of_more_than_there_is=claiming(0, (10**9,), (1,)),
    view_that_overflows=claiming(0, (2**62, 2**62), (1, 1)),
    a_hundred_views_of_a_megabyte=lambda: saved({f"{k}.weight_ih_l0": ONE.expand(2**18) for k in range(101)}),
    zip_that_expands=lambda: zipped(
        {"a/data.pkl": b"}.", **{f"a/data/{k}": Entry(BLOCK, packed=True) for k in range(16)}}
    ),
    arrays_that_expand=lambda: zipped({f"{k}.npy": Entry(BLOCK, packed=True) for k in range(16)}),
)
answered(
    "claims numbers that the file does not have",
    view_beyond=claiming(0, (64,), (1,)),
    view_from_beyond=claiming(2**62, (2, 2), (2, 1)),
    view_before=claiming(-4, (2, 2), (2, 1)),
    view_backwards=claiming(8, (2, 2), (-2, 1)),
    view_with_wide_steps=claiming(0, (2, 2), (2**62, 1)),
    view_with_other_strides=claiming(0, (2, 2), (1,)),
)
answered("of shape \\[0\\]", view_of_nothing=claiming(0, (0, 2**62, 2**62), (1, 1, 1)))
answered(
    "claims a shape that no tensor has",
    view_of_less_than_nothing=claiming(0, (-2, -2), (2, 1)),
    view_of_endless_numbers=claiming(0, (10**9000, -(10**9000)), (2, 1)),
)
answered(
    "sizes are not numbers", view_of_texts=claiming("0", (2, 2), (2, 1)), view_of_nine=claiming(0, (1,) * 9, (1,) * 9)
)
answered("more than 8,192 files", ten_thousand_files=lambda: zipped({f"{k}.npy": b"" for k in range(10_000)}))
answered(
    "10,000 tensors; at most 4,096 are read",
    ten_thousand_tensors=lambda: legacy({f"{k}.weight_ih_l0": ONE for k in range(10_000)}),
)
answered("more than 256 recurrent layers", many_layers=lambda: legacy({f"{k}.weight_ih_l0": ONE for k in range(300)}))
answered("at most 2,048", many_units=layer(weight_ih_l0=ONE.expand(2100, 2), weight_hh_l0=ONE.expand(2100, 2100)))


def shared(key: str, count: int) -> Make:
    """So many dicts with a tensor under one long key, all under that key again."""
    return lambda: legacy({key: [{key: ONE, "weight_ih_l0": ONE} for _ in range(count)]})


answered("has more than 500 letters", long_keys_in_many_names=shared("k" * 2**20, 200))
answered("6,000 tensors; at most 4,096 are read", many_dicts=shared("key", 3000))


def counting(count: int) -> Make:
    """The row of pickles with another count of the first tensor's numbers, in both of its places."""
    few = STATE["rnn.weight_ih_l0"].numel()

    def make() -> bytes:
        data = legacy({"weight_ih_l0": STATE["rnn.weight_ih_l0"]})
        told = pickle.dumps(few, 2)[2:-1]
        return data.replace(told, pickle.dumps(count, 2)[2:-1]).replace(
            few.to_bytes(8, "little"), count.to_bytes(8, "little")
        )

    return make


answered("it ends amid the numbers", count_beyond_all=counting(2**62), count_beyond_the_end=counting(2**20))


# Pickles that no library has written.
def around(body: bytes) -> Make:
    """A zip archive with such a pickle in it."""
    return lambda: zipped({"a/data.pkl": b"\x80\x02" + body})


TEN_BILLION = b"\x8a\x05" + (10**10).to_bytes(5, "little")
answered(
    "damaged or cut short",
    no_end=around(b"}"),
    nothing_on_the_stack=around(b"."),
    key_without_a_value=around(b"}(Nu."),
    memory_that_is_not_there=around(b"j\xff\xff\xff\xff."),
    text_of_four_gigabytes=around(b"X\xff\xff\xff\xffa."),
    bytes_of_an_exabyte=around(b"\x8e" + (2**60).to_bytes(8, "little") + b"a."),
    class_called_by_a_text=around(b"X\x00\x00\x10\x00" + b"a" * 2**20 + b"2\x93."),
    number_of_letters=around(b"I<b>x</b>" + b"9" * 5000 + b"\n."),
    unknown_opcode=around(b"\xff."),
    extension=around(b"\x82\x01."),
    storage_that_is_none=around(b"X\x01\x00\x00\x00aQ."),
    tensor_of_nothing=around(b"ctorch._utils\n_rebuild_tensor_v2\n)R."),
    two_million_opcodes=around(b"N0" * 1_000_000 + b"N."),
)
answered(
    "saved as a whole object",
    ten_gigabytes_of_bytes=around(b"c__builtin__\nbytearray\n" + TEN_BILLION + b"\x85R."),
    ten_gigabytes_of_numbers=around(b"ctorch\nFloatTensor\n" + TEN_BILLION + b"\x85R."),
    text_that_would_be_doubled=around(b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R."),
)
answered(
    "no tensors by name|an empty dict",
    deep_lists=around(b"]" * 50_000 + b"a" * 49_999 + b"."),
    deep_tuple_as_a_key=around(b"}N" + b"\x85" * 100_000 + b"Ns."),
    dict_in_itself=around(b"}q\x00X\x01\x00\x00\x00ah\x00s."),
    list_in_itself=around(b"]q\x00h\x00ah\x00a."),
    place_four_billion=around(b"}r\xff\xff\xff\xff."),
)
