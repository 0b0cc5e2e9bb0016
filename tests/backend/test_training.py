"""Training: the same seed gives the same model, a broken-off run goes on to the same end, a run that diverges says so."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.backend.forward import States, run, zero_states
from explorer.backend.training import (
    OPTIMISERS,
    SCHEDULES,
    Budget,
    LossOf,
    Progress,
    TrainingDiverged,
    train,
    unrolled,
)
from explorer.cells import untapped
from explorer.models import Model
from explorer.models.make import loss_of as loss_of_batches
from explorer.models.recipes.base import streams
from explorer.models.vocabulary import Characters
from tests.helpers import SYMBOLS, VARIANTS, Variant, network

TEXT = "abc de cab bed " * 40
BUDGET = Budget(steps=230, batch=4, length=6, learning_rate=1e-2, warmup=10)


def stream_loss(model: Model, text: str, budget: Budget) -> LossOf:
    """The loss of the next token of streams through the text."""
    return loss_of_batches(model, streams(Characters(SYMBOLS), text)(budget, 1), budget, 1, streaming=True)


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


@pytest.mark.cases(1)
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


def test_other_schedules() -> None:
    """After the same warm-up: down on a straight line to 2 %, or no longer changed."""
    straight, level = replace(BUDGET, schedule="linear"), replace(BUDGET, schedule="constant")
    top, after = BUDGET.learning_rate, range(BUDGET.warmup, BUDGET.steps + 1)
    for budget in (straight, level):
        assert [budget.rate(step) for step in range(BUDGET.warmup)] == [
            BUDGET.rate(step) for step in range(BUDGET.warmup)
        ]
    assert [straight.rate(step) for step in after] == pytest.approx(np.linspace(top, 0.02 * top, len(after)))
    assert [level.rate(step) for step in after] == pytest.approx([top] * len(after))
    assert replace(level, warmup=0).rate(0) == top


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimiser": "adan"}, "unknown optimiser 'adan'; choose from adam, adamw, sgd, rmsprop, adagrad"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin'; choose from cosine, linear, constant"),
    ],
    ids=str,
)
def test_an_unknown_way_is_refused(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(BUDGET, **wrong)


OPTIMISER = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": partial(torch.optim.SGD, momentum=0.9),
    "rmsprop": partial(torch.optim.RMSprop, momentum=0.9),
    "adagrad": torch.optim.Adagrad,
}
"""torch's own, by the names of a budget."""


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_on_every_schedule(name: str, schedule: str) -> None:
    """The weights of a loop that is written out with torch's optimiser, to the last bit; and they have learnt."""
    momentum = 0.9 if name in ("sgd", "rmsprop") else 0.0
    budget = Budget(
        steps=12, batch=4, length=6, learning_rate=5e-3, warmup=3, optimiser=name, schedule=schedule, weight_decay=1e-3,
        momentum=momentum, reset=0.0, clip=None,
    )  # fmt: skip
    model, _ = trained(("gru", {}), budget=budget)
    by_hand = network(("gru", {}), dtype=torch.float32, seed=1)
    optimiser = OPTIMISER[name](by_hand.parameters(), budget.learning_rate, weight_decay=1e-3)
    loss_of, states = stream_loss(by_hand, TEXT, budget), None
    first = float(loss_of(0, None)[0].detach())
    for step in range(budget.steps):
        optimiser.param_groups[0]["lr"] = budget.rate(step)
        loss, states = loss_of(step, states)
        states = {name: state.detach() for name, state in states.items()}
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert same(model, by_hand)
    assert float(loss_of(0, None)[0].detach()) < first


def stepped(budget: Budget, loss_of: LossOf, model: nn.Module) -> list[Tensor]:
    """By how much one update by plain descent at a rate of 1 moved each weight, downwards: the gradient that was used."""
    before = [weight.detach().clone() for weight in model.parameters()]
    plain = replace(budget, steps=1, optimiser="sgd", learning_rate=1.0, warmup=0, schedule="constant")
    list(train(model, loss_of, plain, 1))
    return [old - new.detach() for old, new in zip(before, model.parameters(), strict=True)]


def steep(model: Model) -> LossOf:
    """The loss of the streams a hundred times over, so that its gradient is worth clipping."""
    plain = stream_loss(model, TEXT, BUDGET)

    def loss(step: int, states: States | None) -> tuple[Tensor, States]:
        value, states = plain(step, states)
        return 100 * value, states

    return loss


