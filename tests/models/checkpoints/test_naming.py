"""Names and shapes of weights: which layers they are of, what stands before and behind them, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.cells import build
from explorer.models.checkpoints import Contents, Unreadable
from explorer.models.checkpoints.naming import contents


def lstm(layers: int = 1, both: bool = False, kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(kind(3, 4, num_layers=layers, bidirectional=both, **options).state_dict())


def under(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": weight for name, weight in weights.items()}


def read(tensors: dict[str, Tensor]) -> Contents:
    return contents("a test", tensors)


@pytest.mark.parametrize(
    ("prefix", "where"),
    [("", ""), ("module.", "module"), ("encoder.rnn.", "encoder.rnn"), ("enc_", "enc"), ("net/lstm/", "net/lstm")],
)
def test_layers_are_found_under_any_name(prefix: str, where: str) -> None:
    (found,) = read(under(prefix, lstm(layers=2, both=True))).recurrent
    assert (found.where, found.cell, found.num_layers, found.bidirectional) == (where, "lstm", 2, True)


@pytest.mark.parametrize(
    ("module", "cell"), [(nn.LSTMCell(3, 4), "lstm"), (nn.GRUCell(3, 4), "gru"), (nn.RNNCell(3, 4), "rnn")]
)
def test_single_cells(module: nn.Module, cell: str) -> None:
    (found,) = read(under("step.", dict(module.state_dict()))).recurrent
    assert (found.where, found.cell, found.rows) == ("step", cell, 1)
    assert torch.equal(found.weights["bias_hh"], module.state_dict()["bias_hh"])


def test_names_of_arrays_that_were_saved_by_hand() -> None:
    names = {"weight_ih_l0": "dec_w_ih", "weight_hh_l0": "dec_w_hh", "bias_ih_l0": "dec_b_ih", "bias_hh_l0": "dec_b_hh"}
    weights = lstm(kind=nn.GRU)
    tensors = {names[name]: weight for name, weight in weights.items()} | {
        "dec_emb": torch.ones(9, 3),
        "fc_w": torch.ones(9, 4),
        "fc_b": torch.ones(9),
    }
    found = read(tensors)
    assert (found.recurrent[0].where, found.recurrent[0].cell) == ("dec", "gru")
    assert torch.equal(found.recurrent[0].weights["weight_hh"], weights["weight_hh_l0"])
    assert list(found.tables) == ["dec_emb"]
    assert list(found.linears) == ["fc"]
    assert torch.equal(found.linears["fc"].bias, torch.ones(9))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lstm-peephole", {}),
        ("lstm-peephole", {"gates": "io"}),
        ("lstm-peephole", {"peephole": "full"}),
        ("lstm-nig", {"peephole": "diagonal"}),
        ("lstm-fgr", {}),
        ("depth-gated", {}),
        ("jordan", {}),
    ],
)
def test_cells_of_ours_are_known_by_what_they_have_beside(name: str, options: dict[str, Any]) -> None:
    state = dict(build(name, 3, 4, **options).state_dict())
    (found,) = read(under("stack.", state)).recurrent
    assert (found.cell, found.where, found.kernel) == (name, "stack", None)
    again = build(name, 3, 4, **dict(found.options))
    again.load_state_dict(dict(found.weights))  # all of them, by the same names


def test_what_no_cell_has() -> None:
    odd = build("lstm-peephole", 3, 4).state_dict() | {"weight_ho": torch.ones(4, 4)}
    with pytest.raises(
        Unreadable, match="has “weight_ho”, “weight_peephole_f”, “weight_peephole_i” and 1 more besides its weights"
    ):
        read(dict(odd))


def test_every_row_has_to_be_of_the_cell() -> None:
    state = dict(build("lstm-peephole", 3, 4, 2).state_dict())
    with pytest.raises(Unreadable, match="which no cell here has"):
        read({name: weight for name, weight in state.items() if name != "weight_peephole_f_l1"})
    with pytest.raises(Unreadable, match="which no cell here has"):
        read(state | {"weight_peephole_f_l1": torch.ones(5)})


def test_a_broken_layer_beside_a_fine_one_is_told_and_left_out() -> None:
    found = read(under("fine.", lstm()) | under("other.", lstm(proj_size=2)) | {"gates.weight_gates": torch.ones(2, 2)})
    assert [one.where for one in found.recurrent] == ["fine"]
    assert found.notes == (
        "“other” is an LSTM with a projection (proj_size, its “weight_hr_l0”), which cannot be shown.",
    )


def test_embeddings_and_readouts() -> None:
    """By their names, their biases, and their widths; other matrices are neither."""
    beside = {
        "emb.weight": torch.ones(9, 5),
        "lookup": torch.ones(9, 3),
        "tied.weight": torch.ones(9, 4),
        "head.weight": torch.ones(2, 6),
        "head.bias": torch.ones(2),
        "filters.weight": torch.ones(2, 3, 4),
        "norm.weight": torch.ones(4),
        "norm.bias": torch.ones(4),
        "mask": torch.ones(7, 11),
        "steps.weight": torch.ones(3, 3, dtype=torch.int64),
    }
    found = read(under("rnn.", lstm()) | beside)
    assert {name: list(table.shape) for name, table in found.tables.items()} == {"emb": [9, 5], "lookup": [9, 3]}
    assert {name: list(one.weight.shape) for name, one in found.linears.items()} == {"tied": [9, 4], "head": [2, 6]}
    assert torch.equal(found.linears["tied"].bias, torch.zeros(9))
    assert torch.equal(found.linears["head"].bias, torch.ones(2))


def without(name: str) -> dict[str, Tensor]:
    return {key: weight for key, weight in lstm(3, True).items() if not key.startswith(name)}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (without("weight_hh_l1_reverse"), "The recurrent layer has no “weight_hh_l1_reverse”; the file is not complete."),
        (without("bias_ih_l2"), "The recurrent layer has biases, but not “bias_ih_l2”, “bias_ih_l2_reverse”; the file is not complete."),
        (without("bias_hh"), "has biases, but not “bias_hh_l0”, “bias_hh_l0_reverse”, “bias_hh_l1” and 3 more"),
        ({key: weight for key, weight in lstm(3).items() if "_l1" not in key}, "has weights of 3 layers, but not “weight_ih_l1”"),
        ({key: weight for key, weight in lstm(2, True).items() if "1_r" not in key}, "both directions, but not “weight_ih_l1_reverse”"),
        (lstm() | {"weight_hh_l0": torch.ones(16, 5)}, "has 16 rows of weights for 5 units"),
        (lstm() | {"weight_hh_l0": torch.ones(12, 4)}, "has the shape \\[12, 4\\], but the other weights ask for \\[16, 4\\]"),
        (lstm() | {"bias_ih_l0": torch.ones(15)}, "“bias_ih_l0” has the shape \\[15\\], but the other weights ask for \\[16\\]"),
        (lstm() | {"bias_ih_l0": torch.ones(16, 1)}, "a “bias_ih_l0” of shape \\[16, 1\\]; \\[rows\\] is expected"),
        (lstm() | {"weight_ih_l0": torch.ones(16)}, "a “weight_ih_l0” of shape \\[16\\]; \\[rows, columns\\] is expected"),
        (lstm() | {"weight_hh_l0": torch.ones(16, 0)}, "a “weight_hh_l0” of shape \\[16, 0\\]"),
        (lstm(2) | {"weight_ih_l1": torch.ones(16, 5)}, "“weight_ih_l1” has the shape \\[16, 5\\], but the other weights ask"),
        (lstm(proj_size=2), "is an LSTM with a projection \\(proj_size, its “weight_hr_l0”\\)"),
        (under("a.", lstm()) | {"a.w_ih_l0": torch.ones(16, 3)}, "“a” has two tensors for its “weight_ih_l0”"),
        ({name: weight.to(torch.int8) for name, weight in lstm().items()}, "as a quantised network has, in “weight_ih_l0” \\(int8\\)"),
        (lstm() | {"weight_hh_l0": torch.ones(16, 4, dtype=torch.complex64)}, "complex numbers in “weight_hh_l0” \\(complex64\\)"),
        ({"weight_ih": torch.ones(8, 3), "weight_hh": torch.ones(8, 4)}, "8 rows of weights for 4 units; an LSTM has 4 a unit"),
        ({"h.0.attn.q_proj.weight": torch.ones(2, 2)}, "These are a transformer's weights \\(“h.0.attn.q_proj.weight”\\)"),
        ({"conv.weight": torch.ones(2, 2)}, "None of the tensors in the file \\(“conv.weight”\\) belongs to a recurrent layer"),
        (under("x" * 1000, lstm()), "has more than 500 letters"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tensors: dict[str, Tensor], message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read(tensors)
