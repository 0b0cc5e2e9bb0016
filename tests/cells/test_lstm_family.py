"""The LSTM's relatives, against the equations written out in numpy, and against each other where one is a case of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from explorer import cells
from explorer.backend import forward
from explorer.cells import REGISTRY, Cell, Signals, Stack
from explorer.cells.lstm_base import LSTMLike
from explorer.signals import Array

BLOCKS = {
    "lstm": "ifgo",
    "lstm-1997": "igo",
    "lstm-coupled": "fgo",
    "lstm-peephole": "ifgo",
    "lstm-sigmoid": "ifgo",
    "lstm-nig": "fgo",
    "lstm-nfg": "igo",
    "lstm-nog": "ifg",
    "lstm-niaf": "ifgo",
    "lstm-noaf": "ifgo",
    "lstm-fgr": "ifgo",
}
"""The rows of the weights, in torch's order, what is absent left out."""
FORGETTING = [name for name, blocks in BLOCKS.items() if "f" in blocks]
GREFF = ["lstm-nig", "lstm-nfg", "lstm-nog", "lstm-niaf", "lstm-noaf", "lstm-fgr"]

INPUT, STEPS, BATCH = 3, 30, 2
# numpy against torch in float64: a few roundings a step, carried on by a belt for 30 steps.
CLOSE: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12}


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def unsquashed(a: Array) -> Array:
    return a


CANDIDATE: dict[str, Callable[[Array], Array]] = {"lstm-sigmoid": sigmoid, "lstm-niaf": unsquashed}
SHOWN: dict[str, Callable[[Array], Array]] = {"lstm-sigmoid": sigmoid, "lstm-noaf": unsquashed}
"""Those whose squashing is not tanh."""


def by_hand(name: str, weights: dict[str, Array], x: Array, first: dict[str, Array]) -> list[dict[str, Array]]:
    """The LSTM's equations, a gate that is not there being 1: every signal at every step, [batch, unit] each."""
    state, seen = dict(first), []
    gates_before = weights.get("weight_gates")
    for x_t in x:
        sums = (
            x_t @ weights["weight_ih"].T + weights["bias_ih"] + state["h"] @ weights["weight_hh"].T + weights["bias_hh"]
        )
        a = dict(zip(BLOCKS[name], np.split(sums, len(BLOCKS[name]), -1), strict=True))
        if gates_before is not None:
            heard = np.concatenate([state["i"], state["f"], state["o"]], -1) @ gates_before.T
            for gate, part in zip("ifo", np.split(heard, 3, -1), strict=True):
                a[gate] = a[gate] + part

        def gate(letter: str, c: Array, a: dict[str, Array] = a) -> Array | float:
            if letter not in a:
                return 1.0
            seen_of_c = weights.get(f"weight_peephole_{letter}")
            if seen_of_c is not None:
                a[letter] = a[letter] + (c * seen_of_c if seen_of_c.ndim == 1 else c @ seen_of_c.T)
            return sigmoid(a[letter])

        i, f = gate("i", state["c"]), gate("f", state["c"])
        if name == "lstm-coupled":
            i = 1 - f
        g = CANDIDATE.get(name, np.tanh)(a["g"])
        c = f * state["c"] + i * g
        o = gate("o", c)
        h = o * SHOWN.get(name, np.tanh)(c)
        state = {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}  # type: ignore[dict-item]
        seen.append(state | {f"{letter}_pre": value for letter, value in a.items()})
    return seen


def cell_of(name: str, seed: int = 0, units: int = 4, inputs: int = INPUT, **options: Any) -> Cell:
    torch.manual_seed(seed)
    cell = cells.build(name, inputs, units, **options).double()
    assert isinstance(cell, Cell)
    for weight in cell.parameters():
        weight.data *= 2  # so that gates open and close
    return cell


def like(other: Cell, name: str, **options: Any) -> Cell:
    """A cell of the same sizes, all of whose weights are 0 until they are set."""
    cell = cell_of(name, units=other.hidden_size, **options)
    for weight in cell.parameters():
        weight.data.zero_()
    return cell


def set_blocks(cell: Cell, **blocks: dict[str, torch.Tensor]) -> None:
    """Sets blocks of the weights, `f={"W_i": …}`, by the names of formulas without the gate's."""
    for letter, given in blocks.items():
        for kind, value in given.items():
            cell.named_weights[f"{kind}{letter}"].data.copy_(value)


def blocks_of(cell: Cell) -> dict[str, dict[str, torch.Tensor]]:
    """Each block's W_i, b_i, W_h and b_h."""
    named = cell.named_weights
    return {k: {kind: named[f"{kind}{k}"].detach() for kind in ("W_i", "b_i", "W_h", "b_h")} for k in cell.blocks}


WIDE_OPEN = {"b_i": torch.tensor(1e4, dtype=torch.float64)}
"""A gate whose sigmoid is exactly 1."""


