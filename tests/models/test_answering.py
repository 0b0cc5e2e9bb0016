"""How right answers are, against numbers that are computed here from single predictions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.analysis.diagnosis import Diagnosis
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.answers import counting_bits
from explorer.cells import build, names
from explorer.models import Model, checkpoints
from explorer.models.answering import examples_of, parse_examples, prediction_of, read_examples, score_of, sees_ahead
from explorer.models.checkpoints import likely, read_bytes
from explorer.models.diagnosing import diagnose, subject_of
from explorer.models.example import Example
from explorer.models.vocabulary import Characters, Numbers
from tests.models.checkpoints.helper import network, saved

TEXT = "abca bcab cabb acab " * 4


def letters(cell: str = "lstm", layers: int = 1, both: bool = False) -> Model:
    """A network that predicts the next of " abc"."""
    torch.manual_seed(0)
    reader = Characters(" abc")
    stack = build(cell, 3, 6, layers, both)
    return Model(
        stack, vocabulary=reader, embedding=nn.Embedding(len(reader), 3), readout=nn.Linear(12 if both else 6, len(reader))
    )  # fmt: skip


def labelled(answer: str, outputs: int = 3, **parts: Any) -> Model:
    """A network that answers about rows of two numbers."""
    torch.manual_seed(0)
    names_of = ("x", "y", "z")[:outputs] if answer in ("class", "label") else ()
    return Model(build("gru", 2, 5), readout=nn.Linear(5, outputs), answer=answer, labels=names_of, **parts)


def rows(count: int, steps: int = 6) -> list[np.ndarray]:
    return [*np.random.default_rng(1).standard_normal((count, steps, 2))]


def left_out(diagnosis: Diagnosis) -> str:
    return " ".join(diagnosis.left_out)


@pytest.mark.parametrize("name", names())
def test_bits_are_those_of_single_predictions(name: str) -> None:
    """Of the whole, of every token alone whatever the cell carries, of the text's counts, of even odds; in two layers."""
    model = letters(name, layers=2)
    prediction = prediction_of(model, [model.prepare(TEXT)], "this text")
    assert prediction is not None
    ids = model.prepare(TEXT).ids.numpy()
    whole = explorer.predict(model, TEXT)
    np.testing.assert_allclose(prediction.bits, -whole[np.arange(len(ids) - 1), ids[1:]].mean() / np.log(2), rtol=1e-5)
    alone = np.concatenate([explorer.predict(model, letter) for letter in TEXT[:-1]])
    np.testing.assert_allclose(prediction.cut, -alone[np.arange(len(ids) - 1), ids[1:]].mean() / np.log(2), rtol=1e-5)
    shares = np.array([*Counter(TEXT[1:]).values()]) / (len(TEXT) - 1)
    np.testing.assert_allclose(prediction.counts, -(shares * np.log2(shares)).sum(), rtol=1e-12)
    assert prediction.even == np.log2(5)  # four letters and the unknown one
    assert prediction.count == len(TEXT) - 1


def test_several_texts_are_read_one_by_one() -> None:
    model = letters()
    texts = ("abcab", "c", "bcacb a")
    together = prediction_of(model, [model.prepare(text) for text in texts], "texts")
    each = [prediction_of(model, [model.prepare(text)], "text") for text in texts]
    assert together is not None and each[1] is None, "one token predicts nothing"
    known = [one for one in each if one is not None]
    assert together.count == 4 + 6
    assert together.bits == pytest.approx(sum(one.bits * one.count for one in known) / 10)


def test_a_large_text_is_scored_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = letters()
    whole = prediction_of(model, [model.prepare(TEXT)], "this text")
    monkeypatch.setattr("explorer.models.answering.CHUNK", 7)
    parts = prediction_of(model, [model.prepare(TEXT)], "this text")
    assert whole is not None and parts is not None
    assert parts.bits == pytest.approx(whole.bits) and parts.cut == pytest.approx(whole.cut)


def test_classes_against_the_commonest_one() -> None:
    model, given = labelled("class"), rows(20)
    answers = ["x"] * 12 + ["y"] * 8
    score = score_of(model, [Example(x, y) for x, y in zip(given, answers, strict=True)], "example")
    assert not isinstance(score, str)
    said = [model.labels[int(explorer.predict(model, x)[-1].argmax())] for x in given]
    assert score.value == np.mean([a == b for a, b in zip(said, answers, strict=True)])
    assert (score.baseline, score.rival, score.count) == (0.6, "always “x”", 20)