@pytest.mark.parametrize(("clip", "clip_value"), [(None, None), (0.5, None), (None, 0.25), (30.0, 2.0), (1e6, 1e6)])
def test_gradients_are_clipped(clip: float | None, clip_value: float | None) -> None:
    """First the norm of all together, which keeps the direction, then each entry; where neither is too large nothing is done."""
    model = network(("lstm", {}))  # float64
    loss_of = steep(model)
    full = torch.autograd.grad(loss_of(0, None)[0], list(model.parameters()))
    norm = torch.cat([g.flatten() for g in full]).norm()
    assert 1 < float(norm) < 1e6
    expected = [g * min(1.0, (clip or torch.inf) / float(norm)) for g in full]
    expected = [g.clamp(-(clip_value or torch.inf), clip_value or torch.inf) for g in expected]
    for used, wanted in zip(
        stepped(replace(BUDGET, clip=clip, clip_value=clip_value), loss_of, model), expected, strict=True
    ):
        torch.testing.assert_close(used, wanted, rtol=1e-6, atol=1e-9)  # torch adds 1e-6 to the norm


def test_the_event_tells_the_norm_before_clipping() -> None:
    model = network(("lstm", {}))
    loss_of = steep(model)
    full = torch.autograd.grad(loss_of(0, None)[0], list(model.parameters()))
    for clip in (None, 0.1):
        fresh = network(("lstm", {}))
        (event,) = train(fresh, steep(fresh), replace(BUDGET, steps=1, clip=clip), 1)
        assert event.gradient == pytest.approx(float(torch.cat([g.flatten() for g in full]).norm()))


STEPS = 10


