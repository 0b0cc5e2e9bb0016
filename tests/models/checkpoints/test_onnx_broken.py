"""ONNX files that are damaged, or made to do harm: each is answered with a sentence, soon, and without much memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto, helper

from explorer.models.checkpoints import Unreadable, protobuf, read_bytes
from explorer.models.checkpoints.formats.onnx import holds
from explorer.models.checkpoints.limits import MEGABYTE
from tests.helpers import FEW
from tests.models.checkpoints.graphs import Graph, layers, model, weights
from tests.models.checkpoints.helper import refusal_of

VALID = layers("LSTM", 2, both=True).bytes()
MOST_FIELDS = 20_000
"""The limit in these tests: what counts is that it is met before an object is made, and counting under tracemalloc is slow."""
HEAD = bytes([0x08, 8])
"""The version of the format, with which a file begins."""


def varint(value: int) -> bytes:
    """As protobuf writes a number: seven bits a byte."""
    parts = [value >> shift & 0x7F for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([part | 0x80 for part in parts[:-1]] + parts[-1:])


def framed(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def empty_nodes() -> bytes:
    """Two bytes a node, of which a library makes a hundred."""
    return HEAD + framed(7, framed(1, b"") * (MOST_FIELDS + 1))


def packed_ones() -> bytes:
    """A byte a number, of which a library makes eight."""
    return HEAD + framed(7, framed(5, framed(7, b"\1" * (9 * MEGABYTE))))


def graphs_in_graphs() -> bytes:
    content = b""
    for _ in range(3000):
        content = framed(1, framed(5, framed(6, content)))  # in a node's attribute
    return HEAD + framed(7, content)


def huge_claim() -> bytes:
    graph = layers("LSTM").proto()
    graph.initializer[0].dims[:] = [1, 2**40, 2**40]
    return model(graph)


def negative_claim() -> bytes:
    graph = layers("LSTM").proto()
    graph.initializer[0].dims[:] = [1, -16, -3]
    return model(graph)


def wrong_count() -> bytes:
    graph = layers("LSTM").proto()
    graph.initializer[0].dims[:] = [1, 16, 4]
    return model(graph)


def unknown_numbers() -> bytes:
    graph = layers("LSTM").proto()
    graph.initializer[0].data_type = 77
    return model(graph)


def texts_for_weights() -> bytes:
    graph = layers("LSTM").proto()
    graph.initializer[0].CopyFrom(helper.make_tensor("W0", TensorProto.STRING, [1, 1], [b"no weight"]))
    return model(graph)


def made_of_itself() -> bytes:
    graph = Graph(stored={"R": weights("RNN")["R"]})
    graph.add("Identity", ["W"], "V")
    graph.add("Transpose", ["V"], "W")
    graph.add("RNN", ["x", "W", "R"], "y")
    return graph.bytes()


def doubled() -> bytes:
    """W put together with itself forty times: a million million times as long."""
    graph = Graph(stored=weights("RNN"))
    name = "W"
    for level in range(40):
        graph.add("Concat", [name, name], f"W{level}", axis=0)
        name = f"W{level}"
    graph.add("RNN", ["x", name, "R"], "y")
    return graph.bytes()


def shared() -> bytes:
    """A matrix of 4 MB that sixty products read, each by another name."""
    graph = layers("LSTM")
    graph.stored["big"] = np.zeros((1, 2**20), np.float32)
    for level in range(60):
        graph.add("Identity", ["big"], f"big{level}")
        graph.add("MatMul", ["x", f"big{level}"], f"product{level}")
    return graph.bytes()


def shared_by_layers() -> bytes:
    """The weights of 200 layers of 2 MB, which the file has once."""
    graph = Graph(stored=weights("RNN", 2**16, 8))
    for level in range(200):
        graph.add("RNN", ["x", "W", "R", "B"], f"y{level}")
    return graph.bytes()


def unfitting_fold() -> bytes:
    graph = Graph(stored=weights("RNN"))
    graph.add("Transpose", ["W"], "V", perm=[7, 8, 9])
    graph.add("RNN", ["x", "V", "R"], "y")
    return graph.bytes()


def attribute_without_value() -> bytes:
    proto = layers("LSTM").proto()
    proto.node[0].attribute.append(AttributeProto(name="scale", ref_attr_name="of a function"))
    return model(proto)


def many_layers() -> bytes:
    graph = Graph(stored=weights("RNN"))
    for level in range(300):
        graph.add("RNN", ["x", "W", "R"], f"y{level}")
    return graph.bytes()


def long_name() -> bytes:
    proto = layers("LSTM").proto()
    proto.node[0].name = "<script>\n" + "n" * MEGABYTE
    proto.node[0].op_type = "GRU"
    return model(proto)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty nodes": (empty_nodes, "parts or 8 MB besides its weights"),
    "packed ones": (packed_ones, "parts or 8 MB besides its weights"),
    "graphs in graphs": (graphs_in_graphs, "more than 64 deep"),
    "a shape of 2^80 numbers": (huge_claim, "at most 100 MB"),
    "a shape below zero": (negative_claim, "the file is damaged"),
    "another count": (wrong_count, "does not hold as many numbers as its shape [1, 16, 4] says"),
    "a kind of number that nobody knows": (unknown_numbers, "a kind of number that is not known"),
    "texts for weights": (texts_for_weights, "W of “y0_node” holds values of type"),
    "made of itself": (made_of_itself, "is not stored in the file"),
    "doubled": (doubled, "at most 100 MB"),
    "shared by products": (shared, "more than 200 MB of weights together"),
    "shared by layers": (shared_by_layers, "more than 200 MB of weights together"),
    "unfitting": (unfitting_fold, "does not fit the weights"),
    "an attribute without a value": (attribute_without_value, "without a value"),
    "many layers": (many_layers, "more than 256 recurrent layers"),
    "a long name": (long_name, "W of the node “·script··nnn"),
    "the version alone": (lambda: HEAD + framed(2, b"torch"), "mostly none at all"),
    "a wire type that there is not": (lambda: HEAD + bytes([0x3A, 1, 0x0F]), "damaged"),
    "a length beyond the end": (lambda: HEAD + bytes([0x3A, 0xFF, 0xFF, 0xFF, 0x0F]), "damaged"),
    "a number without an end": (lambda: HEAD + bytes([0x3A]) + b"\xff" * 20, "damaged"),
    "a name that is no text": (lambda: layers("LSTM").bytes().replace(b"y0_node", b"y0_\xff\xfe\xfd\xfc"), "damaged"),
    "another message": (lambda: HEAD + framed(7, framed(11, b"\x0a\x7f")), "damaged"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_it_is_answered_with_a_sentence(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MOST_FIELDS", MOST_FIELDS)
    make, says = BROKEN[case]
    data = make()
    assert holds(data)
    sentence, most = refusal_of(data)
    assert says in sentence
    assert len(sentence) < 400 and sentence.isprintable()
    assert most < 250 * MEGABYTE, "more than the largest constant and all that it was made of"


@pytest.mark.parametrize("share", np.linspace(0.01, 0.99, 9))
def test_a_file_that_breaks_off_is_damaged(share: float) -> None:
    with pytest.raises(Unreadable, match="damaged or incomplete"):
        read_bytes(VALID[: int(share * len(VALID))])


def activated(count: int) -> bytes:
    """One function after another."""
    graph = layers("LSTM")
    for level in range(count):
        graph.add("Relu", [graph.onto], f"r{level}")
    return graph.bytes()


def crossed(count: int) -> bytes:
    """Two values, both made of both at each level: as many operations as 2 to the power of the levels."""
    graph = layers("LSTM")
    one = two = graph.onto
    for level in range(count):
        graph.add("Add", [one, two], f"a{level}")
        graph.add("Mul", [one, two], f"b{level}")
        one, two = f"a{level}", f"b{level}"
    return graph.bytes()


def widened(count: int) -> bytes:
    """Twice as many features at each level."""
    graph = layers("LSTM")
    for level in range(count):
        graph.add("Concat", [graph.onto, graph.onto], f"c{level}", axis=-1)
    return graph.bytes()


def raised(count: int) -> bytes:
    """Eight more axes at each level."""
    graph = layers("LSTM")
    graph.stored["axes"] = np.zeros(8, np.int64)
    for level in range(count):
        graph.add("Unsqueeze", [graph.onto, "axes"], f"u{level}")
    return graph.bytes()


def split_input(size: int) -> bytes:
    graph = Graph(inputs={"x": (TensorProto.FLOAT, ["step", 1, size])})
    graph.nodes.append(helper.make_node("Split", ["x"], ["left", "right"], axis=2))
    return layers("LSTM", graph=Graph(graph.nodes, inputs=graph.inputs, onto="left")).bytes()


def picked(count: int) -> bytes:
    """A few of very many features."""
    graph = layers("LSTM")
    graph.stored |= {"wide": np.zeros((4, count), np.float32), "few": np.zeros(5, np.int64)}
    graph.add("MatMul", [graph.onto, "wide"], "features")
    graph.add("Gather", [graph.onto, "few"], "found", axis=-1)
    return graph.bytes()


def paired() -> bytes:
    """Every step with every other."""
    graph = layers("LSTM")
    graph.add("Sub", ["y0", graph.onto], "pairs")
    return graph.bytes()


NOT_FOLLOWED: dict[str, tuple[Callable[[], bytes], str]] = {
    "many functions": (lambda: activated(500), "more than 200 operations on one way"),
    "crossed": (lambda: crossed(60), "part and meet more than 6 times"),
    "ever wider": (lambda: widened(60), "part and meet more than 6 times"),
    "ever more axes": (lambda: raised(60), "more than 8 axes"),
    "more features than any file has": (lambda: split_input(2**62), "too many features"),
    "a few of too many features": (lambda: picked(100_000), "too many features"),
    "all pairs of steps": (paired, "Sub of values with different axes"),
}


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_a_graph_that_would_take_too_much_is_not_followed(case: str) -> None:
    make, says = NOT_FOLLOWED[case]
    (found,) = read_bytes(make()).recurrent
    assert found.route is None
    assert says in found.no_route
    assert len(found.no_route) < 400


def big_view() -> bytes:
    """A table of 12 GB, of one row that is repeated."""
    graph = Graph(inputs={"ids": (TensorProto.INT64, ["step", 1])})
    graph.stored |= {"row": np.zeros((1, 3), np.float32), "shape": np.array([10**9, 3])}
    graph.add("Expand", ["row", "shape"], "table")
    graph.add("Gather", ["table", "ids"], "looked_up")
    return layers("LSTM", graph=graph).bytes()


@pytest.mark.parametrize("make", [big_view])
def test_a_constant_that_would_be_too_large_is_not_made(make: Callable[[], bytes]) -> None:
    sentence, most = refusal_of(make())
    assert "at most 100 MB" in sentence
    assert most < 50 * MEGABYTE


def rich() -> bytes:
    """A graph with something in front of its layers and behind them."""
    graph = Graph(stored={"scale": np.ones(3, np.float32)})
    graph.add("Mul", ["x", "scale"], "scaled")
    layers("GRU", 2, both=True, graph=graph)
    graph.stored |= {"w": np.ones((8, 5), np.float32), "first": np.array(-1)}
    graph.add("Gather", [graph.onto, "first"], "last", axis=0)
    graph.add("Gemm", [graph.onto, "w"], "scores", alpha=0.5)
    graph.add("Softmax", [graph.onto], "p", axis=-1)
    return graph.bytes()


RICH = rich()


@FEW
@given(st.lists(st.tuples(st.integers(3, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_byte_of_a_graph_that_is_followed_may_be_another(changes: list[tuple[int, int]]) -> None:
    data = bytearray(RICH)
    for place, value in changes:
        data[place] = value
    assert len(answer(bytes(data))) < 400


@FEW
@given(st.lists(st.tuples(st.integers(3, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_byte_may_be_another(changes: list[tuple[int, int]]) -> None:
    """It is read, or refused with a sentence; nothing else happens."""
    data = bytearray(VALID)
    for place, value in changes:
        data[place] = value
    assert len(answer(bytes(data))) < 400


def answer(data: bytes) -> str:
    """What is said of a file that is refused; empty for one that is read."""
    try:
        read_bytes(data)
    except Unreadable as refused:
        return str(refused)
    return ""