def test_labels_at_the_steps_that_are_asked() -> None:
    model, given = labelled("label"), rows(2, 4)
    asked = [[None, "x", "y", None], ["y", None, None, "y"]]
    score = score_of(model, [Example(x, y) for x, y in zip(given, asked, strict=True)], "example")
    assert not isinstance(score, str)
    said = [explorer.predict(model, x).argmax(1) for x in given]
    right = [said[0][1] == 0, said[0][2] == 1, said[1][0] == 1, said[1][3] == 1]
    assert (score.value, score.baseline, score.count) == (np.mean(right), 0.75, 4)


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_against_their_mean(outputs: int) -> None:
    model, given = labelled("number", outputs), rows(9)
    right = np.random.default_rng(2).standard_normal((9, outputs))
    examples = [Example(x, y.tolist() if outputs > 1 else float(y[0])) for x, y in zip(given, right, strict=True)]
    score = score_of(model, examples, "example")
    assert not isinstance(score, str)
    said = np.stack([explorer.predict(model, x)[-1] for x in given])
    assert score.value == pytest.approx(((said - right) ** 2).mean())
    assert score.baseline == pytest.approx(right.var(0).mean())
    assert score.rival == "the mean of the answers"


def test_a_forecast_against_the_last_value() -> None:
    """A slow wave is near its last value; noise is nearer to its mean. The second half counts."""
    model = labelled("forecast", 2)
    slow = np.sin(np.arange(60)[:, None] / 10 + np.array([0, 1]))
    score = score_of(model, [Example(slow)], "sequence")
    assert not isinstance(score, str)
    assert score.value == pytest.approx(((explorer.predict(model, slow)[30:-1] - slow[31:]) ** 2).mean(), rel=1e-5)
    assert (score.rival, score.baseline) == (
        "the last value again",
        pytest.approx((np.diff(slow[30:], axis=0) ** 2).mean()),
    )
    noise = np.random.default_rng(0).standard_normal((60, 2))
    other = score_of(model, [Example(noise)], "sequence")
    assert not isinstance(other, str) and other.rival == "the mean of the values"
    assert other.baseline == pytest.approx(noise[31:].var(0).mean())


def test_who_reads_backwards_is_not_padded() -> None:
    """Of sequences of unlike length the answer is that of each by itself."""
    torch.manual_seed(0)
    model = Model(build("gru", 2, 5, 1, True), readout=nn.Linear(10, 3), answer="class", labels=("x", "y", "z"))
    given = [rows(1, steps)[0] for steps in (3, 9, 5, 12)] * 15
    said = [model.labels[int(explorer.predict(model, x)[-1].argmax())] for x in given]
    answers = [*said[:-1], "x" if said[-1] != "x" else "y"]
    score = score_of(model, [Example(x, y) for x, y in zip(given, answers, strict=True)], "examples")
    assert sees_ahead(model) and (score if isinstance(score, str) else score.value) == pytest.approx(59 / 60)


NOT_CHECKED = {
    "no readout": (lambda: diagnose(build("gru", 2, 5), rows(1)[0]), "the network has no readout"),
    "no examples": (lambda: diagnose(labelled("class"), rows(1)[0]), "that takes labelled examples"),
    "few examples": (
        lambda: diagnose(labelled("class"), rows(1)[0], examples=[(x, "xy"[k % 2]) for k, x in enumerate(rows(9))]),
        "9 known answers are too few; give at least 50",
    ),
    "one label": (
        lambda: diagnose(labelled("class"), rows(1)[0], examples=[(x, "x") for x in rows(60)]),
        "all 60 answers of the examples are “x”",
    ),
    "a short text": (lambda: diagnose(letters(), "abcab"), "5 characters are too few; give at least 51"),
    "one letter": (lambda: diagnose(letters(), "a" * 80), "all tokens of the text are the same"),
    "a text at random": (lambda: diagnose(letters(), TEXT, made_up=True), "the text was made up"),
    "both ways": (lambda: diagnose(letters(both=True), TEXT), "it reads both ways"),
}