def reads(cell: Cell, seed: int = 1) -> Signals:
    """What a cell makes of random numbers, from a random state."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(STEPS, BATCH, cell.input_size, generator=random, dtype=torch.float64)
    stack = Stack.of(cell)
    drawn = torch.rand(1, BATCH, 5 * cell.hidden_size, generator=random, dtype=torch.float64).chunk(5, -1)
    initial = dict(
        zip(cell.State._fields, drawn, strict=False)
    )  # h, c, … from [0, 1), as gates before the first step are
    with torch.no_grad():
        (signals,) = forward.read(stack, x, initial)
    return signals | {"x": x} | {f"{name}_first": values[0] for name, values in initial.items()}


def same(one: Signals, other: Signals, names: tuple[str, ...] = ("h", "c"), **close: Any) -> None:
    for name in names:
        torch.testing.assert_close(one[name], other[name], **(close or CLOSE))


@pytest.mark.parametrize("peephole", [None, "diagonal", "full"])
@pytest.mark.parametrize(("units", "inputs", "seed"), [(4, 3, 0), (1, 1, 1), (7, 2, 2), (5, 9, 3)])
@pytest.mark.parametrize("name", BLOCKS)
def test_the_equations_written_out(name: str, units: int, inputs: int, seed: int, peephole: str | None) -> None:
    """Every signal and every sum, at every step of a batch, from a state that is not zero."""
    options = {"peephole": peephole} if peephole and name in ("lstm-peephole", *GREFF) else {}
    cell = cell_of(name, seed, units, inputs, **options)
    assert "".join(cell.blocks) == BLOCKS[name]
    weights = {key: value.numpy() for key, value in cell.state_dict().items()}
    assert any("peephole" in key for key in weights) == bool(options or name == "lstm-peephole")
    found = reads(cell, seed)
    first = {state: found[f"{state}_first"].numpy() for state in cell.State._fields}
    expected = by_hand(name, weights, found["x"].numpy(), first)
    for signal in cell.recorded:
        written = np.stack([step[signal.name] for step in expected])
        np.testing.assert_allclose(found[signal.name].numpy(), written, err_msg=signal.name, **CLOSE)


@pytest.mark.parametrize(
    ("name", "absent"), [("lstm-1997", "f"), ("lstm-nfg", "f"), ("lstm-nig", "i"), ("lstm-nog", "o")]
)
def test_a_missing_gate_is_an_lstms_that_is_always_open(name: str, absent: str) -> None:
    """An LSTM whose gate has no weights and a bias of 1e4 is that cell: h, c and every gate that it has."""
    cell = cell_of(name)
    lstm = like(cell, "lstm")
    set_blocks(lstm, **blocks_of(cell), **{absent: WIDE_OPEN})
    wide = reads(lstm)
    assert (wide[absent] == 1).all()
    same(reads(cell), wide, ("h", "c", *cell.blocks))


def test_two_names_of_one_cell() -> None:
    """Greff et al.'s LSTM without forget gate and without peepholes is the LSTM of 1997."""
    cell, other = cell_of("lstm-nfg"), cell_of("lstm-1997", seed=5)
    other.load_state_dict(cell.state_dict())
    same(reads(cell), reads(other), ("h", "c", "i", "g", "o"), rtol=0, atol=0)


def test_what_is_forgotten_makes_room() -> None:
    """i = 1 - f at every step; and it is an LSTM whose input gate has the forget gate's weights with their signs turned."""
    cell = cell_of("lstm-coupled")
    found = reads(cell)
    assert torch.equal(found["i"], 1 - found["f"])
    lstm = like(cell, "lstm")
    own = blocks_of(cell)
    set_blocks(lstm, **own, i={kind: -weight for kind, weight in own["f"].items()})
    same(found, reads(lstm), ("h", "c", "i", "f", "g", "o"))


def test_full_peepholes_with_diagonal_matrices_are_diagonal_ones() -> None:
    diagonal, full = cell_of("lstm-peephole"), cell_of("lstm-peephole", peephole="full")
    weights = diagonal.state_dict()
    full.load_state_dict({key: value.diag() if "peephole" in key else value for key, value in weights.items()})
    same(reads(diagonal), reads(full), ("h", "c", "i", "f", "g", "o"))


@pytest.mark.parametrize("gates", ["i", "f", "o", "if", "io", "fo", "oi", "ifo"])
@pytest.mark.parametrize("peephole", ["diagonal", "full"])
def test_only_the_gates_that_are_named_look(gates: str, peephole: str) -> None:
    """Those that are not have no such weight: it is as if theirs were 0."""
    cell = cell_of("lstm-peephole", peephole=peephole, gates=gates)
    whole = like(cell, "lstm-peephole", peephole=peephole)
    own = {key.removeprefix("weight_peephole_") for key in cell.state_dict() if "peephole" in key}
    assert own == set(gates)
    whole.load_state_dict(whole.state_dict() | cell.state_dict())
    same(reads(cell), reads(whole), ("h", "c", "i", "f", "g", "o"))


