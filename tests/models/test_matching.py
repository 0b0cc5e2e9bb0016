"""Untrained networks beside a trained one: the same for the same seed, through the same embedding, with about as many weights."""

from __future__ import annotations

import pytest
import torch

from explorer import cells
from explorer.models import load
from explorer.models.matching import Variant, closest, matched

BESIDE = ("english-gru", "sentiment-lstm", "waves-rnn")
"""Characters, words, and numbers, which need no embedding."""


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("cell", cells.names())
def test_no_other_number_of_units_comes_closer(cell: str, beside: str) -> None:
    """One unit more or less is further away."""
    trained = load(beside)
    found = matched(Variant(cell, 0, beside), trained)
    assert found.cell.name == cell
    wanted, units = trained.parameter_count, found.stack.hidden_size
    card = trained.card
    assert card is not None

    def count(size: int) -> int:
        cell_alone = cells.build(cell, card.input_size, size)
        outputs = len(card.labels) or len(card.reader)
        embedding = 0 if trained.embedding is None else trained.embedding.weight.numel()
        return sum(weight.numel() for weight in cell_alone.parameters()) + (size + 1) * outputs + embedding

    assert count(units) == found.parameter_count
    for other in (units - 1, units + 1):
        if other > 0:
            assert abs(count(other) - wanted) >= abs(count(units) - wanted)


def test_a_cell_beside_itself_has_its_size() -> None:
    trained = load("english-gru")
    found = matched(Variant("gru", 0, "english-gru"), trained)
    assert found.stack.hidden_size == trained.stack.hidden_size
    assert found.parameter_count == trained.parameter_count


def test_it_reads_through_the_trained_embedding_with_weights_of_its_own() -> None:
    trained = load("english-gru")
    found = matched(Variant("gru", 0, "english-gru"), trained)
    assert found.embedding is trained.embedding
    assert not torch.equal(found.cell.weight_hh, trained.cell.weight_hh)
    assert not any(weight.requires_grad for weight in found.parameters())


def test_a_seed_is_a_network() -> None:
    trained = load("english-rnn")
    one, same, other = (matched(Variant("rnn", seed, "english-rnn"), trained) for seed in (3, 3, 4))
    assert torch.equal(one.cell.weight_hh, same.cell.weight_hh)
    assert not torch.equal(one.cell.weight_hh, other.cell.weight_hh)


def test_what_is_drawn_leaves_the_process_as_it_was() -> None:
    trained = load("waves-rnn")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    matched(Variant("gru", 0, "waves-rnn"), trained)
    assert torch.equal(torch.rand(3), expected)


def test_its_name_names_it() -> None:
    variant = Variant("gru", 7, "english-lstm")
    assert Variant.named(variant.name) == variant
    for name in ("english-lstm", "", variant.name + "x", "english-lstm~gru"):
        assert Variant.named(name) is None


def even(size: int) -> int:
    """A cell that has even sizes only, of `size`² weights."""
    if size % 2:
        raise ValueError(f"hidden_size is {size}; it must be even")
    return size * size


@pytest.mark.parametrize(("wanted", "size"), [(1, 2), (16, 4), (25, 4), (27, 6), (10_000, 100)])
def test_sizes_that_a_cell_does_not_have_are_passed_over(wanted: int, size: int) -> None:
    assert closest(even, wanted) == size


def test_where_there_is_no_size_the_cell_says_why() -> None:
    def never(size: int) -> int:
        raise ValueError("this cell cannot be stacked")

    with pytest.raises(ValueError, match="cannot be stacked"):
        closest(never, 10)