@pytest.mark.parametrize(("make", "why"), NOT_CHECKED.values(), ids=NOT_CHECKED)
def test_what_was_not_checked_is_listed(make: Any, why: str) -> None:
    said = left_out(make())
    assert "Whether its answers are right was not checked: " in said and why in said


def test_memorising_takes_a_second_text() -> None:
    assert "memorised its training text was not checked" in left_out(diagnose(letters(), TEXT))
    assert "memorised" not in left_out(diagnose(letters(), TEXT, examples=[TEXT[::-1]]))


def test_a_network_with_nan_says_that_answers_were_not_checked() -> None:
    model = letters()
    with torch.no_grad():
        model.stack.rows[0].weight_hh[0, 0] = torch.nan
    assert "whether answers are right" in left_out(diagnose(model, TEXT))


def test_a_shipped_network_is_examined_on_its_held_out_sequences(shipped: Mapping[str, Model]) -> None:
    for name, label in (
        ("temporal-order-gru", "Answers that are right"),
        ("waves-lstm", "Squared error of the answers"),
    ):
        model = shipped[name]
        (fact,) = [one for one in diagnose(model, model.card.show.text).facts if one.label == label]
        assert "200 held-out" in fact.text
    card = shipped["temporal-order-gru"].card
    assert subject_of(shipped["temporal-order-gru"], card.show.text).score.value == card.score  # all of 1000 are right


def test_shipped_networks_that_fail_their_task_are_found(shipped: Mapping[str, Model]) -> None:
    """The Elman network of temporal-order has 0.27 of the orders right, by its card; guessing has 0.25."""
    model = shipped["temporal-order-rnn"]
    found = [one for one in diagnose(model, model.card.show.text).findings if one.check == "answers"]
    assert [one.severity for one in found] == ["wrong"]


def test_examples_as_a_person_types_them() -> None:
    reader = Characters("ab")
    torch.manual_seed(0)
    parts = {"vocabulary": reader, "embedding": nn.Embedding(len(reader), 2)}
    verdict = labelled("class", **parts)
    assert parse_examples("ab\tx\n\nba a\ty\n", verdict) == [Example("ab", "x"), Example("ba a", "y")]
    assert parse_examples('{"text": "ab", "answer": 2}', verdict) == [Example("ab", 2)]
    label = labelled("label", **parts)
    assert parse_examples("aba\tx - z", label) == [Example("aba", ["x", None, "z"])]
    assert parse_examples("Call me\nIshmael", letters()) == [Example("Call me\nIshmael")]
    numbers = labelled("number", 1, vocabulary=Numbers(("a", "b")))
    assert parse_examples('{"text": "1 2\\n3 4", "answer": 0.5}', numbers) == [Example("1 2\n3 4", 0.5)]


WRONG_EXAMPLES = {
    "no tab": ("class", "ab x", "line 1 of the examples: it has no tab"),
    "no such label": ("class", "ab\tx\nab\tw", "line 2 of the examples: this network has no label 'w'; it has x, y, z"),
    "labels for other steps": (
        "label",
        "aba\tx x",
        "line 1 of the examples: this network gives a label at each step: give 3",
    ),
    "no number": ("number", "a\tfive", "its answer is 'five', which is not a number"),
    "not finite": ("number", "a\tnan", "give 3 finite numbers"),
    "no JSON": ("class", '{"text"', "it is not JSON"),
    "no text": ("class", '{"answer": "x"}', 'it has no "text"'),
}


@pytest.mark.parametrize(("answer", "text", "says"), WRONG_EXAMPLES.values(), ids=WRONG_EXAMPLES)
def test_an_example_that_does_not_fit_is_named(answer: str, text: str, says: str) -> None:
    reader = Characters("ab")
    model = labelled(answer, vocabulary=reader, embedding=nn.Embedding(len(reader), 2))
    with pytest.raises(ValueError, match="line") as why:
        parse_examples(text, model)
    assert says in str(why.value)


