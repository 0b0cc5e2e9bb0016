"""One known pair (input, output): torch's own answer confirms a guess, in whatever form it comes, and another answer does not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.__main__ import main
from explorer.models.checkpoints import Pair, Unreadable, parse_pair, typed_pair

SYMBOLS, CLASSES = 7, 3
IDS = [1, 4, 2, 6, 3]


class Classifier(nn.Module):
    """The usual one: an embedding, an LSTM in one or both directions, the last state, a linear layer."""

    def __init__(self, both: bool, classes: int = CLASSES) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.embedding, self.lstm = nn.Embedding(SYMBOLS, 4), nn.LSTM(4, 5, bidirectional=both)
        self.fc = nn.Linear(10 if both else 5, classes)

    def forward(self, ids: Tensor) -> Tensor:
        _, (h, _) = self.lstm(self.embedding(ids))
        return self.fc(torch.cat([*h], -1))


FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "scores": lambda scores: scores,
    "probabilities": lambda scores: scores.softmax(-1),
    "log-probabilities": lambda scores: scores.log_softmax(-1),
    "sigmoid of the scores": torch.sigmoid,
}


def saved(module: nn.Module, folder: Path) -> Path:
    torch.save(module.state_dict(), folder / "net.pt")
    return folder / "net.pt"


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_the_answer_of_torch_confirms_the_guess(form: str, both: bool, tmp_path: Path) -> None:
    """A classifier that reads both ways takes each direction's own last state."""
    module = Classifier(both)
    output = FORMS[form](module(torch.tensor(IDS)).detach()).numpy()
    model = explorer.load(saved(module, tmp_path), pair=(IDS, output))
    (said,) = [note for note in model.notes if "known pair" in note]
    assert "agrees with the one known pair: the largest difference is" in said and f"({form}, at the last step)" in said
    assert not [note for note in model.notes if "guess" in note]
    assert explorer.trace(model, "1 4 2").notices[-len(model.notes) :] == model.notes


def test_another_answer_is_told_by_how_much(tmp_path: Path) -> None:
    module = Classifier(False)
    output = module(torch.tensor(IDS)).detach().numpy() + np.array([0, 0.25, 0], np.float32)
    notes = explorer.load(saved(module, tmp_path), pair=(IDS, output)).notes
    assert any(
        "does not agree with the one known pair: the largest difference is 0.25 (scores" in note for note in notes
    )
    assert any(
        note.startswith("The answer is a guess: hidden state → “fc”, read as one class for the whole text.")
        for note in notes
    )


def test_a_single_score_is_a_probability_of_the_second_class(tmp_path: Path) -> None:
    module = Classifier(False, 1)
    output = module(torch.tensor(IDS)).sigmoid().detach().numpy()
    notes = explorer.load(saved(module, tmp_path), pair=(IDS, output)).notes
    assert any("agrees with" in note and "probability of the second class" in note for note in notes)


def test_answers_at_every_step(tmp_path: Path) -> None:
    module = Classifier(False)
    with torch.no_grad():
        steps = module.fc(module.lstm(module.embedding(torch.tensor(IDS)))[0])
    notes = explorer.load(saved(module, tmp_path), pair=(IDS, steps.numpy()), answer="label").notes
    assert any("agrees with" in note and "at every step" in note for note in notes)


