"""Quality of a network's answers: bits of the next token, and classes, labels and numbers on examples with known
answers."""

from __future__ import annotations

import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.diagnosis import Prediction, Score
from explorer.analysis.diagnosis.answers import counting_bits, entropy
from explorer.analysis.diagnosis.words import counted
from explorer.backend.forward import run
from explorer.models.example import Example
from explorer.models.model import Input, Model, as_numpy
from explorer.models.scoring import scores_of
from explorer.models.stages import Chain, Head
from explorer.models.zoo import folder, held_out
from explorer.signals import Array

Item = TypeVar("Item")

MOST_EXAMPLES, MOST_TOKENS = 200, 2000
"""Most examples, and most of their tokens, that are read: enough for three digits, and less work than following
gradients back."""
MOST_STEPS, LEAST_STEPS, WORK = 40_000, 2000, 5 * 10**9
"""Steps of labelled examples that are read at most; fewer by a large network, so that units squared times rows times steps is WORK at most,
but never fewer than the second."""
LONGEST = 50
"""Characters of a token, at most, by which a text is cut before it is encoded."""
MOST_COUNTED = 2000
"""Tokens over which pairs and triples are counted, one by one."""
CHUNK = 4096
"""Steps whose scores are computed at once: so a large vocabulary and a long text need little memory."""


def sees_ahead(model: Model) -> bool:
    """True if the answer at a step may depend on later steps, so that a next token may have been read before it is
    predicted."""
    spans = {part.span for part in (model.before, model.readout) if isinstance(part, Chain | Head)}
    return model.stack.bidirectional or "whole" in spans


@torch.inference_mode()
def prediction_of(model: Model, inputs: Sequence[Input], of: str) -> Prediction | None:
    """Quality of the next-token predictions on these texts, each read from the zero state; None if there is no next
    token."""
    whole, alone, targets = [], [], []
    for given in inputs:
        if len(given.tokens) < 2:
            continue
        assert given.ids is not None
        right = given.ids[1:]
        h, _ = run(model.stack, given.x[:-1])
        # Each token as a text of its own: whatever the cell or another layer carries from step to step, nothing is carried here.
        cut, _ = run(model.stack, model.entering(given.raw[:-1].transpose(0, 1)))
        whole.append(_bits(model, h if not model.is_local else h.transpose(0, 1), right))
        alone.append(_bits(model, cut, right))
        targets.append(as_numpy(right))
    if not targets:
        return None
    bits, cut_bits = np.concatenate(whole), np.concatenate(alone)
    worth = cut_bits - bits
    pairs, triples = counting_bits(
        _beginning([given.ids.tolist() for given in inputs if given.ids is not None]), model.outputs
    )
    return Prediction(
        of=of,
        one=model.vocabulary.one if model.vocabulary is not None else "token",
        count=len(bits),
        bits=float(bits.mean()),
        counts=entropy(np.concatenate(targets)),
        kinds=len(np.unique(np.concatenate(targets))),
        even=math.log2(model.outputs),
        cut=float(cut_bits.mean()),
        pairs=pairs,
        triples=triples,
        worth_sd=float(worth.std(ddof=1) / math.sqrt(len(worth))) if len(worth) > 1 else math.inf,
    )


def _beginning(texts: Sequence[list[int]]) -> list[list[int]]:
    """MOST_COUNTED tokens of the texts, from the first on."""
    found, left = [], MOST_COUNTED
    for text in texts:
        found.append(text[:left])
        left -= len(found[-1])
    return found


def _bits(model: Model, h: Tensor, targets: Tensor) -> Array:
    """-log2 of the probability of each target [place], float64, from the top layer's h [step, batch, directions*unit]: of one text, or of
    one step of many."""
    assert model.readout is not None
    parts, size = [], CHUNK if len(h) == 1 else h.shape[1]
    for start in range(0, h.shape[1], size):
        scores = model.readout(h[:, start : start + size]).flatten(0, 1).double()
        parts.append(as_numpy(model.answer.losses(scores, targets[start : start + len(scores)])))
    return np.concatenate(parts) / math.log(2)