def test_examples_of_arrays_come_from_npz(tmp_path: Path) -> None:
    file, model = tmp_path / "known.npz", labelled("class")
    x = np.stack(rows(4))
    np.savez(file, x=x, y=np.array([0, 1, 2, 0]))
    found = read_examples(file, model)
    np.testing.assert_array_equal(found[2].text, x[2])
    assert [one.answer for one in found] == [0, 1, 2, 0]
    np.savez(file, x=x, y=np.array([0, 1]))
    with pytest.raises(ValueError, match="4 sequences in x, but 2 answers in y"):
        read_examples(file, model)
    np.savez(file, x=x)
    with pytest.raises(ValueError, match=r"needs x \[example, step, input\] and y"):
        read_examples(file, model)
    file.write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"not in the \.npz format"):
        read_examples(file, model)


def test_json_lines_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    file.write_text("\n".join(json.dumps({"text": text, "answer": None}) for text in ("ab", "ca")), encoding="utf-8")
    assert read_examples(file, letters()) == [Example("ab"), Example("ca")]


def test_an_unread_head_of_a_file_is_a_finding() -> None:
    """What the notices list is a look, by name."""
    module = network()
    module.extra = nn.Linear(5, 2)
    contents = read_bytes(saved(module.state_dict()))
    own = checkpoints.own(contents, likely(contents), name="own-1", title="head.pt")
    (finding,) = [one for one in diagnose(own, "1 2 3").findings if one.check == "unused"]
    assert finding.severity == "look"
    assert "“extra.weight”, “extra.bias”" in finding.title
    plain = read_bytes(saved(network().state_dict()))
    whole = checkpoints.own(plain, likely(plain), name="own-2", title="plain.pt")
    assert not [one for one in diagnose(whole, "1 2 3").findings if one.check == "unused"]


def test_counting_falls_back_to_shorter_contexts() -> None:
    """Witten-Bell by hand on "0 1 0 1": with two symbols, 1/2 at first; what was seen counts beside the kinds of it."""
    one = -np.log2(1 / 2)  # nothing seen: even odds
    # t = 2, token 0 after 1: counts {1: 1}; after 1 nothing seen. t = 3, token 1 after 0: counts {1: 1, 0: 1}, after 0 {1: 1}
    two = -np.log2((0 + 1 * 0.5) / 2)
    three = (1 + 2 * 0.5) / (2 + 2)
    pairs, triples = counting_bits([[0, 1, 0, 1]], 2)
    assert pairs == pytest.approx((one + two - np.log2((1 + 1 * three) / 2)) / 3)
    assert triples == pytest.approx(pairs)  # no two tokens stood before twice


def test_a_text_in_which_two_tokens_tell_more_than_one_has_context() -> None:
    """The next bit of a de Bruijn-like word depends on two; that of a chain on one."""
    chance = np.random.default_rng(0)
    of_two = [0, 1]
    for _ in range(400):
        of_two.append(of_two[-1] ^ of_two[-2] if chance.random() < 0.9 else int(chance.integers(2)))
    pairs, triples = counting_bits([of_two], 2)
    assert triples < 0.8 * pairs
    chain = [0]
    for _ in range(400):
        chain.append((chain[-1] + int(chance.integers(3))) % 12)
    pairs, triples = counting_bits([chain], 12)
    assert triples > at.PAIRS * pairs


def test_of_many_examples_some_are_read_evenly_spaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is sorted by its answers is not read from its beginning alone; a large network reads fewer."""
    model, given = labelled("class"), rows(1)[0]
    sorted_by_answer = [(given, "x")] * 500 + [(given, "y")] * 500
    found = examples_of(model, sorted_by_answer)
    assert Counter(one.answer for one in found) == {"x": 100, "y": 100}
    monkeypatch.setattr("explorer.models.answering.MOST_STEPS", 120)
    score = score_of(model, found, "example")
    assert not isinstance(score, str)
    assert (score.of, score.baseline) == ("20 examples", 0.5)


def test_a_text_far_longer_than_is_read_is_cut_before_it_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.models.answering.MOST_TOKENS", 10)
    (one,) = examples_of(letters(), ["abc" * 1000])
    assert len(one.text) == 500
    monkeypatch.setattr("explorer.models.answering.MOST_STEPS", 10)
    with pytest.raises(ValueError, match="example 1: it has 30 steps; at most 10 are read"):
        examples_of(labelled("class"), [(np.zeros((30, 2)), "x")])
