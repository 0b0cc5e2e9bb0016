"""Networks whose answer takes more than one linear layer on h: against torch's own modules wired by hand, and float64 autograd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import models
from explorer.analysis.ledger import ledger
from explorer.backend.edits import Edit, set_to
from explorer.cells import Stack, build
from explorer.models import Model
from explorer.models.reading import scores
from explorer.models.stages import Affine, Chain, Ends, Head, Layers, RunningMax, RunningMean, folded, linear
from explorer.models.vocabulary import Ids

SYMBOLS, INPUTS, UNITS, CLASSES = 9, 4, 5, 3
TEXT = "1 4 2 8 3 3 7"
IDS = [1, 4, 2, 8, 3, 3, 7]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


def stack_like(module: nn.RNNBase, cell: str) -> nn.Module:
    made = build(cell, module.input_size, module.hidden_size, module.num_layers, module.bidirectional)
    state = module.state_dict()
    one = module.num_layers == 1 and not module.bidirectional
    made.load_state_dict({name.removesuffix("_l0") if one else name: values for name, values in state.items()})
    return made


def model_of(
    layers: nn.Module, head: nn.Module, embedding: nn.Embedding, before: Chain | None = None, answer: str = "class"
) -> Model:
    made = Model(
        layers,
        vocabulary=Ids(SYMBOLS),
        embedding=embedding,
        before=before,
        readout=head,
        answer=answer,
        labels=tuple("abc"),
    )
    return made.double().eval().requires_grad_(False)


Whole = Callable[[Tensor], Tensor]
"""The framework's answer [output] to embedded tokens [step, input], in float64."""


def bidirectional() -> tuple[Model, Whole]:
    """The usual classifier: the last state of each direction, side by side, through two layers."""
    lstm, fc1, fc2 = nn.LSTM(INPUTS, UNITS, bidirectional=True), nn.Linear(2 * UNITS, 6), nn.Linear(6, CLASSES)
    model = model_of(
        stack_like(lstm, "lstm"),
        Head([Ends(), fc1, nn.ReLU(), fc2], CLASSES, whole_text=True),
        nn.Embedding(SYMBOLS, INPUTS),
    )
    lstm.double()

    def whole(x: Tensor) -> Tensor:
        _, (h, _) = lstm(x)
        return fc2(torch.relu(fc1(torch.cat([h[-2], h[-1]], -1))))

    return model, whole


def pooled() -> tuple[Model, Whole]:
    """A GRU whose h are pooled over the text."""
    gru, fc = nn.GRU(INPUTS, UNITS), nn.Linear(UNITS, CLASSES)
    model = model_of(
        stack_like(gru, "gru"), Head([RunningMax(), fc], CLASSES, whole_text=True), nn.Embedding(SYMBOLS, INPUTS)
    )
    gru.double()
    return model, lambda x: fc(gru(x)[0].amax(0))


def averaged_both_ways() -> tuple[Model, Whole]:
    """A BiLSTM whose h are averaged over the text."""
    lstm, fc = nn.LSTM(INPUTS, UNITS, bidirectional=True), nn.Linear(2 * UNITS, CLASSES)
    model = model_of(
        stack_like(lstm, "lstm"), Head([RunningMean(), fc], CLASSES, whole_text=True), nn.Embedding(SYMBOLS, INPUTS)
    )
    lstm.double()
    return model, lambda x: fc(lstm(x)[0].mean(0))


def unequal() -> tuple[Model, Whole]:
    """Layers of 6, 5 and 4 units, the middle one shown, with a norm below and a tanh above."""
    lower, middle, upper = nn.LSTM(INPUTS, 6), nn.LSTM(6, UNITS), nn.LSTM(UNITS, 4)
    norm, fc = nn.LayerNorm(INPUTS), nn.Linear(4, CLASSES)
    before = Chain(norm, Layers(stack_of(stack_like(lower, "lstm"))))
    head = Head([Layers(stack_of(stack_like(upper, "lstm"))), fc, nn.Tanh()], CLASSES, whole_text=True)
    model = model_of(stack_like(middle, "lstm"), head, nn.Embedding(SYMBOLS, INPUTS), before)
    for module in (lower, middle, upper):
        module.double()

    def whole(x: Tensor) -> Tensor:
        h = upper(middle(lower(norm(x))[0])[0])[0]
        return torch.tanh(fc(h[-1]))

    return model, whole


def stack_of(layers: nn.Module) -> Stack:
    return layers if isinstance(layers, Stack) else Stack.of(layers)


NETWORKS = {
    "the last state of each direction": bidirectional,
    "maximum over the text": pooled,
    "mean over the text, both directions": averaged_both_ways,
    "unequal layers": unequal,
}
each_network = pytest.mark.parametrize("name", NETWORKS)


def embedded(model: Model, ids: list[int]) -> Tensor:
    assert model.embedding is not None
    return model.embedding.weight[ids]


@each_network
def test_every_prefix_is_answered_as_the_framework_answers_it(name: str) -> None:
    model, whole = NETWORKS[name]()
    expected = np.stack([whole(embedded(model, IDS[: t + 1])).detach().numpy() for t in range(len(IDS))])
    np.testing.assert_allclose(scores(model, TEXT), expected, atol=1e-12)
    log_softmax = torch.from_numpy(expected).log_softmax(-1).numpy()
    np.testing.assert_allclose(models.predict(model, TEXT), log_softmax, atol=1e-12)