@torch.inference_mode()
def score_of(model: Model, examples: Sequence[Example], one: str, of: str = "") -> Score | str:
    """Score of the answers; or the end of a sentence that says why they have none. Examples are those that
    `examples_of` checked; `one` names one of them, `of` all of them."""
    answered = list(_scores(model, _affordable(model, examples)))
    of = of or counted(len(answered), one)
    if model.answer.name in ("class", "label"):
        return _share(model, answered, of)
    if model.answer.in_text:
        return _forecast(model, answered, of)
    right = np.stack([_numbers(example.answer, model.outputs) for example, _, _ in answered])
    answers = np.stack([scores[-1] for _, _, scores in answered]).astype(np.float64)
    rivals = {"the mean of the answers": _squared(right.mean(0), right)}
    return _against(rivals, _squared(answers, right), len(right), of)


def _affordable(model: Model, examples: Sequence[Example]) -> list[Example]:
    """As many of the examples, evenly spaced, as the network reads in a few seconds."""
    some, stack = spread(examples), model.stack
    most = min(MOST_STEPS, max(LEAST_STEPS, WORK // (stack.hidden_size**2 * len(stack.rows))))
    steps = sum(len(model.prepare(example.text).tokens) for example in some)
    return some if steps <= most else spread(some, max(1, len(some) * most // steps))


def _scores(model: Model, examples: Sequence[Example]) -> Iterator[tuple[Example, Input, Array]]:
    """(example, its input, the scores [step, output]) of each."""
    inputs = [model.prepare(example.text) for example in examples]
    if not sees_ahead(model):
        scores = dict(scores_of(model, [example.text for example in examples]))
        yield from ((example, inputs[k], scores[k]) for k, example in enumerate(examples))
        return
    for example, given in zip(examples, inputs, strict=True):  # a backward row would read the padding
        yield example, given, as_numpy(model.read_out(given.x)[0].reshape(-1, model.outputs))


def _share(model: Model, said: Sequence[tuple[Example, Input, Array]], of: str) -> Score | str:
    """The share of right labels, against the commonest one."""
    pairs: list[tuple[int, int]] = []
    for example, _, scores in said:
        if model.answer.name == "class":
            pairs.append((int(scores[-1].argmax()), column_of(model, example.answer)))
        else:
            labelled = [(t, label) for t, label in enumerate(example.answer) if label is not None]
            pairs += [(int(scores[t].argmax()), column_of(model, label)) for t, label in labelled]
    if not pairs:
        return "no step of the examples has a label"
    common, times = Counter(right for _, right in pairs).most_common(1)[0]
    name = model.labels[common] if model.labels else f"label {common}"
    if times == len(pairs):
        return f"all {len(pairs):,} answers of the examples are “{name}”; give examples of several"
    value = sum(answer == right for answer, right in pairs) / len(pairs)
    return Score(
        of=of, kind="share", count=len(pairs), value=value, baseline=times / len(pairs), rival=f"always “{name}”"
    )


def _forecast(model: Model, said: Sequence[tuple[Example, Input, Array]], of: str) -> Score | str:
    """The squared error of the next values, against the last value again and the mean, whichever is the better. Of each sequence the
    second half counts: what comes next cannot be known from the first values."""
    width = model.outputs
    values = [as_numpy(given.raw[:, 0, :width]).astype(np.float64) for _, given, _ in said]
    if any(one.shape[1] != width for one in values):
        return "a step has fewer numbers than a forecast"
    half = [len(one) // 2 for one in values]
    right = np.concatenate([one[k + 1 :] for one, k in zip(values, half, strict=True)])
    if not len(right):
        return "no example has a next value"
    answers = np.concatenate([scores[k:-1].astype(np.float64) for (_, _, scores), k in zip(said, half, strict=True)])
    last = np.concatenate([one[k:-1] for one, k in zip(values, half, strict=True)])
    rivals = {"the last value again": _squared(last, right), "the mean of the values": _squared(right.mean(0), right)}
    return _against(rivals, _squared(answers, right), len(right), of)


def _squared(answers: Array, right: Array) -> float:
    return float(((answers - right) ** 2).mean())


def _against(rivals: dict[str, float], error: float, count: int, of: str) -> Score | str:
    rival = min(rivals, key=rivals.__getitem__)
    if not rivals[rival]:
        return f"{rival} is right every time on the examples; give examples that differ"
    return Score(of=of, kind="squared error", count=count, value=error, baseline=rivals[rival], rival=rival)


def _numbers(answer: Any, outputs: int) -> Array:
    """The right numbers at the last step, [output]; of one a step the last."""
    values = np.asarray(answer, dtype=np.float64)
    if outputs == 1:
        return np.ravel(values)[-1:]
    return values[-1] if values.ndim == 2 else values


def column_of(model: Model, label: Any) -> int:
    """The column of a label, given by its name or number. Raise ValueError if the network does not have it."""
    if isinstance(label, str) and label in model.labels:
        return model.labels.index(label)
    number = int(label) if isinstance(label, int | np.integer) or str(label).isdecimal() else -1
    if isinstance(label, bool) or not 0 <= number < model.outputs:
        labels = ", ".join(model.labels[:20]) if model.labels else f"0 to {model.outputs - 1}"
        raise ValueError(f"this network has no label {label!r}; it has {labels}")
    return number


def examples_of(model: Model, given: Iterable[Any]) -> list[Example]:
    """Examples as the network answers them. Texts alone (or arrays) for next tokens and forecasts, else pairs (text, answer).

    answer   class: a label by name or number; label: one a step, None to leave a step out; number: a number, or one a step

    Of more than MOST_EXAMPLES, that many are taken, evenly spaced, and only these are checked.

    Raises ValueError that names the example that does not fit.
    """
    checked = []
    for number, one in spread([*enumerate(given, 1)]):
        try:
            checked.append(_example(model, one))
        except (ValueError, TypeError) as error:
            raise ValueError(f"example {number}: {error}") from error
    return checked


def _example(model: Model, one: Any) -> Example:
    if isinstance(one, Example):
        example = one
    elif isinstance(one, tuple) and len(one) == 2:
        example = Example(*one)
    elif model.answer.in_text:
        example = Example(one)
    else:
        raise ValueError(f"{str(one)[:40]!r} has no answer; give pairs of a text and its {model.answer.name}")
    if isinstance(example.text, str) and model.answer.in_text and not model.answer.numbers:
        example = replace(example, text=example.text[: MOST_TOKENS * LONGEST])
    elif len(example.text) > MOST_STEPS * LONGEST:
        raise ValueError(f"it has {len(example.text):,} characters or steps; give shorter ones")
    steps = len(model.prepare(example.text).tokens)
    if steps > MOST_STEPS:
        raise ValueError(f"it has {steps:,} steps; at most {MOST_STEPS:,} are read")
    if model.answer.in_text:
        return replace(example, answer=None)
    if model.answer.name == "class":
        column_of(model, example.answer)
    elif model.answer.name == "label":
        if isinstance(example.answer, str) or len(example.answer) != steps:
            raise ValueError(
                f"this network gives a label at each step: give {steps}, one a step, None to leave a step out"
            )
        for label in example.answer:
            if label is not None:
                column_of(model, label)
    else:
        values = _numbers(example.answer, model.outputs)
        if values.shape != (model.outputs,) or not np.isfinite(values).all():
            raise ValueError(f"its answer is {example.answer!r}; give {counted(model.outputs, 'finite number')}")
    return example


def parse_examples(text: str, model: Model) -> list[Example]:
    """Examples from a text: a line each, the sequence, a tab and its answer; or JSON objects, {"text": …, "answer": …}, a line each.

    For a label at each step the answer is a label a step, separated by blanks, "-" for a step without one. A network that predicts the
    next token takes the whole text as one example, unless it is JSON. Raises ValueError that names the line that does not fit.
    """
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    is_json = bool(lines) and lines[0][1].lstrip().startswith('{"')
    if model.answer.in_text and not is_json:
        return examples_of(model, [text] if text.strip() else [])
    examples: list[Example] = []
    for number, line in spread(lines):
        try:
            examples += examples_of(model, [_of_json(line) if is_json else _of_line(model, line.rstrip("\r"))])
        except ValueError as error:
            raise ValueError(f"line {number} of the examples: {str(error).removeprefix('example 1: ')}") from error
    return examples


def _of_json(line: str) -> Example:
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg})") from error
    if not isinstance(values, dict) or not isinstance(values.get("text"), str):
        raise ValueError('it has no "text"; write {"text": …, "answer": …}')
    return Example(values["text"], values.get("answer"))


def _of_line(model: Model, line: str) -> Example:
    text, tab, answer = line.rpartition("\t")
    if not tab:
        raise ValueError("it has no tab; write the text, a tab and its answer")
    match model.answer.name:
        case "class":
            return Example(text, answer if answer in model.labels else answer.strip())
        case "label":
            return Example(text, [None if one == "-" and one not in model.labels else one for one in answer.split()])
        case _:
            try:
                return Example(text, [float(one) for one in answer.split()])
            except ValueError as error:
                raise ValueError(f"its answer is {answer!r}, which is not a number") from error


def read_examples(file: Path, model: Model) -> list[Example]:
    """Examples from a file: `parse_examples` of its text, or of an .npz the arrays x [example, step, input] and y [example, …].

    Nothing in the file is executed. Raises ValueError for a file that is neither, and for an example that does not fit.
    """
    if file.suffix.lower() == ".npz":
        return _of_arrays(file, model)
    try:
        return parse_examples(file.read_text(encoding="utf-8"), model)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _of_arrays(file: Path, model: Model) -> list[Example]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            x, y = arrays.get("x"), arrays.get("y")
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{file} is not in the .npz format; numpy.savez(file, x=…, y=…) writes one") from error
    if x is None or x.ndim != 3 or (y is None and not model.answer.in_text):
        raise ValueError(
            f"{file} needs x [example, step, input]" + ("" if model.answer.in_text else " and y, one answer an example")
        )
    if model.answer.in_text:
        return examples_of(model, x)
    assert y is not None
    if len(y) != len(x):
        raise ValueError(f"{file} has {len(x)} sequences in x, but {len(y)} answers in y")
    return examples_of(model, [(one, answer.tolist()) for one, answer in zip(x, y, strict=True)])


@lru_cache(maxsize=32)
def _shipped(task: str, _folder: Path) -> tuple[Example, ...]:
    try:
        return tuple(spread(held_out(task)))
    except ValueError:  # a network from the user's own folder has none
        return ()


def spread(examples: Sequence[Item], most: int = MOST_EXAMPLES) -> list[Item]:
    """At most `most` of the examples, evenly spaced: files are often sorted by their answers."""
    count = min(len(examples), most)
    return [examples[k * len(examples) // count] for k in range(count)]


def shipped_examples(model: Model) -> list[Example]:
    """Held-out sequences of a shipped network's task; none for an uploaded one."""
    return [] if model.card is None or model.card.own else [*_shipped(model.card.task, folder())]


def first_inputs(model: Model, examples: Sequence[Example]) -> list[Input]:
    """Inputs of the examples, up to MOST_TOKENS tokens in all."""
    inputs, left = [], MOST_TOKENS
    for example in spread(examples):
        if left <= 1:
            break
        start = first(model.prepare(example.text), left)
        left -= len(start.tokens)
        inputs.append(start)
    return inputs


def first(given: Input, steps: int) -> Input:
    """The input of the first steps alone."""
    ids = None if given.ids is None else given.ids[:steps]
    return replace(given, tokens=given.tokens[:steps], x=given.x[:steps], raw=given.raw[:steps], ids=ids)
