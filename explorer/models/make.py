"""Run a recipe: train its seeds, choose one, score it, look for units that follow a property, write weights and
card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.backend.forward import States
from explorer.backend.training import Budget, LossOf, Progress, train, unrolled
from explorer.models.card import Card
from explorer.models.findings import find
from explorer.models.model import Model
from explorer.models.recipes.base import Batch, Data, Recipe
from explorer.models.ridge import Fitting, fit
from explorer.models.zoo import assemble, save, write_held_out


def make(
    recipe: Recipe,
    cell: str,
    out: Path,
    *,
    budget: Budget | None = None,
    seed: int | None = None,
    resume: Path | None = None,
    snapshots: Path | None = None,
    device: torch.device | None = None,
) -> Iterator[Progress]:
    """Train `recipe`'s network of that cell, with all its seeds or with `seed`, and write `<task>-<cell>.safetensors` and `.json` into
    `out`, and the shipped held-out sequences into `examples` beside it; yields an event an update."""
    plan, data = budget_for(recipe, cell, budget), recipe.data()
    budget = plan if isinstance(plan, Budget) else Budget(steps=plan.steps, batch=plan.batch)
    tried: list[tuple[float, int, Model, dict[str, float]]] = []
    seeds = recipe.seeds if seed is None else (seed,)
    for each in () if recipe.wired else seeds:
        torch.manual_seed(each)
        model = untrained(recipe, cell, data).to(device or torch.device("cpu"))
        checkpoint = resume and saved_at(resume, seeds)[each]
        batches = data.batches(budget, each)
        chosen_by = recipe.selection
        validate = (lambda model=model: chosen_by(model)) if chosen_by and budget.patience else None
        if isinstance(plan, Fitting):
            run = fit(model, batches, plan)
        else:
            run = train(
                model, loss_of(model, batches, budget, each, data.streaming), budget, each, checkpoint,
                validate=validate, snapshots=snapshots and snapshots / str(each),
            )  # fmt: skip
        for progress in run:
            yield replace(progress, ended=progress.ended and each == seeds[-1])
        model.eval()
        tried.append((chosen_by(model) if chosen_by else 0.0, each, model, recipe.score(model, data.held_out)))
    if recipe.wired:
        model = untrained(recipe, cell, data)
        model.load_state_dict(recipe.wired(cell))
        yield Progress(1, 1, 0.0, 0.0, ended=True)
        tried = [(0.0, seeds[0], model, recipe.score(model, data.held_out))]
    best = max(tried, key=lambda one: one[0])  # the first of equals
    scores = tuple({"seed": each, "selected_by": round(chosen, 4), **_rounded(s)} for chosen, each, _, s in tried)
    describe(best[2].cpu(), recipe, data, cell, best[1], plan, out, seeds=scores if len(scores) > 1 else ())


def budget_for(recipe: Recipe, cell: str, budget: Budget | None) -> Budget | Fitting:
    """Budget of a run with that cell: the recipe's, or the steps and sequences of `budget`."""
    if cell not in recipe.fitted:
        return budget or recipe.budget
    fitting = recipe.fitted[cell]
    return fitting if budget is None else replace(fitting, steps=budget.steps, batch=budget.batch)


def saved_at(resume: Path, seeds: Sequence[int]) -> dict[int, Path]:
    """File of each seed's run: the named one, or that name with the seed appended if there are several."""
    return {seed: resume if len(seeds) == 1 else resume.with_name(f"{resume.name}.{seed}") for seed in seeds}


def untrained(recipe: Recipe, cell: str, data: Data) -> Model:
    """The network as the recipe says, its weights drawn from torch's generator."""
    return assemble(
        cell,
        recipe.input_size,
        recipe.units(cell),
        data.reader,
        answer=recipe.answer,
        labels=recipe.labels,
        **recipe.cells.get(cell, {}),
    )


def describe(
    model: Model,
    recipe: Recipe,
    data: Data,
    cell: str,
    seed: int,
    budget: Budget | Fitting,
    out: Path,
    seeds: tuple[Mapping[str, Any], ...] = (),
) -> Card:
    """Score a trained model, find its units, and write weights, card and held-out sequences."""
    model.eval().requires_grad_(False)
    model.name = f"{recipe.task}-{cell}"
    out.mkdir(parents=True, exist_ok=True)
    write_held_out(out, recipe.task, data.shipped)
    scores = recipe.score(model, data.held_out)
    if data.shipped and data.shipped != data.held_out:
        scores |= {
            f"excerpt_{name.removeprefix('held_out_')}": s for name, s in recipe.score(model, data.shipped).items()
        }
    texts = [example.text for example in data.held_out]
    card = Card(
        name=model.name,
        task=recipe.task,
        title=recipe.title,
        sentence=recipe.sentence,
        group=recipe.group,
        cell=cell,
        options=recipe.cells.get(cell, {}),
        input_size=recipe.input_size,
        hidden_size=recipe.units(cell),
        tokens=data.reader.kind,
        vocabulary=data.reader.symbols,
        answer=recipe.answer,
        labels=recipe.labels,
        corpus=recipe.corpus,
        licence=recipe.licence,
        seed=seed,
        seeds=seeds,
        budget={} if recipe.wired else asdict(budget),
        command=f"python -m explorer train {recipe.task} --cell {cell}"
        + ("" if recipe.wired or seeds else f" --seed {seed}"),
        scores=_rounded(scores),
        headline=recipe.headline,
        parameters=model.parameter_count,
        sha256=save(model, out / f"{model.name}.safetensors"),
        findings=tuple(find(model, wanted, data.chosen_on, texts) for wanted in recipe.properties),
        examples=recipe.examples,
    )
    card.write(out / f"{model.name}.json")
    return card


def loss_of(model: Model, batches: Any, budget: Budget, seed: int, streaming: bool) -> LossOf:
    """The loss of an update: `batches(step)` read from the carried state if the task is a stream, else from the zero state."""

    def loss(step: int, states: States | None) -> tuple[Tensor, States]:
        batch: Batch = batches(step)
        inputs, targets = batch.inputs.to(model.device), batch.targets.to(model.device)
        weight = None if batch.weight is None else batch.weight.to(model.device)
        # Noise and dropout have a generator of their own for each update, so that a run can be gone on with.
        chance = torch.Generator().manual_seed(seed * 1_000_003 + step)
        x = _dropped(model.embedded(inputs), 0.0 if model.embedding is None else budget.dropout, chance)
        h, states = unrolled(model.stack, x, states if streaming else None, budget.truncate)
        h = _dropped(h, budget.dropout, chance)
        if budget.noise:
            h = h + budget.noise * torch.randn(h.shape, generator=chance).to(h)
        assert model.readout is not None
        return model.answer.loss(model.readout(h), targets, weight), states

    return loss


def _dropped(values: Tensor, share: float, chance: torch.Generator) -> Tensor:
    """A share of the numbers set to 0, the others made larger so that the mean stays (Srivastava et al. 2014)."""
    if not share:
        return values
    keep = torch.rand(values.shape, generator=chance).to(values) >= share
    return values * keep / (1 - share)


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores.items()}