@each_network
@pytest.mark.parametrize("at", [-1, 3])
def test_gradients_are_those_of_the_answer_to_the_prefix(name: str, at: int) -> None:
    """By x, against autograd through torch's modules; what is read after the prefix has no effect."""
    model, whole = NETWORKS[name]()
    step = at % len(IDS)
    raw = embedded(model, IDS[: step + 1]).clone().requires_grad_()
    x = raw if model.before is None else model.before(raw[:, None])[:, 0].detach().requires_grad_()
    if model.before is None:
        target = whole(x).log_softmax(-1)[1]
    else:  # the gradient is by the input of the layers shown
        h, _ = layers_of_torch(model)(x)
        target = model.readout(h)[-1].log_softmax(-1)[1]
    (expected,) = torch.autograd.grad(-target, x)
    grads = models.gradients(model, TEXT, of="loss", label="b", at=at)
    np.testing.assert_allclose(grads["grad_x"][: step + 1], expected.numpy(), atol=1e-12)
    assert not grads["grad_x"][step + 1 :].any()
    assert grads["grad_h"].shape == models.trace(model, TEXT)["h"].shape


def layers_of_torch(model: Model) -> nn.LSTM:
    made = nn.LSTM(model.stack.input_size, UNITS).double()
    made.load_state_dict(model.stack.state_dict())
    return made


@each_network
def test_the_matrix_is_the_gradient_of_every_target(name: str) -> None:
    model, _ = NETWORKS[name]()
    matrix = models.gradient_matrix(model, TEXT, of="logit", label=2)
    for at in range(len(IDS)):
        row = np.linalg.norm(models.gradients(model, TEXT, of="logit", label=2, at=at)["grad_h"][-1], axis=-1)
        np.testing.assert_allclose(matrix[at], row, rtol=1e-6, atol=1e-15)


@each_network
@pytest.mark.parametrize("at", [-1, 4])
def test_a_token_left_out_is_left_out_of_the_whole_network(name: str, at: int) -> None:
    model, whole = NETWORKS[name]()
    ids = IDS[: at % len(IDS) + 1]
    with torch.no_grad():
        full = whole(embedded(model, ids))[0]
        expected = [float(whole(embedded(model, ids[:t] + ids[t + 1 :]))[0] - full) for t in range(len(ids))]
    found = models.deletions(model, TEXT, of="logit", label=0, at=at)
    np.testing.assert_allclose(found, expected + [0.0] * (len(IDS) - len(ids)), atol=1e-12)


@each_network
def test_an_erased_unit_is_erased_in_the_whole_network(name: str) -> None:
    """The sweep agrees with an edit of each unit by itself."""
    model, _ = NETWORKS[name]()
    state = "c" if model.cell.name == "lstm" else "h"
    found = models.sweep(model, TEXT, of="logit", label=0, at=-1, states=(state,), layer=-1)
    plain = scores(model, TEXT)[-1, 0]
    for unit in (0, UNITS - 1):
        edit = set_to(state, 0.0, units=unit, layer=len(model.stack.rows) - 1)
        np.testing.assert_allclose(found[unit], edited_score(model, edit) - plain, atol=1e-12)


def edited_score(model: Model, edit: Edit) -> float:
    numbers = Model(
        model.stack,
        vocabulary=model.vocabulary,
        embedding=model.embedding,
        before=model.before,
        readout=model.readout,
        answer="number",
        labels=model.labels,
    )
    return float(models.predict(numbers, TEXT, edits=[edit])[-1, 0])


def test_what_does_not_fit_is_refused() -> None:
    model, _ = bidirectional()
    with pytest.raises(ValueError, match="one answer to the whole text"):
        models.gradients(model, TEXT, of="mean", label=0)
    with pytest.raises(ValueError, match="training step is not computed"):
        models.training_step(model, TEXT, learning_rate=0.1, label=0)
    account = ledger(models.trace(pooled()[0], TEXT))
    with pytest.raises(ValueError, match="no readout that is one linear layer on h"):
        account.logit("a")


def test_neighbouring_linear_stages_are_one() -> None:
    """Batch normalisation behind a linear layer, and one before it: the same numbers from one layer."""
    first, second = nn.Linear(5, 4).double(), nn.Linear(4, 3).double()
    norm = Affine(torch.randn(4).double(), torch.randn(4).double())
    stages = [first, norm, norm, second, nn.Tanh(), linear(torch.eye(3).double()), norm_of(3)]
    x = torch.randn(6, 5, dtype=torch.float64)
    merged = folded(stages)
    assert [type(one) for one in merged] == [nn.Linear, nn.Tanh, nn.Linear]
    torch.testing.assert_close(nn.Sequential(*merged)(x), nn.Sequential(*stages)(x))


def norm_of(width: int) -> Affine:
    return Affine(torch.randn(width).double(), torch.tensor(0.5).double())


def test_ids_are_read_like_their_text() -> None:
    model, _ = pooled()
    np.testing.assert_array_equal(scores(model, np.array(IDS)), scores(model, TEXT))
    with pytest.raises(ValueError, match="has 0 to 8"):
        scores(model, [1, 9])
