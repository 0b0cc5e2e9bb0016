"""Training: the same seed gives the same model, a broken-off run goes on to the same end, a run that diverges says so."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from explorer.backend.forward import States, run
from explorer.backend.training import Budget, Progress, TrainingDiverged, train
from explorer.models.make import stream_loss
from tests.helpers import VARIANTS, Variant, network

TEXT = "abc de cab bed " * 40
BUDGET = Budget(steps=230, batch=4, length=6, learning_rate=1e-2, warmup=10)


def trained(
    variant: Variant, seed: int = 1, checkpoint: Path | None = None, budget: Budget = BUDGET, stop: int = 0
) -> tuple[nn.Module, list[Progress]]:
    """A new network after its run (broken off after `stop` steps if that is given), and the run's events."""
    model = network(variant, dtype=torch.float32, seed=seed)
    events = []
    for event in train(model, stream_loss(model, TEXT, budget), budget, seed, checkpoint):
        events.append(event)
        if event.step == stop:
            break
    return model, events


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether all weights are equal to the last bit."""
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_run_learns_and_reports() -> None:
    _, events = trained(("lstm", {}))
    assert [event.step for event in events] == list(range(1, BUDGET.steps + 1))
    assert {event.steps for event in events} == {BUDGET.steps}
    assert events[0].loss > 1.75
    assert (
        sum(event.loss for event in events[-20:]) / 20 < 1.3
    )  # to know how often each letter comes is worth 1.75 nats


def test_the_same_seed_gives_the_same_weights() -> None:
    """To the last bit; another seed gives others."""
    (one, events), (other, again) = trained(("gru", {})), trained(("gru", {}))
    assert same(one, other)
    assert [event.loss for event in events] == [event.loss for event in again]
    assert not same(one, trained(("gru", {}), seed=2)[0])


@pytest.mark.parametrize("stop", [0, 100, 137])
def test_a_run_goes_on_from_its_checkpoint(stop: int, tmp_path: Path) -> None:
    """Broken off at, or between, two checkpoints, or not at all: the end is that of an unbroken run, to the last bit."""
    whole, events = trained(("lstm", {}))
    file = tmp_path / "run.pt"
    trained(("lstm", {}), checkpoint=file, stop=stop)
    resumed, rest = trained(("lstm", {}), checkpoint=file)
    assert same(resumed, whole)
    first = {0: BUDGET.steps, 100: 100, 137: 100}[stop]
    assert [event.loss for event in rest] == [event.loss for event in events[first:]]


def test_the_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    """Another seed, budget, or cell; and a file that is no checkpoint."""
    file = tmp_path / "run.pt"
    trained(("lstm", {}), checkpoint=file, stop=100)
    with pytest.raises(ValueError, match="belongs to another run"):
        trained(("lstm", {}), seed=2, checkpoint=file)
    with pytest.raises(ValueError, match="belongs to another run"):
        trained(("lstm", {}), checkpoint=file, budget=Budget(steps=10, batch=4, length=6, learning_rate=1e-2))
    with pytest.raises(ValueError, match="belongs to another run"):
        trained(("gru", {}), checkpoint=file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a checkpoint"):
        trained(("lstm", {}), checkpoint=file)


def test_a_checkpoint_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed while it saves leaves the checkpoint before."""
    file = tmp_path / "run.pt"
    trained(("lstm", {}), checkpoint=file, stop=100)
    before = file.read_bytes()
    save = torch.save

    def killed(what: object, path: Path) -> None:
        save(what, path)
        path.write_bytes(path.read_bytes()[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(("lstm", {}), checkpoint=file)
    assert file.read_bytes() == before


def test_divergence_is_said() -> None:
    """A loss of NaN stops the run at that step, before the weights take it on."""
    model = network(("rnn", {}), dtype=torch.float32)
    plain = stream_loss(model, TEXT, BUDGET)

    def diverging(step: int, states: States | None) -> tuple[Tensor, States]:
        loss, states = plain(step, states)
        return (loss * math.nan if step == 3 else loss), states

    events: list[Progress] = []
    with pytest.raises(TrainingDiverged, match="the loss became nan at step 4; try a smaller learning rate"):
        events.extend(train(model, diverging, BUDGET, 1))
    assert all(weight.isfinite().all() for weight in model.parameters())


def test_a_real_divergence() -> None:
    """A linear network whose recurrent weights are far too large."""
    model = network(("rnn", {"nonlinearity": "linear"}), dtype=torch.float32)
    for weight in model.stack.parameters():
        weight.data.fill_(1e8)
    with pytest.raises(TrainingDiverged):
        list(train(model, stream_loss(model, TEXT, BUDGET), BUDGET, 1))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_can_be_trained(variant: Variant) -> None:
    """Twenty steps lower the loss of the first batch."""
    budget = Budget(steps=20, batch=4, length=6, learning_rate=1e-2, warmup=0)
    model = network(variant, dtype=torch.float32)
    loss_of = stream_loss(model, TEXT, budget)
    before = float(loss_of(0, None)[0].detach())
    list(train(model, loss_of, budget, 1))
    assert float(loss_of(0, None)[0].detach()) < before


def test_the_learning_rate() -> None:
    """A linear rise over the warm-up, then half a cosine down to 2 %."""
    rates = [BUDGET.rate(step) for step in range(BUDGET.steps)]
    assert rates[0] == pytest.approx(BUDGET.learning_rate / BUDGET.warmup)
    assert max(rates) == rates[BUDGET.warmup] == pytest.approx(BUDGET.learning_rate)
    assert rates[BUDGET.warmup :] == sorted(rates[BUDGET.warmup :], reverse=True)
    assert BUDGET.rate(BUDGET.steps) == pytest.approx(0.02 * BUDGET.learning_rate)


def test_streams_run_through_the_whole_text() -> None:
    """Each stream reads on where its last batch ended, and the next token is the target; the end joins the beginning."""
    model = network(("rnn", {}), dtype=torch.float32)
    seen: list[Tensor] = []
    budget = Budget(steps=1, batch=3, length=5, learning_rate=1e-2)

    def spy(ids: Tensor, states: States | None) -> tuple[Tensor, States]:
        seen.append(ids)
        h, states = run(model.stack, model.embedding(ids), states)
        return model.readout(h), states

    ids = model.prepare(TEXT).ids
    assert ids is not None
    model.forward = spy
    loss_of = stream_loss(model, TEXT, budget)
    steps = len(ids) // budget.length + 1
    for step in range(steps):
        loss_of(step, None)
    stream = torch.cat([chunk[:, 0] for chunk in seen])
    assert torch.equal(stream[: len(ids)], ids)
    assert torch.equal(stream[len(ids) :], ids[: len(stream) - len(ids)])
