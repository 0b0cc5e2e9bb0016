"""A diagnosis of networks that run: planted faults are found, the shipped networks have none, every cell passes through it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.analysis.diagnosis import Diagnosis
from explorer.cells import build, names
from explorer.models import Model, checkpoints
from explorer.models.checkpoints import likely, read_bytes
from explorer.models.checkpoints.examples import forgetful
from explorer.models.diagnosing import EXAMPLE, READ, READ_AT_LEAST, array_of, diagnose, example_input, subject_of
from explorer.models.vocabulary import Characters, Ids

QUIET = (
    "english-lstm-1997", "python-gru", "sentiment-lstm", "agreement-rnn", "agreement-lstm-peephole", "counter-lstm",
    "brackets-lstm", "copy-gru", "temporal-order-lstm", "waves-esn", "latch-rnn", "majority-lstm", "toggle-gru",
)  # fmt: skip
"""One of each cell and task, among them those that come nearest to a threshold. Those that fail their task by their own card are not."""


def numbers(steps: int, width: int = 3) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((steps, width))


def classifier(
    cell: str = "lstm", *, units: int = 16, shape: tuple[int, bool] = (1, False), **options: object
) -> Model:
    torch.manual_seed(0)
    directions = 2 if shape[1] else 1
    layers = build(cell, 3, units, *shape, **options)
    return Model(layers, readout=nn.Linear(units * directions, 4), answer="class")


def of(diagnosis: Diagnosis, check: str) -> list[str]:
    """The severities of what a check found."""
    return [finding.severity for finding in diagnosis.findings if finding.check == check]


@torch.no_grad()
def forget_bias(model: Model) -> None:
    cell = model.stack.rows[0]
    cell.bias_ih.view(4, -1)[1] = -5
    cell.bias_hh.view(4, -1)[1] = 0


@torch.no_grad()
def duplicate(model: Model) -> None:
    for weight in model.stack.rows[0].parameters():
        blocks = weight.view(4, model.stack.hidden_size, -1)
        blocks[:, 2] = blocks[:, 9]


@torch.no_grad()
def explode(model: Model) -> None:
    model.stack.rows[0].weight_hh.mul_(10)


@torch.no_grad()
def die(model: Model) -> None:
    model.stack.rows[0].weight_ih.zero_()


@torch.no_grad()
def lose_a_number(model: Model) -> None:
    model.stack.rows[0].weight_hh[3, 1] = torch.nan


PLANTED: dict[str, tuple[Callable[[Model], None], str]] = {
    "a forget bias of -5": (forget_bias, "forget-bias"),
    "duplicate units": (duplicate, "duplicates"),
    "an exploding recurrent matrix": (explode, "exploding"),
    "a dead layer": (die, "dead"),
    "a NaN": (lose_a_number, "not-a-number"),
}


@pytest.mark.parametrize(("plant", "check"), PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("name", ["drawn", "waves-lstm"])
def test_a_planted_fault_is_wrong(
    plant: Callable[[Model], None], check: str, name: str, shipped: Mapping[str, Model]
) -> None:
    """In a network as it was drawn and in a trained one; without the fault the same check finds nothing wrong."""
    if name == "drawn":
        model, given = classifier(), numbers(60)
    else:
        model = copy.deepcopy(shipped[name])
        given = shipped[name].card.show.text
    assert "wrong" not in of(diagnose(model, given), check)
    plant(model)
    diagnosis = diagnose(model, given)
    assert diagnosis.wrong
    assert of(diagnosis, check)[0] == "wrong"


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_wrong_with_a_shipped_network(name: str, shipped: Mapping[str, Model]) -> None:
    model = shipped[name]
    diagnosis = diagnose(model, model.card.show.text)
    assert [finding.title for finding in diagnosis.findings if finding.severity == "wrong"] == []


def test_what_is_true_of_a_shipped_network_is_said(shipped: Mapping[str, Model]) -> None:
    """The LSTM of 1997 cannot forget; a unit of the hand-wired toggle is to spare; a latch passes no gradient."""
    of_1997 = diagnose(shipped["english-lstm-1997"], shipped["english-lstm-1997"].card.show.text)
    assert any("128 of 128 units" in one.title and "by design" in one.title for one in of_1997.findings)
    toggle = diagnose(shipped["toggle-gru"], shipped["toggle-gru"].card.show.text)
    assert of(toggle, "dead") == of(toggle, "unheard") == of(toggle, "vanishing") == ["note"]


@pytest.mark.parametrize("name", names())
def test_every_cell_passes_through_it(name: str) -> None:
    """In two layers that read both ways where that is possible; with nothing wrong, and with half-lives where there is a belt."""
    torch.manual_seed(1)
    model = Model(build(name, 3, 6, 2, True))
    diagnosis = diagnose(model, numbers(12))
    assert not diagnosis.wrong
    assert {fact.layer for fact in diagnosis.facts if fact.check == "reach"} == {0, 1, 2, 3}
    assert any(fact.check == "latches" for fact in diagnosis.facts) == bool(model.cell.belts)


def test_gradients_are_those_that_the_library_gives() -> None:
    model, x = classifier("rnn"), numbers(20)
    reach = subject_of(model, x).reach
    assert reach is not None
    at = reach.targets[-1]
    label = int(explorer.predict(model, x)[at].argmax())
    grads = explorer.gradients(model, x, of="logit", label=label, at=at)
    lengths = np.linalg.norm(grads["grad_h"][0].astype(np.float64), axis=1)[at::-1]
    expected = lengths[: reach.relative.shape[-1]] / lengths[0]
    np.testing.assert_allclose(reach.relative[0, -1], expected, rtol=1e-4)  # float32, summed up in another order


def test_of_a_backward_row_the_distance_is_that_in_its_own_order() -> None:
    """Where it reads nothing before its own step, its gradient is all there is: 1; later tokens are the distance."""
    reach = subject_of(classifier(shape=(1, True)), numbers(20)).reach
    assert reach is not None
    last = len(reach.targets) - 1
    assert reach.targets[last] == 19
    assert reach.relative[1, last, 0] == 1
    assert np.isnan(reach.relative[1, last, 1:]).all()  # nothing follows the last token
    assert np.isfinite(reach.relative[0, last]).all()


def test_what_a_token_left_out_changes_is_measured_by_leaving_it_out() -> None:
    model, x = classifier("gru"), numbers(24)
    subject = subject_of(model, x)
    assert subject.leaning is not None
    assert subject.reach is not None
    whole = np.exp(explorer.predict(model, x))
    for distance, moved in zip(subject.leaning.distances, subject.leaning.moved, strict=True):
        apart = [
            np.abs(np.exp(explorer.predict(model, np.delete(x, step - distance, 0)))[step - 1] - whole[step]).sum() / 2
            for step in subject.reach.targets
        ]
        np.testing.assert_allclose(moved, np.mean(apart), atol=1e-6)  # probabilities in float32


def test_how_far_answers_lean_is_the_exact_distance() -> None:
    """Each distance is tried, and not powers of two alone: the furthest that counts is that by leaving out, one reading a token."""
    model = explorer.load("english-lstm")
    text = explorer.models.card_of("english-lstm").show.text
    subject = subject_of(model, text)
    assert subject.leaning is not None and subject.reach is not None
    targets = subject.reach.targets
    assert subject.leaning.distances == tuple(range(1, min(targets) + 1))
    whole = np.exp(explorer.predict(model, text))

    def moved(distance: int) -> float:
        without = [
            np.exp(explorer.predict(model, text[: step - distance] + text[step - distance + 1 :])) for step in targets
        ]
        return float(
            np.mean([np.abs(one[step - 1] - whole[step]).sum() / 2 for one, step in zip(without, targets, strict=True)])
        )

    furthest = max(distance for distance in range(28, min(targets) + 1) if moved(distance) >= 0.01)
    (fact,) = (one for one in diagnose(model, text).facts if "depend on" in one.label)
    assert fact.value == furthest
    assert bin(furthest).count("1") > 1  # no power of two


def test_what_depends_on_the_text_is_told_by_two_other_readings() -> None:
    model, x = classifier("gru"), numbers(30)
    backwards, mean = subject_of(model, x).controls
    np.testing.assert_array_equal(backwards, explorer.trace(model, x[::-1])["h"])
    expected = explorer.trace(model, np.tile(x.mean(0), (30, 1)))["h"]
    np.testing.assert_allclose(mean, expected, atol=1e-6)  # the mean is taken in float32


def test_a_unit_that_saturates_is_not_dead(shipped: Mapping[str, Model]) -> None:
    """To the hand-wired majority the mean of this text is what the text is: it counts up until tanh has no slope."""
    text = "aaaaaa.a.aba.aabaaaa.a.aaabaaa.b.a.a..ab...b.abba.a.....ab.ba..a.aba."
    assert of(diagnose(shipped["majority-lstm"], text), "dead") == []


def test_a_network_without_a_readout_is_followed_back_from_its_own_h() -> None:
    subject = subject_of(build("lstm", 3, 8), numbers(30))
    assert subject.reach is not None
    assert subject.reach.of == "h, along one direction"
    assert subject.leaning is not None
    assert "of h's usual deviation" in subject.leaning.measure


def test_of_a_long_text_the_beginning_is_followed_back() -> None:
    subject = subject_of(classifier("rnn", units=4), numbers(READ + 200))
    assert subject.reach is not None
    assert max(subject.reach.targets) < READ
    assert "of the first 1,000 steps only" in subject.left_out[1]


def test_a_single_step_is_no_fault() -> None:
    for steps in (1, 2, 3, 4):
        assert not diagnose(classifier(), numbers(steps)).wrong


def test_an_elman_network_that_overflows_is_said_to() -> None:
    model = classifier("rnn", nonlinearity="relu")
    with torch.no_grad():
        model.stack.rows[0].weight_hh.mul_(30)
    diagnosis = diagnose(model, numbers(100))
    assert of(diagnosis, "not-a-number") == ["wrong"]
    assert "Finite weights and a finite input" in diagnosis.findings[0].title


def test_a_lower_layer_that_is_dead_is_named() -> None:
    model = classifier(shape=(2, False))
    die(model)
    dead = [finding for finding in diagnose(model, numbers(40)).findings if finding.check == "dead"]
    assert [finding.layer for finding in dead] == [0, 1]  # what reads it hears nothing either
    assert dead[0].title.endswith("layer 0")


def test_a_model_is_left_as_it_was() -> None:
    model = classifier()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    diagnose(model, numbers(20))
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())


def test_what_is_read_when_nothing_is_given(shipped: Mapping[str, Model]) -> None:
    latch = shipped["latch-rnn"]
    assert example_input(latch) == (latch.card.show.text, "No text was given: it read the one on its card.")
    torch.manual_seed(0)
    letters = Model(build("rnn", 3, 4), vocabulary=Characters("abc"), embedding=nn.Embedding(4, 3))
    text, said = example_input(letters)
    assert len(text) == EXAMPLE
    assert "at random" in said
    rows, said = example_input(classifier())
    assert rows.shape == (EXAMPLE, 3)
    assert "random numbers" in said


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (b"hello", "not an array in the .npy format"),
        (b"", "not an array in the .npy format"),
        (np.array([{"a": 1}], dtype=object), "not an array in the .npy format"),
        (np.array(["a"]), "not one array of numbers"),
    ],
)
def test_a_file_that_is_no_array_is_refused(stored: bytes | np.ndarray, says: str, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    if isinstance(stored, bytes):
        file.write_bytes(stored)
    else:
        np.save(file, stored, allow_pickle=True)
    with pytest.raises(ValueError, match=says):
        array_of(file, classifier())


def test_an_array_is_read_as_the_network_reads(tmp_path: Path) -> None:
    """Rows as they are; one number a step where it reads one; ids where it reads ids, and none that there are not."""
    file = tmp_path / "x.npy"
    np.save(file, numbers(5))
    np.testing.assert_array_equal(array_of(file, classifier()), numbers(5))
    np.save(file, np.array([3, 0, 2]))
    assert array_of(file, Model(build("rnn", 1, 2))).shape == (3, 1)
    reads_ids = Model(build("rnn", 3, 2), vocabulary=Ids(4), embedding=nn.Embedding(4, 3))
    assert array_of(file, reads_ids) == "3 0 2"
    np.save(file, np.array([3, 4]))
    with pytest.raises(ValueError, match="there is no id 4; this network has ids from 0 to 3"):
        array_of(file, reads_ids)


def test_a_large_layer_is_not_made_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its eigenvalues are left out and it is followed back over fewer steps; both are said."""
    monkeypatch.setattr("explorer.analysis.diagnosis.thresholds.LARGE", 15)
    monkeypatch.setattr("explorer.models.diagnosing.WORK", 16**2)
    diagnosis = diagnose(classifier(), numbers(READ_AT_LEAST + 1))
    assert f"of the first {READ_AT_LEAST} steps only" in diagnosis.left_out[2]
    assert "with 16 units they take too long" in diagnosis.left_out[0]
    assert not [fact for fact in diagnosis.facts if fact.check == "recurrent"]


def test_ones_own_is_called_by_its_file() -> None:
    """Not by the name that it has for as long as a session lasts."""
    contents = read_bytes(forgetful())
    own = checkpoints.own(contents, likely(contents), name="own-1", title="forgetful.pt")
    assert diagnose(own, "Call me").network.startswith("forgetful.pt: LSTM")
