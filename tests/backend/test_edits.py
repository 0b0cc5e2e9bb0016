"""Edits of every registered cell: what they change, what they leave alone, and which are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer import edits
from explorer.backend.edits import Edit
from explorer.models.model import Model
from explorer.signals import Trace
from tests.helpers import DEVICES, FEW, TEXT, UNITS, VARIANTS, Shape, Variant, network, state_of

T = len(TEXT)
BOTH = [(1, False), (2, True)]
LSTM = network(("lstm", {}))
GRU = network(("gru", {}))
STACKED = network(("lstm", {}), (2, True))
NETWORKS = {variant.id: network(variant.values[0], (2, True)) for variant in VARIANTS}


def signals_of(model: Model) -> list[str]:
    return [signal.name for signal in model.cell.recorded]


def original(model: Model, **how: Any) -> Trace:
    """The reading as it is, on the path of the edited ones."""
    return explorer.trace(model, TEXT, edits=[edits.untouched()], **how)


def assert_equal(one: Trace, other: Trace) -> None:
    for name in other.arrays:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def read_before(trace: Trace, row: int, step: int) -> list[int]:
    """The steps that a row has read before it comes to this one."""
    backward = trace.bidirectional and row % 2 == 1
    return list(range(step + 1, T) if backward else range(step))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", BOTH, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_set_to_what_it_was_changes_nothing(variant: Variant, shape: Shape, dtype: torch.dtype) -> None:
    """Each signal of each row, patched with the values that it had anyway, one signal after another; and a step times 1, and noise of 0.
    The same operations on the same numbers: not a bit may differ."""
    model = network(variant, shape, dtype=dtype)
    state = state_of(model)
    plain = original(model, state=state)
    for name in signals_of(model):
        same = [
            edits.patch(name, plain[name][row, step], at=step, layer=row)
            for row in range(plain.rows)
            for step in range(T)
        ]
        assert_equal(explorer.trace(model, TEXT, state=state, edits=same), plain)
    nothing = [edits.scale("h_pre" if "h_pre" in plain else "h", 1.0), edits.noise("h", 0.0)]
    assert_equal(explorer.trace(model, TEXT, state=state, edits=nothing), plain)


@pytest.mark.parametrize("shape", BOTH, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_path_of_edits_is_the_fast_one(variant: Variant, shape: Shape) -> None:
    """An edited reading in which nothing is edited gives the numbers of the reading without edits, and the same predictions."""
    model = network(variant, shape)
    slow, fast = original(model), explorer.trace(model, TEXT)
    for name in fast.arrays:
        # Two orders of summation, in float64, over 11 steps.
        np.testing.assert_allclose(slow[name], fast[name], rtol=0, atol=1e-12, err_msg=name)
    found = explorer.predict(model, TEXT, edits=[edits.untouched()])
    np.testing.assert_allclose(found, explorer.predict(model, TEXT), rtol=0, atol=1e-12)


@pytest.mark.parametrize("does", ["set", "scale", "noise", "patch", "freeze"])
@pytest.mark.parametrize("shape", BOTH, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_takes_every_edit(variant: Variant, shape: Shape, does: str) -> None:
    """One unit of one signal of the top row at one step: there it is as asked, what was read before is as it was, and so is the unit
    beside it at that step."""
    model = network(variant, shape)
    plain, row, step, unit = original(model), -1, 4, 1
    for name in signals_of(model):
        if does == "freeze" and name not in model.cell.State._fields:
            continue
        edit = Edit(name, does, 0.25, (unit,), row, (step, step), values=(0.25,) * (does == "patch"))  # type: ignore[arg-type]
        found = explorer.trace(model, TEXT, edits=[edit])
        was, now = plain[name][row, step], found[name][row, step]
        expected = {"set": 0.25, "patch": 0.25, "scale": 0.25 * was[unit], "noise": now[unit]}
        if does == "freeze":
            expected["freeze"] = plain.previous(name)[row, step, unit]
        assert now[unit] == expected[does], name
        assert does != "noise" or 0 < abs(now[unit] - was[unit]) < 1.5, "six standard deviations"
        np.testing.assert_array_equal(np.delete(now, unit), np.delete(was, unit), err_msg=name)
        for other in signals_of(model):
            before = read_before(plain, plain.rows - 1, step)
            np.testing.assert_array_equal(found[other][row, before], plain[other][row, before])
            np.testing.assert_array_equal(found[other][:-2], plain[other][:-2], err_msg="the layer below")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_changed_state_is_felt(variant: Variant) -> None:
    """h of all units at one step: a later h differs; and what a layer hands up is felt above."""
    model = network(variant, (2, False))
    plain, found = original(model), explorer.trace(model, TEXT, edits=[edits.set_to("h", 0.5, layer=0, steps=3)])
    assert np.abs(found["h"][0, 4:] - plain["h"][0, 4:]).max() > 1e-6
    handed = model.cell.upward
    found = explorer.trace(model, TEXT, edits=[edits.set_to(handed, 0.5, layer=0, steps=3)])
    assert np.abs(found["h"][1, 3:] - plain["h"][1, 3:]).max() > 1e-6


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_frozen_state_is_the_one_before(variant: Variant) -> None:
    """Each state of each cell, frozen for three steps, both ways of reading; the initial state is kept as well."""
    model = network(variant, (1, True))
    state = state_of(model)
    for name in model.cell.State._fields:
        found = explorer.trace(model, TEXT, state=state, edits=[edits.freeze(name, steps=(4, 6))])
        np.testing.assert_array_equal(found[name][:, 4:7], found.previous(name)[:, 4:7])
        whole = explorer.trace(model, TEXT, state=state, edits=[edits.freeze(name)])
        np.testing.assert_array_equal(whole[name], np.broadcast_to(state[name][:, None], whole[name].shape))


@st.composite
def two_things(draw: st.DrawFn) -> tuple[str, Edit, Edit]:
    """A cell, and two edits in it that touch different things: another signal, row, step or unit."""
    variant = draw(st.sampled_from(sorted(NETWORKS)))
    model = NETWORKS[variant]
    names = [*signals_of(model), *(f"{state}_prev" for state in model.cell.State._fields)]
    where = st.tuples(st.sampled_from(names), st.integers(0, 3), st.integers(0, T - 1), st.integers(0, 1))
    first, second = draw(st.lists(where, min_size=2, max_size=2, unique=True))

    def edit(signal: str, row: int, step: int, unit: int) -> Edit:
        does = draw(st.sampled_from(["set", "scale", "noise", "patch", "freeze"]))
        if does == "freeze" and signal not in model.cell.State._fields:
            does = "set"
        value = draw(st.floats(0, 2))
        return Edit(signal, does, value, (unit,), row, (step, step), values=(value,) * (does == "patch"))  # type: ignore[arg-type]

    return variant, edit(*first), edit(*second)


@FEW
@given(two_things())
def test_edits_of_different_things_can_be_done_in_either_order(drawn: tuple[str, Edit, Edit]) -> None:
    variant, one, other = drawn
    model = NETWORKS[variant]
    assert_equal(
        explorer.trace(model, TEXT, edits=[one, other]),
        explorer.trace(model, TEXT, edits=[other, one]),
    )


def test_edits_of_the_same_thing_are_done_in_turn() -> None:
    at_one = edits.set_to("c", 1.0, steps=3)
    doubled = edits.scale("c", 2.0, steps=3)
    assert (explorer.trace(LSTM, TEXT, edits=[at_one, doubled])["c"][0, 3] == 2).all()
    assert (explorer.trace(LSTM, TEXT, edits=[doubled, at_one])["c"][0, 3] == 1).all()


def test_noise_is_drawn_by_its_seed() -> None:
    """The same seed gives the same numbers, to a unit whichever others are chosen, and whatever else is edited; another seed, signal, row
    or step gives others. Their spread is what was asked for."""
    plain = original(STACKED)

    def drawn(*more: Edit, **how: Any) -> Any:
        shifted = explorer.trace(STACKED, TEXT, edits=[edits.noise("o", 0.5, **how), *more])["o"]
        return (shifted - plain["o"])[0]  # a first row: nothing that came before was changed at its first step

    every = drawn()
    assert (drawn() == every).all()
    np.testing.assert_array_equal(drawn(units=2)[0, 2], every[0, 2])
    np.testing.assert_array_equal(drawn(edits.set_to("i", 0.5))[0], every[0])
    assert (drawn(seed=1)[0] != every[0]).all()
    gates = [explorer.trace(LSTM, TEXT, edits=[edits.noise(name, 1.0)])[name] for name in ("f", "i")]
    assert np.ptp(gates[0][0, 0] - gates[1][0, 0] - (original(LSTM)["f"] - original(LSTM)["i"])[0, 0]) > 1e-3

    wide = explorer.cells.build("lstm", 3, 500)
    x = np.zeros((20, 3))
    # h at step t is what the cell computed plus noise that it never saw: with o at 0 the cell computes 0.
    noisy = explorer.trace(wide, x, edits=[edits.set_to("o", 0.0), edits.noise("h", 0.3)])["h"]
    # 10,000 draws: their mean lies within 0.003 and their spread within 0.0021 of the truth, one standard error each; four of them here.
    assert abs(noisy.mean()) < 0.012
    assert abs(noisy.std() - 0.3) < 0.0085
    assert abs(np.corrcoef(noisy[0, :-1].ravel(), noisy[0, 1:].ravel())[0, 1]) < 0.05, "each step has its own"


def test_before_and_after_the_squashing() -> None:
    """f_pre is what goes into the σ, f what comes out of it: the one is bounded by it, the other is taken as it is."""
    plain = original(LSTM)
    into = explorer.trace(LSTM, TEXT, edits=[edits.set_to("f_pre", 2.0, steps=5)])
    assert (into["f_pre"][0, 5] == 2).all()
    np.testing.assert_allclose(into["f"][0, 5], 1 / (1 + np.exp(-2.0)), rtol=1e-15)  # the last bit of an exp
    out = explorer.trace(LSTM, TEXT, edits=[edits.set_to("f", 2.0, steps=5)])
    assert (out["f"][0, 5] == 2).all()
    np.testing.assert_array_equal(out["f_pre"][0, 5], plain["f_pre"][0, 5])
    doubled = [explorer.trace(LSTM, TEXT, edits=[edits.scale(name, 2.0, steps=5)]) for name in ("f_pre", "f")]
    np.testing.assert_allclose(doubled[0]["f"][0, 5], 1 / (1 + np.exp(-2 * plain["f_pre"][0, 5])), rtol=1e-14)
    np.testing.assert_array_equal(doubled[1]["f"][0, 5], 2 * plain["f"][0, 5])


def test_a_state_as_it_enters_and_as_it_leaves() -> None:
    """c of step 4 set as it enters step 5 leaves step 4 as it was; set after step 4, h of step 4 shows it."""
    plain = original(LSTM)
    entering = explorer.trace(LSTM, TEXT, edits=[edits.set_to("c_prev", 0.0, steps=5)])
    np.testing.assert_array_equal(entering["h"][0, :5], plain["h"][0, :5])
    np.testing.assert_array_equal(entering["c"][0, 5], plain["i"][0, 5] * plain["g"][0, 5])
    leaving = explorer.trace(LSTM, TEXT, edits=[edits.set_to("c", 0.0, steps=4)])
    assert not leaving["h"][0, 4].any()
    np.testing.assert_array_equal(leaving["i"][0, 4], plain["i"][0, 4])


def test_erasing_a_unit_and_cutting_the_loop() -> None:
    erased = explorer.trace(LSTM, TEXT, edits=edits.erase(2))
    assert not erased["c"][0, :, 2].any()
    assert not erased["h"][0, :, 2].any()
    assert erased["c"][0, :, 1].all()
    cut = explorer.trace(LSTM, TEXT, edits=[edits.cut_loop()])
    again = explorer.trace(LSTM, TEXT[4:], edits=[edits.cut_loop()])
    for gate in "ifgo":  # a gate knows of its own token only
        np.testing.assert_allclose(cut[gate][0, 4:], again[gate][0], rtol=0, atol=1e-15)
    assert np.abs(cut["c"][0, 4:] - again["c"][0]).max() > 1e-3, "the belt is carried on"
    elman = network(("rnn", {}))
    whole, end = (explorer.predict(elman, text, edits=[edits.cut_loop()])[-1] for text in (TEXT, TEXT[-1]))
    np.testing.assert_allclose(whole, end, rtol=0, atol=1e-15)  # without a loop, an Elman network sees one token


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_cut_loop_lets_nothing_come_back(variant: Variant) -> None:
    """Whatever a cell feeds back, the gates and candidates of a step are those of a text that begins there. Only a belt beside h, and a
    clock, tell of the steps before; and what looks at them, through a peephole."""
    model = network(variant)
    cut, again = (explorer.trace(model, text, edits=[edits.cut_loop()]) for text in (TEXT, TEXT[4:]))
    looks = variant[0] in ("lstm-peephole", "depth-gated", "clockwork") or "peephole" in variant[1]
    for signal in cut.per_unit():
        if (signal.kind == "gate" and not looks) or (signal.name in edits.loop_of(model.cell) and not model.cell.belts):
            np.testing.assert_allclose(cut[signal.name][0, 4:], again[signal.name][0], rtol=0, atol=1e-14)
    assert set(cut.edited) == {f"{state}_prev" for state in edits.loop_of(model.cell)}


def test_what_comes_back() -> None:
    found = {name: edits.loop_of(explorer.cells.REGISTRY[name](2, 4)) for name in explorer.cells.names()}
    assert found["jordan"] == ("y",)
    assert found["lstm-fgr"] == ("h", "i", "f", "o")
    assert set(found.values()) == {("h",), ("y",), ("h", "i", "f", "o")}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_memory_of_a_unit(variant: Variant) -> None:
    """The states that hold what a unit knows; with all of them held at 0 it has nothing to tell the next step."""
    cell = network(variant).cell
    found = edits.memories(cell)
    assert "h" in found
    assert {"c", "c_depth"} & set(cell.State._fields) <= set(found)
    assert not {"t", "i", "f", "o"} & set(found)


def test_transplant_is_a_patch_a_state_and_row() -> None:
    """Each state of each row that is asked for; and where all are, the reading goes on from there as the donor did."""
    donor = explorer.trace(STACKED, TEXT[::-1])
    found = edits.transplant(donor, since=6, at=3, layer=2, name="from the other")
    assert [(edit.signal, edit.layer, edit.steps, str(edit)) for edit in found] == [
        ("h", 2, (3, 3), "from the other"),
        ("c", 2, (3, 3), "from the other"),
    ]
    np.testing.assert_array_equal(found[1].values, donor["c"][2, 6])
    (some,) = edits.transplant(donor, since=6, at=3, states=["c"], units=[3, 0], layer=-1)
    np.testing.assert_array_equal(some.values, donor["c"][3, 6][[3, 0]])
    forward = network(("lstm", {}), (2, False))
    donor = explorer.trace(forward, "deaf" + TEXT[5:], edits=[edits.untouched()])
    edited = explorer.trace(forward, TEXT, edits=edits.transplant(donor, since=3, at=4))
    for name in "ch":
        np.testing.assert_array_equal(edited[name][:, 5:], donor[name][:, 4:])


@pytest.mark.parametrize("device", DEVICES)
def test_on_every_device(device: str) -> None:
    """All kinds of edits at once, beside the CPU."""
    made = [
        edits.set_to("f", 1.0, units=(0, 2), steps=(2, 5)),
        edits.noise("o_pre", 0.3, seed=4),
        edits.freeze("c", units=1, layer=0),
        edits.patch("h", [0.1, 0.2, 0.3, 0.4], at=-2),
        edits.scale("c_prev", 0.5),
    ]
    for ask in (explorer.trace, explorer.gradients):
        expected, found = (ask(STACKED, TEXT, edits=made, device=where) for where in ("cpu", device))
        for name in expected.arrays:
            # float64, other orders of summation over 11 steps
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12, err_msg=name)


REFUSED = [
    (edits.set_to("z", 1.0), "lstm has no 'z'; it has i_pre, i, f_pre, f, g_pre, g, o_pre, o, c, h, h_prev, c_prev"),
    (edits.set_to("x", 1.0), "lstm has no 'x'"),
    (edits.set_to("f_prev", 1.0), "lstm has no 'f_prev'"),
    (edits.set_to("f", 1.0, units=(0, 4)), "there is no unit 4: f has units 0 to 3"),
    (edits.set_to("f", 1.0, units=-5), "there is no unit -5"),
    (edits.scale("h", 2.0, layer=4), "there is no layer 4: the layers are 0 to 3"),
    (edits.noise("c", 0.1, steps=(3, T)), f"step {T} is beyond the text, whose last one is {T - 1}"),
    (edits.noise("c", 0.1, steps=-T - 1), f"step {-T - 1} is beyond the text"),
    (edits.set_to("c", 0.1, steps=(5, 3)), "no step lies from 5 to 3"),
    (edits.set_to("c", 0.1, steps=(-1, 3)), "no step lies from -1 to 3"),
    (edits.freeze("f"), "f is not carried from step to step; h, c can be frozen"),
    (edits.freeze("c_prev"), "c_prev is not carried from step to step"),
    (edits.patch("c", [1.0, 2.0], at=3), "c has 4 units, but 2 values are given"),
]


@pytest.mark.parametrize(("edit", "reason"), REFUSED, ids=lambda value: str(value))
def test_what_cannot_be_done_is_refused_with_the_reason(edit: Edit, reason: str) -> None:
    """Before it is tried, with the others kept; and where it is tried, by its name."""
    fine = edits.set_to("f", 1.0)
    first, found, last = edits.check([fine, edit, fine], STACKED.stack, T)
    assert first is last is None
    assert found is not None
    assert reason in found
    for ask in (explorer.trace, explorer.predict, explorer.gradients):
        with pytest.raises(ValueError, match="this edit cannot be done") as told:
            ask(STACKED, TEXT, edits=[fine, edit])
        assert reason in str(told.value)
        assert edits.words(edit) in str(told.value)


def test_a_reason_counts_steps_as_they_are_called() -> None:
    (reason,) = edits.check([edits.set_to("f", 1.0, steps=20)], LSTM.cell, T, first=1)
    assert reason == f"step 21 is beyond the text, whose last one is {T}"
    assert edits.words(edits.set_to("f", 1.0, units=3, steps=(4, 8)), first=1) == "f set to 1, unit 3, steps 5 to 9"
    assert edits.words(edits.scale("c", 0.5, units=(1, 2), layer=0, steps=-1), 1) == (
        "c times 0.5, units 1, 2, layer 0, step -1"
    )
    assert str(edits.freeze("c", name="the belt stands still")) == "the belt stands still"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"does": "cut"}, "unknown edit 'cut'; choose from set, scale, noise, freeze, patch"),
        ({"value": float("nan")}, "not a finite number"),
        ({"does": "patch", "values": (1.0, float("inf"))}, "not a finite number"),
        ({"does": "patch"}, "0 values"),
        ({"does": "patch", "values": (1.0,), "units": (0, 1)}, "1 values are given for 2 units"),
        ({"values": (1.0,)}, "only a patch has values"),
        ({"units": ()}, "it names no unit"),
        ({"units": (1, 2, 1)}, "it names a unit twice"),
        ({"steps": (1, 2, 3)}, "a first and a last one"),
        ({"does": "noise", "value": -1.0}, "0 or more"),
        ({"does": "noise", "seed": -1}, "0 or more"),
    ],
    ids=str,
)
def test_nonsense_is_refused_when_it_is_made(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Edit(**{"signal": "f", "does": "set", "value": 1.0} | wrong)
    with pytest.raises(ValueError, match=r"'f' is not an edit; explorer\.edits makes them"):
        explorer.trace(LSTM, TEXT, edits="f")  # type: ignore[arg-type]


def test_a_width_of_its_own() -> None:
    """Jordan's output may be of another width than its units: units and patches of y are counted by it."""
    model = network(("jordan", {"output_size": 2}))
    found = explorer.trace(model, TEXT, edits=[edits.patch("y", [0.1, 0.9], at=3), edits.set_to("y_pre", 1.0, units=1)])
    np.testing.assert_array_equal(found["y"][0, 3], [0.1, 0.9])
    assert (found["y_pre"][0, :, 1] == 1).all()
    (reason,) = edits.check([edits.set_to("y_prev", 0.0, units=2)], model.stack, T)
    assert reason == "there is no unit 2: y_prev has units 0 to 1"
    assert edits.check([edits.set_to("h", 0.0, units=3)], model.stack, T) == [None]