def test_without_a_gate_that_looks_it_is_an_lstm() -> None:
    cell = cell_of("lstm-peephole", gates="")
    lstm = like(cell, "lstm")
    lstm.load_state_dict(cell.state_dict())
    same(reads(cell), reads(lstm), ("h", "c", "i", "f", "g", "o"))


def test_gates_that_do_not_hear_each_other_are_an_lstms() -> None:
    cell = cell_of("lstm-fgr")
    cell.get_parameter("weight_gates").data.zero_()
    lstm = like(cell, "lstm")
    set_blocks(lstm, **blocks_of(cell))
    same(reads(cell), reads(lstm), ("h", "c", "i", "f", "g", "o"))


def test_the_carousel_keeps_an_error_as_it_is() -> None:
    """∂c_T/∂c_0 along the belt is 1, and exactly that where nothing shows: with the output gate shut it is the whole of it."""
    cell = cell_of("lstm-1997")
    set_blocks(cell, o={"b_i": torch.tensor(-1e4, dtype=torch.float64)})
    c = torch.randn(1, 4, dtype=torch.float64, requires_grad=True)
    state = cell.State(torch.zeros(1, 4, dtype=torch.float64), c)
    for x in torch.randn(STEPS, 1, INPUT, dtype=torch.float64):
        state = cell.step(x, state, cells.untapped)
    (by_c,) = torch.autograd.grad(state.c.sum(), c)
    assert torch.equal(by_c, torch.ones_like(by_c))


@pytest.mark.parametrize("name", FORGETTING)
def test_forget_bias(name: str) -> None:
    """b_if + b_hf is the value asked for, and nothing else is touched; in a stack, in each of its cells."""
    torch.manual_seed(0)
    plain = cells.build(name, 3, 4, 2, True)
    torch.manual_seed(0)
    biased = cells.build(name, 3, 4, 2, True, forget_bias=2.5)
    first = BLOCKS[name].index("f") * 4
    for key, drawn in plain.state_dict().items():
        given = biased.state_dict()[key]
        rows = range(first, first + 4) if key.startswith("bias") else range(0)
        others = [k for k in range(len(drawn)) if k not in rows]
        assert torch.equal(given[others], drawn[others]), key
        assert (given[list(rows)] == (2.5 if key.startswith("bias_ih") else 0)).all()


@pytest.mark.parametrize("name", [name for name in BLOCKS if name not in FORGETTING])
def test_what_cannot_forget_has_no_forget_bias(name: str) -> None:
    with pytest.raises(TypeError, match="forget_bias"):
        cells.build(name, 3, 4, forget_bias=1.0)


@pytest.mark.parametrize("name", ["lstm-peephole", *GREFF])
def test_a_stack_names_its_peepholes_as_torch_names_weights(name: str) -> None:
    """With the layer and the direction behind, and what is saved can be loaded."""
    stack = cells.build(name, 3, 4, 2, True, peephole="diagonal")
    names = [key for key in stack.state_dict() if key.startswith("weight_peephole")]
    gates = [gate for gate in "ifo" if gate in BLOCKS[name]]
    assert names == [
        f"weight_peephole_{gate}_l{layer}{end}" for layer in (0, 1) for end in ("", "_reverse") for gate in gates
    ]
    assert all(stack.state_dict()[key].shape == (4,) for key in names)
    again = cells.build(name, 3, 4, 2, True, peephole="diagonal")
    again.load_state_dict(stack.state_dict())
    assert all(torch.equal(again.state_dict()[key], value) for key, value in stack.state_dict().items())


@pytest.mark.parametrize("name", BLOCKS)
def test_peepholes_are_drawn_like_other_weights(name: str) -> None:
    """All that a cell has is within 1/√unit, and used to its full."""
    torch.manual_seed(0)
    options = {"peephole": "full"} if name in ("lstm-peephole", *GREFF) else {}
    for key, weight in cells.build(name, 3, 25, **options).state_dict().items():
        assert 0.15 < weight.abs().max() <= 0.2, key


@pytest.mark.parametrize("name", [name for name, cell in REGISTRY.items() if issubclass(cell, LSTMLike)])
def test_a_way_back_written_by_hand_serves_the_class_that_it_stands_in(name: str) -> None:
    """A relative with other equations takes none over."""
    cell = REGISTRY[name]
    for way in ("sweep", "backwards"):
        assert way in vars(cell) or getattr(cell, way) is getattr(Cell, way)
    assert "step" in vars(cell), "and its own equations"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lstm-peephole", {"peephole": "sparse"}, "unknown peephole 'sparse'; choose from diagonal, full"),
        ("lstm-peephole", {"peephole": ""}, "unknown peephole ''"),
        ("lstm-peephole", {"gates": "ifx"}, "gates is 'ifx'; choose from the letters i, f, o"),
        ("lstm-nig", {"peephole": "Diagonal"}, "unknown peephole 'Diagonal'; choose from diagonal, full"),
    ],
)
def test_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.build(name, 3, 4, **options)