def top_loss(h: Tensor) -> Tensor:
    """A number that every step's h has a part in."""
    return (h * torch.linspace(0.5, 2.0, len(h)).to(h)[:, None, None]).square().sum()


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("truncate", [1, 3, 5, 9])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_truncated_gradient_stops_at_the_start_of_its_stretch(
    variant: Variant, layers: int, truncate: int, carried: bool
) -> None:
    """That of the cell's own steps, one by one, with the state taken off the graph before each stretch; h and the last state are those of
    an untruncated reading. A weight that reaches nothing within its stretch has the gradient 0."""
    model = network(variant, (layers, False))
    model.stack.requires_grad_()  # those too that training leaves alone
    x = torch.randn(STEPS, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    states = (
        {name: 0.1 * torch.ones_like(state) for name, state in zero_states(model.stack, 2).items()} if carried else None
    )
    h, last = unrolled(model.stack, x, states, truncate)
    weights = list(model.stack.parameters())
    found = torch.autograd.grad(top_loss(h), weights, materialize_grads=True)
    plain, plain_last = run(model.stack, x, states)
    torch.testing.assert_close(h, plain)
    for name, state in last.items():
        torch.testing.assert_close(state, plain_last[name])
    first = states or zero_states(model.stack, 2)
    now = [cell.State(*(first[name][layer] for name in first)) for layer, cell in enumerate(model.stack.rows)]
    hs = []
    for step in range(STEPS):
        if step % truncate == 0:
            now = [type(state)(*(part.detach() for part in state)) for state in now]
        read, under = x[step], None
        for layer, cell in enumerate(model.stack.rows):
            under = now[layer] = cell.step(read, now[layer], untapped, under)
            read = getattr(under, cell.upward)
        hs.append(now[-1].h)
    expected = torch.autograd.grad(top_loss(torch.stack(hs)), weights, materialize_grads=True)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("truncate", [STEPS, STEPS + 1, 1000])
def test_a_long_stretch_is_the_full_gradient(truncate: int) -> None:
    """From the length of the sequence on nothing is cut off; a step less and something is."""
    model = network(("lstm", {}))
    x = torch.randn(STEPS, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = list(model.stack.parameters())

    def gradient(stretch: int | None) -> list[Tensor]:
        return list(torch.autograd.grad(top_loss(unrolled(model.stack, x, None, stretch)[0]), weights))

    for one, other in zip(gradient(truncate), gradient(None), strict=True):
        assert torch.equal(one, other)
    assert not torch.allclose(gradient(STEPS - 1)[1], gradient(None)[1])


def scored(scores: list[float], budget: Budget, **files: Path) -> tuple[Model, list[Progress]]:
    """A run whose validation gives these scores, one after the other."""
    model, left = network(("gru", {}), dtype=torch.float32), iter(scores)
    return model, list(train(model, stream_loss(model, TEXT, budget), budget, 1, validate=lambda: next(left), **files))


PATIENT = replace(BUDGET, steps=60, check=5, patience=2)


@pytest.mark.parametrize(
    ("scores", "best", "end"),
    [
        ([1, 2, 3, 2.5, 2.9, 9], 15, 25),  # two checks without a better one
        ([1, 0, 2, 1, 3, 2, 4, 3, 5, 4, 6, 5], 55, 60),  # never two in a row: to the end, where the best is put back
        (list(range(12)), 60, 60),
        ([3, 3, 3], 5, 15),  # as good is no better
        ([-2, -3, -4], 5, 15),
        ([-math.inf, -1, math.nan, math.nan], 10, 20),
    ],
)
def test_a_run_stops_early_with_its_best_weights(scores: list[float], best: int, end: int, tmp_path: Path) -> None:
    """After `patience` checks without a better score; what remains are the weights of the best, the first of equals."""
    model, events = scored(scores, PATIENT, snapshots=tmp_path)
    assert [event.step for event in events] == list(range(1, end + 1))
    assert [event.ended for event in events] == [False] * (end - 1) + [True]
    assert [event.step for event in events if event.validation is not None] == list(range(5, end + 1, 5))
    assert all(
        torch.equal(weight, kept)
        for weight, kept in zip(model.state_dict().values(), weights_at(tmp_path, best), strict=True)
    )


def weights_at(folder: Path, step: int) -> list[Tensor]:
    return list(torch.load(folder / f"{step}.pt", weights_only=True).values())


def test_without_patience_the_last_weights_stay(tmp_path: Path) -> None:
    """Scores are taken and told, and that is all."""
    model, events = scored([3.0, 2.0, 1.0], replace(PATIENT, steps=15, patience=None), snapshots=tmp_path)
    assert [event.validation for event in events if event.validation] == [3, 2, 1]
    kept = weights_at(tmp_path, 15)
    assert all(torch.equal(weight, other) for weight, other in zip(model.state_dict().values(), kept, strict=True))


@pytest.mark.cases(1)
@pytest.mark.parametrize("stop", [1, 100, 130, 200, 0])
def test_a_run_that_stops_early_goes_on_from_its_checkpoint(stop: int, tmp_path: Path) -> None:
    """Broken off before or after its best, or resumed after its end, also where a checkpoint is due at that very step: the same events
    and the same best weights, and nothing is trained beyond."""
    budget = replace(BUDGET, steps=400, check=50, patience=2)
    scores = {50: 1.0, 100: 2.0, 150: 1.5, 200: 1.9, 250: 5.0}

    def part(file: Path | None = None, until: int = 0) -> tuple[Model, list[Progress]]:
        model, now, events = network(("gru", {}), dtype=torch.float32), [0], []
        plain = stream_loss(model, TEXT, budget)

        def loss(step: int, states: States | None) -> tuple[Tensor, States]:
            now[0] = step + 1
            return plain(step, states)

        for event in train(model, loss, budget, 1, file, validate=lambda: scores[now[0]]):
            events.append(event)
            if event.step == until:
                break
        return model, events

    whole, all_events = part()
    assert all_events[-1].step == 200
    file = tmp_path / "run.pt"
    part(file, stop)
    last_saved = {1: 0, 100: 100, 130: 100, 200: 200, 0: 200}[stop]
    resumed, rest = part(file)
    assert same(resumed, whole)
    assert [(e.step, e.loss, e.validation, e.ended) for e in rest] == [
        (e.step, e.loss, e.validation, e.ended) for e in all_events[last_saved:]
    ]
    assert same(part(file)[0], whole)


def test_snapshots_are_the_weights_along_the_way(tmp_path: Path) -> None:
    """Before the first update, at every check, and at the end; they are those of the run broken off there."""
    budget = replace(BUDGET, steps=23, check=10)
    model = network(("lstm", {}), dtype=torch.float32, seed=1)
    list(train(model, stream_loss(model, TEXT, budget), budget, 1, snapshots=tmp_path / "deep" / "run"))
    assert sorted(file.name for file in (tmp_path / "deep" / "run").iterdir()) == ["0.pt", "10.pt", "20.pt", "23.pt"]
    for step in (10, 20, 23):
        there, _ = trained(("lstm", {}), budget=budget, stop=step)
        saved = torch.load(tmp_path / "deep" / "run" / f"{step}.pt", weights_only=True)
        assert saved.keys() == there.state_dict().keys()
        assert all(torch.equal(saved[name], weight) for name, weight in there.state_dict().items())
    first = network(("lstm", {}), dtype=torch.float32, seed=1).state_dict()
    assert all(
        torch.equal(one, first[name]) for name, one in zip(first, weights_at(tmp_path / "deep" / "run", 0), strict=True)
    )


def test_a_few_streams_start_afresh() -> None:
    """The share that is said begins an update from zero, which ones depends on seed and step alone; none where the share is 0."""
    budget = replace(BUDGET, steps=40, batch=50, reset=0.25)
    model = network(("gru", {}), dtype=torch.float32)
    plain = stream_loss(model, TEXT, budget)

    def shares(budget: Budget, seed: int) -> list[list[bool]]:
        fresh: list[list[bool]] = []

        def spy(step: int, states: States | None) -> tuple[Tensor, States]:
            if states is not None:
                fresh.append((~states["h"].any(-1)[0]).tolist())
            return plain(step, states)

        list(train(model, spy, budget, seed))
        return fresh

    found = shares(budget, 1)
    assert np.mean(found) == pytest.approx(0.25, abs=0.03)
    assert shares(budget, 1) == found
    assert shares(budget, 2) != found
    assert not np.any(shares(replace(budget, reset=0.0), 1))
