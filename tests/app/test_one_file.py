"""Adding a cell touches one file: two that are defined here are everywhere at once, one of them without recurrent weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import explorer
from explorer import cells, formula
from explorer.cells import REGISTRY, Cell, Tap
from explorer.cells.base import HiddenState, gate, register
from explorer.diagram import Diagram, Operation, wire
from explorer.figures.roles import hint
from explorer.models import by_cell
from explorer.models.reading import X
from explorer.notations import NOTATIONS, equations, line
from explorer.signals import Belt, Signal
from explorer.studio.state import FIRST_MODEL
from tests.app.driving import GATES, LEDGER, LIBRARY, PAGES, VIEWS, go_to, opened, stage_of
from tests.app.test_every_cell import REACH
from tests.cells.test_declarations import FUNCTIONS, values_of_row
from tests.helpers import TEXT, network, state_of


class State(NamedTuple):
    """What is shown, and what is carried on."""

    h: Tensor
    c: Tensor


class MadeUp(Cell):
    """k_t = σ(W_ik x_t + b_ik + W_hk h_{t-1} + b_hk)    keep
    n_t = tanh(W_in x_t + b_in + W_hn h_{t-1} + b_hn)  candidate
    c_t = k_t ⊙ c_{t-1} + (1 - k_t) ⊙ n_t
    h_t = tanh(c_t)

    Of no paper, 2026.
    """

    name: ClassVar[str] = "made-up"
    title: ClassVar[str] = "Made up"
    parent: ClassVar[str] = "lstm"
    change: ClassVar[str] = "One gate for all."
    source: ClassVar[str] = "nobody 2026"
    blocks: ClassVar[tuple[str, ...]] = ("k", "n")
    State: ClassVar[type[Any]] = State
    belts = (Belt("c", keep="k", write="(1 - k) * n"),)
    signals = (
        gate("k", role="keep", label="keeping gate"),
        Signal(name="n", symbol="n_t", kind="signed", role="candidate", label="candidate", formula="tanh(n_pre)"),
        Signal(name="c", symbol="c_t", kind="signed", role="belt", label="memory", formula="k * c_prev + (1 - k) * n"),
        Signal(name="h", symbol="h_t", kind="signed", role="hidden", label="hidden state", formula="tanh(c)"),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={"k": (2, 3.3), "n": (6, 3.3)},
        operations={
            "keep": Operation("×", (2, 0)),
            "rest": Operation("1−", (4, 1.45)),
            "write": Operation("×", (6, 1.45)),
            "add": Operation("+", (6, 0)),
            "show": Operation("tanh", (8, 2)),
        },
        phases={
            "reads": (wire("x", (1, 6), (1, 5)), wire("h_prev", (0, 5), (6, 5), number=0.1)),
            "opens its gate": (wire("h_prev", (2, 5), "k"), wire("h_prev", (6, 5), "n")),
            "keeps": (
                wire("k", "k", "keep", number=0.25),
                wire("c_prev", (0, 0), "keep", number=0.4),
                wire("k * c_prev", "keep", "add", number=0.5),
            ),
            "writes": (
                wire("k", (2, 1.45), "rest"),
                wire("1 - k", "rest", "write", number=0.5),
                wire("n", "n", "write", number=0.5),
                wire("(1 - k) * n", "write", "add", number=0.5),
                wire("c", "add", (10, 0), number=0.75),
            ),
            "shows": (
                wire("c", (8, 0), "show"),
                wire("h", "show", (8, 5), (10, 5), number=0.8),
                wire("h", (9, 5), (9, -0.9)),
            ),
        },
    )

    def step(self, x: Tensor, state: State, tap: Tap, below: Any = None) -> State:
        k, n = self.preactivations(x, state.h)
        k, n = tap("k", tap("k_pre", k).sigmoid()), tap("n", tap("n_pre", n).tanh())
        c = tap("c", k * state.c + (1 - k) * n)
        return State(tap("h", c.tanh()), c)


class MinGRU(Cell):
    """z_t = σ(W_iz x_t + b_iz)          update
    n_t = W_in x_t + b_in             candidate
    h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    Feng et al. 2024: neither gate nor candidate reads h, so the cell has no recurrent weights. Here z lets the new state in.
    """

    name: ClassVar[str] = "min-gru"
    title: ClassVar[str] = "minGRU"
    parent: ClassVar[str] = "gru"
    change: ClassVar[str] = "Neither the gate nor the candidate reads h."
    source: ClassVar[str] = "Feng et al. 2024, “Were RNNs all we needed?”, arXiv:2410.01201"
    blocks: ClassVar[tuple[str, ...]] = ("z", "n")
    recurrent_blocks = ()
    belts = (Belt("h", keep="1 - z", write="z * n"),)
    signals = (
        gate("z", role="write", label="update gate"),
        Signal(name="n", symbol="n_t", kind="signed", role="candidate", label="candidate", formula="n_pre"),
        Signal(
            name="h", symbol="h_t", kind="signed", role="belt", label="hidden state", formula="(1 - z) * h_prev + z * n"
        ),
    )
    diagram: ClassVar[Diagram] = Diagram(
        layers={"z": (2.7, 3.3), "n": (7.5, 3.3)},
        operations={
            "rest": Operation("1−", (2.7, 1.45)),
            "keep": Operation("×", (2.7, 0)),
            "write": Operation("×", (7.5, 1.45)),
            "add": Operation("+", (7.5, 0)),
        },
        phases={
            "reads": (wire("x", (1.7, 6), (1.7, 5), (7.5, 5)),),
            "opens its gate": (wire("x", (2.7, 5), "z"), wire("x", (7.5, 5), "n")),
            "keeps": (
                wire("z", "z", "rest", number=0.25),
                wire("1 - z", "rest", "keep", number=0.5),
                wire("h_prev", (0, 0), "keep", number=0.55),
                wire("(1 - z) * h_prev", "keep", "add", number=0.45),
            ),
            "writes": (
                wire("z", (2.7, 2.3), (5, 2.3), (5, 1.45), "write", number=0.5),
                wire("n", "n", "write", number=0.5),
                wire("z * n", "write", "add", number=0.5),
                wire("h", "add", (10, 0), number=0.75),
                wire("h", (9.4, 0), (9.4, -0.9)),
            ),
        },
    )

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        z, n = F.linear(x, self.weight_ih, self.bias_ih).split(self.hidden_size, -1)
        z, n = tap("z", tap("z_pre", z).sigmoid()), tap("n", tap("n_pre", n))
        return HiddenState(tap("h", (1 - z) * state.h + z * n))


CELLS = {
    MadeUp: (["x", "k_pre", "k", "n_pre", "n", "c", "h"], "c", lambda trace: trace["k"]),
    MinGRU: (["x", "z_pre", "z", "n_pre", "n", "h"], "h", lambda trace: 1 - trace["z"]),
}
"""Cell -> its signals, the state of its belt, and how much of that a step keeps."""


@pytest.fixture(params=CELLS, ids=lambda cell: cell.name, autouse=True)
def cell(request: pytest.FixtureRequest) -> Iterator[type[Cell]]:
    register(request.param)
    yield request.param
    del REGISTRY[request.param.name]


def test_it_is_built_and_traced(cell: type[Cell]) -> None:
    """By name, stacked, in both directions; its weights named as torch names them."""
    assert cell.name in cells.names()
    model = network((cell.name, {}), (2, True))
    trace = explorer.trace(model, TEXT, state=state_of(model))
    assert list(trace.signals) == CELLS[cell][0]
    assert trace["h"].shape == (4, len(TEXT), 4)
    assert "stack.weight_hh_l1_reverse" in model.state_dict()


@pytest.mark.parametrize("unit", [0, 3])
def test_it_is_differentiated(cell: type[Cell], unit: int) -> None:
    """Against finite differences, by x and so through all that is between; in the matrix, and as a Jacobian."""
    torch.manual_seed(0)
    _, state, kept = CELLS[cell]
    built = cells.build(cell.name, 3, 4).double()
    x = np.random.default_rng(0).normal(size=(6, 3))
    grads = explorer.gradients(built, x, of=state, unit=unit)
    small = 1e-6
    for step, column in ((0, 0), (3, 2)):
        moved = [x.copy(), x.copy()]
        moved[0][step, column] += small
        moved[1][step, column] -= small
        up, down = (explorer.trace(built, one)[state][0, -1, unit] for one in moved)
        # Central differences of step 1e-6: their own error is about 1e-10.
        np.testing.assert_allclose(grads["grad_x"][step, column], (up - down) / (2 * small), rtol=0, atol=1e-8)
    matrix = explorer.gradient_matrix(built, x, of=state, unit=unit)
    np.testing.assert_allclose(matrix[-1], np.linalg.norm(grads["grad_h"][0], axis=-1), rtol=1e-9, atol=1e-12)
    J = explorer.jacobian(built, x, to=5, since=2, of=state)
    np.testing.assert_allclose(J[unit], grads[f"grad_{state}"][0, 2], rtol=1e-9, atol=1e-12)
    direct, full = explorer.channels(built, x, to=5, since=2)
    np.testing.assert_allclose(direct, kept(explorer.trace(built, x))[0, 3:].prod(0), rtol=1e-9)
    np.testing.assert_allclose(full, J, rtol=1e-9, atol=1e-12)


def test_it_has_a_ledger(cell: type[Cell]) -> None:
    model = network((cell.name, {}))
    trace = explorer.trace(model, TEXT, state=state_of(model))
    account = explorer.ledger(trace)
    np.testing.assert_allclose(account.contributions().sum(0), trace[CELLS[cell][1]][0, -1], rtol=0, atol=1e-12)
    assert trace.readout is not None
    score = trace.readout.weight[1] @ trace["h"][0, -1] + trace.readout.bias[1]
    np.testing.assert_allclose(account.logit(1).total, score, rtol=0, atol=1e-12)


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=lambda notation: notation.key)
def test_it_has_equations(cell: type[Cell], notation: Any) -> None:
    """Which are what it computes."""
    model = network((cell.name, {}))
    built, trace = model.cell, explorer.trace(model, TEXT)
    signals = {"x": X} | {signal.name: signal for signal in built.recorded}
    values = values_of_row(model, trace, 0)
    for equation in equations(built.signals, built.sums, notation):
        joined = {name: formula.evaluate(text, values, FUNCTIONS) for name, text in equation.definitions.items()}
        found = formula.evaluate(equation.formula, values | joined, FUNCTIONS)
        np.testing.assert_allclose(found, trace[equation.name][0], rtol=0, atol=1e-12)
        assert all(line(equation, notation, signals))


def test_a_hint_names_the_gates_as_readers_only_where_they_read(cell: type[Cell]) -> None:
    """In minGRU no gate reads h."""
    trace = explorer.trace(network((cell.name, {})), TEXT)
    hints = [hint(signal, trace, 0) for signal in trace.signals.values() if signal.name != "x"]
    assert all(hints)
    assert any("the gates of the next step" in one for one in hints) == (cell is MadeUp)


def test_it_is_on_the_pages(cell: type[Cell]) -> None:
    """Drawn on the first, a choice at the left, read on all, in the library of cells; and compared."""
    name = by_cell(FIRST_MODEL)[cell.name]
    at = opened(model=name, text="He said.")
    sent = stage_of(at)
    assert {layer["name"] for layer in sent.header["diagram"]["layers"]} == set(cell.blocks)
    assert cell.name.upper() in at.segmented_control(key="model").options
    for page in (*PAGES, LIBRARY, "pages/library/cells.py"):
        go_to(at, page)
        assert len(at.title) == 1
    other = opened(text="He said.")
    assert f"{cell.name.upper()}, untrained" in other.selectbox(key="another_cell").options
    at = opened("compare", text="He said.", beside="Side by side")
    assert any(cell.name.upper() in option for option in at.multiselect(key="networks").options)


TABS = [
    *(("gates", "gates", tab) for tab in GATES),
    *(("hidden", "view", tab) for tab in VIEWS),
    *(("gradients", "reach", tab) for tab in REACH),
    *(("belt", "ledger", tab) for tab in LEDGER),
    *(("step", "part", tab) for tab in ("Itemised", "Truncated", "Clipped", "The update")),
    *(("what-if", "shown", tab) for tab in ("Every unit", "Which units carry it")),
    *(("compare", "beside", tab) for tab in ("With and without", "Side by side", "Differences", "Scores")),
]


@pytest.mark.full
@pytest.mark.parametrize(("page", "setting", "tab"), TABS)
def test_it_is_on_every_tab(cell: type[Cell], page: str, setting: str, tab: str) -> None:
    at = opened(page, model=by_cell(FIRST_MODEL)[cell.name], text="He said.", **{setting: tab})
    assert len(at.title) == 1
    assert tab in [one.label for one in at.tabs]
