"""Carries out a recipe: trains one model, scores it, finds what it shows, writes weights and card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from explorer.backend.forward import States
from explorer.backend.training import Budget, Progress, train
from explorer.models.card import Card
from explorer.models.model import Model
from explorer.models.recipes.base import Recipe, Split
from explorer.models.scoring import bits_per_character, cross_entropy
from explorer.models.show import find_show
from explorer.models.vocabulary import Vocabulary
from explorer.models.zoo import assemble, excerpt_path, save


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
    model = assemble(cell, recipe.input_size, recipe.hidden_size, vocabulary, **recipe.options.get(cell, {}))
    yield from train(model, stream_loss(model, split.train, budget), budget, seed, resume)

    describe(model, recipe, split, cell, seed, budget, out)


def describe(model: Model, recipe: Recipe, split: Split, cell: str, seed: int, budget: Budget, out: Path) -> Card:
    """Scores a trained model, finds what it shows, writes weights, card and held-out excerpt."""
    model.eval().requires_grad_(False)
    model.name = f"{recipe.task}-{cell}"
    excerpt = recipe.excerpt(split.held_out)
    for file in (out / model.name, excerpt_path(out, recipe.task)):
        file.parent.mkdir(parents=True, exist_ok=True)
    excerpt_path(out, recipe.task).write_text(excerpt, encoding="utf-8")
    assert model.vocabulary is not None
    card = Card(
        name=model.name,
        task=recipe.task,
        title=recipe.title,
        reads=recipe.reads,
        cell=cell,
        options=recipe.options.get(cell, {}),
        input_size=recipe.input_size,
        hidden_size=recipe.hidden_size,
        vocabulary=model.vocabulary.symbols,
        corpus=recipe.corpus,
        licence=recipe.licence,
        seed=seed,
        budget=asdict(budget),
        command=f"python -m explorer train {recipe.task} --cell {cell} --seed {seed}",
        scores={
            "held_out_bits_per_character": round(bits_per_character(model, split.held_out), 4),
            "excerpt_bits_per_character": round(bits_per_character(model, excerpt), 4),
        },
        parameters=model.parameter_count,
        sha256=save(model, out / f"{model.name}.safetensors"),
        show=find_show(model, split.held_out, recipe.show_property, recipe.show_text),
        examples=recipe.examples,
    )
    card.write(out / f"{model.name}.json")
    return card


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