def test_a_trace_knows_what_was_edited() -> None:
    """Which units of what, where; an edit that does nothing touches nothing."""
    made = [
        edits.set_to("f", 1.0, units=(0, -1), layer=-1, steps=(2, 4)),
        edits.scale("f", 2.0, layer=0, steps=-1),
        edits.cut_loop(),
        edits.untouched(),
        edits.noise("c", 0.0),
    ]
    for trace in (explorer.trace(STACKED, TEXT, edits=made), explorer.gradients(STACKED, TEXT, edits=made)):
        assert set(trace.edited) == {"f", "h_prev"}
        expected = np.zeros((4, T, UNITS), dtype=bool)
        expected[3, 2:5, [0, 3]] = expected[0, T - 1] = True
        np.testing.assert_array_equal(trace.edited["f"], expected)
        assert trace.edited["h_prev"].all()
    assert not explorer.trace(STACKED, TEXT).edited
    assert not original(STACKED).edited


def test_outside_of_what_a_unit_does_on_this_text() -> None:
    trace = explorer.trace(LSTM, TEXT)
    low, high = trace["c"][0, :, 1].min(), trace["c"][0, :, 1].max()
    within = edits.set_to("c", (low + high) / 2, units=1)
    assert not edits.outside(trace, within)
    assert edits.outside(trace, edits.set_to("c", high + 0.02, units=1))
    assert not edits.outside(trace, edits.set_to("c", high + 0.005, units=1)), "as near as a σ comes to 1"
    assert edits.outside(trace, edits.set_to("c", low - 0.02, units=1, steps=3))
    assert edits.outside(trace, edits.set_to("c", 5.0)), "of all units"
    assert not edits.outside(trace, edits.patch("h", trace["h"][0, 2], at=7)), "it was there before"
    assert edits.outside(trace, edits.patch("h", trace["h"][0, 2] + [0, 0, 1, 0], at=7)), "one of them was never"
    assert not edits.outside(trace, edits.cut_loop()), "the first step begins with 0"
    later = explorer.trace(LSTM, TEXT, state={"h": np.full(UNITS, 9.0)})
    assert edits.outside(later, edits.set_to("h_prev", 9.5))
    assert not edits.outside(later, edits.set_to("h_prev", 9.0)), "it entered so"
    assert not edits.outside(trace, edits.scale("c", 50.0)), "only a value can be outside"
    assert edits.outside(explorer.trace(STACKED, TEXT), edits.set_to("f", 5.0, layer=-1, units=UNITS - 1))
