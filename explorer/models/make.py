"""Carries out a recipe: trains one model, scores it, finds what it shows, writes weights and card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from explorer.backend.forward import States
from explorer.backend.training import Budget, Progress, train
from explorer.models.zoo import assemble, excerpt_path, save
from explorer.models.card import Card
from explorer.models.model import Model
from explorer.models.recipes.base import Recipe
from explorer.models.scoring import bits_per_character, cross_entropy
from explorer.models.show import find_show
from explorer.models.vocabulary import Vocabulary


def make(
    recipe: Recipe,
    cell: str,
    out: Path,
    *,
    budget: Budget | None = None,
    seed: int | None = None,
    resume: Path | None = None,
) -> Iterator[Progress]:
    """Trains `recipe`'s model with that cell and writes `<task>-<cell>.safetensors` and `.json` into `out`, and the held-out
    excerpt into `examples` beside it; an event a step."""
    budget, seed = budget or recipe.budget, recipe.seed if seed is None else seed
    split = recipe.split()
    torch.manual_seed(seed)
    vocabulary = Vocabulary.of(split.train)
    options = recipe.options.get(cell, {})
    model = assemble(cell, recipe.input_size, recipe.hidden_size, vocabulary, **options)
    yield from train(model, stream_loss(model, split.train, budget), budget, seed, resume)

    model.eval().requires_grad_(False)
    model.name = f"{recipe.task}-{cell}"
    excerpt = recipe.excerpt(split.held_out)
    scores = {
        "held_out_bits_per_character": round(bits_per_character(model, split.held_out), 4),
        "excerpt_bits_per_character": round(bits_per_character(model, excerpt), 4),
    }
    show = find_show(model, split.held_out, recipe.show_property, recipe.show_text)
    out.mkdir(parents=True, exist_ok=True)
    written = excerpt_path(out, recipe.task)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(excerpt, encoding="utf-8")
    checksum = save(model, out / f"{model.name}.safetensors")
    Card(
        name=model.name,
        task=recipe.task,
        title=recipe.title,
        reads=recipe.reads,
        cell=cell,
        options=options,
        input_size=recipe.input_size,
        hidden_size=recipe.hidden_size,
        vocabulary=vocabulary.symbols,
        corpus=recipe.corpus,
        licence=recipe.licence,
        seed=seed,
        budget=asdict(budget),
        command=f"python -m explorer train {recipe.task} --cell {cell}",
        scores=scores,
        parameters=model.parameter_count,
        sha256=checksum,
        show=show,
        examples=recipe.examples,
    ).write(out / f"{model.name}.json")


def stream_loss(model: Model, text: str, budget: Budget) -> Callable[[int, States | None], tuple[torch.Tensor, States]]:
    """The loss of step n: `batch` streams run through the text as through a ring, `length` characters a step."""
    ids = model.prepare(text).ids
    assert ids is not None
    starts = torch.arange(budget.batch) * (len(ids) // budget.batch)
    window = torch.arange(budget.length + 1)

    def loss_of(step: int, states: States | None) -> tuple[torch.Tensor, States]:
        where = (starts[None, :] + window[:, None] + step * budget.length) % len(ids)  # [length + 1, batch]
        chunk = ids[where]
        scores, states = model(chunk[:-1], states)
        return cross_entropy(scores, chunk[1:]), states

    return loss_of