def test_a_file_holds_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and NPZ, from the library and from a shell."""
    module = Classifier(False)
    output = module(torch.tensor(IDS)).detach().numpy()
    net = saved(module, tmp_path)
    (tmp_path / "pair.json").write_text(json.dumps({"input": IDS, "output": output.tolist()}))
    np.savez(tmp_path / "pair.npz", input=np.array([IDS]), output=output[None])
    for name in ("pair.json", "pair.npz"):
        assert "agrees with" in "".join(explorer.load(net, pair=tmp_path / name).notes)
    assert main(["check", str(net), "--text", "1 4 2 6 3", "--pair", str(tmp_path / "pair.json")]) in (0, 1)
    assert "agrees with the one known pair" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"input": [1, 2]}', "has an input and an output, but it has “input”"),
        ("[1, 2", "cannot be read"),
        ('{"input": [1, 2], "output": ["a"]}', "values that are not numbers"),
        ('{"input": [1, 2], "output": []}', "whose shape or type cannot be an answer"),
        (
            '{"input": [1, 99], "output": [1, 2, 3]}',
            "input of the known pair cannot be read by this network: the ids go from 1 to 99",
        ),
        ('{"input": [1, 2], "output": [1, 2]}', "has 2 values, but this network answers with 3"),
    ],
)
def test_what_is_wrong_with_a_pair_is_said(given: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "pair.json").write_text(given)
    with pytest.raises(Unreadable, match=expected):
        explorer.load(saved(Classifier(False), tmp_path), pair=tmp_path / "pair.json")


def test_typed_pairs() -> None:
    np.testing.assert_array_equal(typed_pair("ab", "0.1, 0.9").output, [0.1, 0.9])
    np.testing.assert_array_equal(typed_pair("ab", "[[0.1, 0.9], [0.2, 0.8]]").output, [[0.1, 0.9], [0.2, 0.8]])
    np.testing.assert_array_equal(typed_pair("ab", "0.1 0.9\n0.2 0.8\n").output, [[0.1, 0.9], [0.2, 0.8]])
    with pytest.raises(Unreadable, match=r"give it like 0\.12, 0\.88"):
        typed_pair("ab", "good")


def test_an_archive_of_arrays() -> None:
    data = io.BytesIO()
    np.savez(data, input=np.array([[0.5, 1.0], [1.5, 2.0]]), output=np.array([0.25]))
    pair = parse_pair(data.getvalue())
    assert isinstance(pair, Pair) and pair.input.shape == (2, 2) and pair.output.tolist() == [0.25]


class TwoLayers(nn.Module):
    """A head of two linear layers: the file has both, and not what stands between them."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(8)
        self.embedding, self.lstm = nn.Embedding(SYMBOLS, 4), nn.LSTM(4, 5, bidirectional=True)
        self.fc1, self.fc2, self.between = nn.Linear(10, 6), nn.Linear(6, CLASSES), between

    def forward(self, ids: Tensor) -> Tensor:
        _, (h, _) = self.lstm(self.embedding(ids))
        return self.fc2(self.between(self.fc1(torch.cat([*h], -1))))


@pytest.mark.parametrize(("name", "between"), [("relu", torch.relu), ("tanh", torch.tanh), ("nothing", lambda x: x)])
def test_a_pair_finds_the_way_through_two_layers(
    name: str, between: Callable[[Tensor], Tensor], tmp_path: Path
) -> None:
    """Without one the answer is the network's own h, and both layers are named as not used."""
    module = TwoLayers(between)
    net = saved(module, tmp_path)
    alone = explorer.load(net)
    assert alone.answer.name == "number" and any("“fc1 → relu → fc2”" in note for note in alone.notes)
    assert any("“fc1” (weight, bias), “fc2” (weight, bias)" in note for note in alone.notes)
    with torch.no_grad():
        expected = module(torch.tensor(IDS)).log_softmax(-1).numpy()
    model = explorer.load(net, pair=(IDS, expected))
    assert any("agrees with" in note for note in model.notes) and not any("Not used" in note for note in model.notes)
    other = [6, 0, 3, 3]
    with torch.no_grad():
        np.testing.assert_allclose(
            explorer.predict(model, other)[-1], module(torch.tensor(other)).log_softmax(-1), atol=1e-5
        )
    chosen = explorer.load(net, readout=f"fc1 → {name} → fc2", answer="class")
    np.testing.assert_allclose(explorer.predict(chosen, IDS)[-1], expected, atol=1e-5)
