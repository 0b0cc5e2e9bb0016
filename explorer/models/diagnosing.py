"""Measurements for a diagnosis, on a network that reads: signals, weights, how far gradients reach, which tokens it
uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.analysis.diagnosis import Diagnosis, Leaning, Reach, Row, Subject, examine
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.words import counted
from explorer.backend import back
from explorer.backend.back import Targets, rows_of, walk, walking
from explorer.backend.forward import States, run
from explorer.backend.forward import read as read_rows
from explorer.backend.gradients import HEADROOM
from explorer.backend.matrix import norm_of
from explorer.cells import Cell
from explorer.models.answering import (
    examples_of,
    first,
    first_inputs,
    prediction_of,
    score_of,
    sees_ahead,
    shipped_examples,
)
from explorer.models.arrays import spelled
from explorer.models.checkpoints.wording import quoted
from explorer.models.example import Example
from explorer.models.model import Input, Model, as_numpy
from explorer.models.reach import targets_of
from explorer.models.reading import Reader, Reading, on_device, trace
from explorer.signals import Array

TARGETS = 16
"""Number of steps, spread over the second half of the text, at which an answer is followed back. Each so has half of it
before it."""
READ, READ_SLOWLY = 1000, 400
"""Most steps, the first ones, that are followed back, since the work grows with them. Fewer if a step back is not
written by hand."""
WORK, READ_AT_LEAST = 100_000_000, 64
"""Units squared, times rows, times steps that are followed back: some 3 s on one core. Fewer steps than that would tell too little."""
LEANING_WORK = 2_000_000_000
"""Units squared, times rows, times steps that are read again without a token: some 1 s on one core."""
LARGEST = 10_000_000
"""Most numbers that are read from a file: 80 MB of float64."""
EXAMPLE = 200
"""Number of steps of a random input."""


def diagnose(
    reader: Reader,
    given: Any,
    *,
    examples: Iterable[Any] | None = None,
    made_up: bool = False,
    device: str = "auto",
) -> Diagnosis:
    """Diagnose a network on one text: faults and unusual properties.

    given     a text, or an array [step, input] for a network without a vocabulary: the longer, and the closer to its usual input, the
              better; less than 10 steps allow hardly any check
    examples  sequences that the network was not trained on, with their right answers: pairs (text or array, answer). The answer is a label
              (class), a label a step with None to leave a step out (label), or a number (number). Next tokens and forecasts are in the
              text, so texts alone suffice. None: the held-out sequences of a shipped network, none of an uploaded one
    made_up   True if `given` was drawn at random, so that the network cannot be expected to predict it

    Raises ValueError like `trace`, and for an example that does not fit the network.
    """
    return examine(subject_of(reader, given, examples=examples, made_up=made_up, device=device))


def subject_of(
    reader: Reader,
    given: Any,
    *,
    examples: Iterable[Any] | None = None,
    made_up: bool = False,
    device: str = "auto",
) -> Subject:
    """Everything that the checks need."""
    read = trace(reader, given, device=device)

    def compute(reading: Reading) -> Subject:
        model = reading.model
        tested = shipped_examples(model) if examples is None else examples_of(model, examples)
        subject = Subject(
            trace=read,
            rows=_rows(model),
            network=_network(model),
            read=_read(model, reading.input),
            parameters={name: as_numpy(weight) for name, weight in model.state_dict().items()},
            trained=model.cell.trained,
            upward=model.cell.upward,
            looks_below=bool(model.cell.reads_below),
            unused=tuple(map(quoted, model.unused)),
            proven=model.proven,
        )
        if not subject.finite:
            return subject
        held_out = "held-out " if examples is None else ""
        subject = _answered(reading, subject, tested, held_out, made_up=made_up)
        if read.steps < 4:
            return subject
        return _followed_back(reading, replace(subject, controls=_controls(reading)))

    return on_device(compute, reader, given, device, None)


NOT_CHECKED = "Whether its answers are right was not checked"
"""Start of the sentence that gives the reason."""


def _answered(reading: Reading, subject: Subject, examples: list[Example], kind: str, *, made_up: bool) -> Subject:
    """Subject with the quality of its answers; or with a sentence that says why that was not measured. `kind` of
    examples: "held-out "."""
    model = reading.model
    if model.readout is None or _hands_on(model.readout):
        return _without(subject, "the network has no readout")
    if model.answer.in_text:
        if sees_ahead(model):
            return _without(subject, "it reads both ways, so it has read the tokens that it predicts")
        measure = _forecast if model.answer.numbers else _next_token
        return measure(reading, subject, examples, kind, made_up)
    if not examples:
        return _without(subject, "that takes labelled examples")
    return _scored(model, subject, examples, f"{kind}example")


def _hands_on(readout: nn.Module) -> bool:
    """True if a readout passes h on unchanged, as that of a file without one does."""
    if not isinstance(readout, nn.Linear) or readout.in_features != readout.out_features:
        return False
    return torch.equal(readout.weight, torch.eye(readout.in_features).to(readout.weight)) and not bool(
        readout.bias.any()
    )


def _without(subject: Subject, why: str) -> Subject:
    return replace(subject, left_out=(*subject.left_out, f"{NOT_CHECKED}: {why}."))


def _scored(model: Model, subject: Subject, examples: list[Example], one: str, of: str = "") -> Subject:
    score = score_of(model, examples, one, of)
    if isinstance(score, str):
        return _without(subject, score)
    if score.count < at.ANSWERS:
        return _without(subject, f"{score.count} known answers are too few; give at least {at.ANSWERS}")
    return replace(subject, score=score)


def _forecast(reading: Reading, subject: Subject, examples: list[Example], kind: str, made_up: bool) -> Subject:
    """Subject with the score of its forecasts: of the examples, else of the text itself."""
    if examples:
        return _scored(reading.model, subject, examples, f"{kind}sequence")
    if made_up:
        return _without(subject, "the input was made up; give one like those that it was trained on")
    values: Any = as_numpy(reading.input.raw[:, 0])
    return _scored(reading.model, subject, [Example(values)], "sequence", "this input")


def _next_token(reading: Reading, subject: Subject, examples: list[Example], kind: str, made_up: bool) -> Subject:
    """Subject with its next-token predictions: on the text, and on the examples."""
    model, given = reading.model, reading.input
    others = first_inputs(model, examples)
    here = None if made_up or given.ids is None else prediction_of(model, [given], "this text")
    unseen = prediction_of(model, others, f"{kind or 'the '}examples") if others else None
    if here is not None and here.kinds == 1 and unseen is None:
        return _without(subject, "all tokens of the text are the same")
    here, unseen = (
        one if one is not None and one.count >= at.ANSWERS and one.kinds > 1 else None for one in (here, unseen)
    )
    subject = replace(subject, prediction=here, unseen=unseen)
    if here is None and unseen is None:
        if made_up:
            return _without(subject, "the text was made up; give one like those that it was trained on")
        one = model.vocabulary.one if model.vocabulary is not None else "step"
        return _without(subject, f"{counted(len(given.tokens), one)} are too few; give at least {at.ANSWERS + 1}")
    if here is None or unseen is None:
        sentence = (
            "Whether it memorised its training text was not checked: that takes a text that it was not trained on."
        )
        return replace(subject, left_out=(*subject.left_out, sentence)) if unseen is None else subject
    return subject


def example_input(model: Model) -> tuple[Any, str]:
    """Input for a network without a text, and a sentence that describes it: the text on its card, random symbols of its
    vocabulary, or random numbers."""
    if model.card is not None and not model.card.own:
        return model.card.show.text, "No text was given: it read the one on its card."
    chance = np.random.default_rng(0)
    if model.vocabulary is not None and model.vocabulary.labels:
        symbols = chance.choice(np.asarray(model.vocabulary.labels, dtype=object), EXAMPLE)
        return (
            model.vocabulary.joined(list(symbols)),
            f"No text was given: it read {EXAMPLE} symbols of its vocabulary at random; your own text gives a better diagnosis.",
        )
    rows = chance.standard_normal((EXAMPLE, model.columns))
    return (
        rows,
        f"No input was given: it read {EXAMPLE} steps of random numbers (mean 0, deviation 1); your own numbers give a better diagnosis.",
    )


def array_of(file: Path, model: Model) -> Any:
    """Input for `model` from a .npy file: [step, input]; [step] if it reads one number a step, or ids. Raises
    ValueError if the file holds no such array, or one that is too large; nothing in it is executed."""
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)  # nothing is read before it is known how large it is
    except (ValueError, EOFError) as error:
        raise ValueError(f"{file} is not an array in the .npy format; numpy.save writes one") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise ValueError(f"{file} is not one array of numbers; numpy.save writes one")
    if array.size > LARGEST:
        raise ValueError(f"{file} has {array.size:,} numbers; at most {LARGEST:,} are read")
    if model.vocabulary is not None and model.vocabulary.labels and array.ndim == 1 and array.dtype.kind in "iu":
        return spelled(array, model.vocabulary)
    return np.array(array[:, None] if array.ndim == 1 and model.columns == 1 else array)


def _rows(model: Model) -> tuple[Row, ...]:
    cells: list[Any] = list(model.stack.rows)
    return tuple(
        Row(
            number,
            number // model.stack.directions,
            number % model.stack.directions,
            {name: as_numpy(weight) for name, weight in cell.named_weights.items()},
            cell.sums,
            tuple(block for block in cell.blocks if block in {*cell.input_blocks, *cell.recurrent_blocks}),
        )
        for number, cell in enumerate(cells)
    )


def _network(model: Model) -> str:
    stack = model.stack
    both = ", both ways" if stack.bidirectional else ""
    sizes = f"{counted(stack.num_layers, 'layer')}{both}, {counted(stack.hidden_size, 'unit')}"
    name = f"{model.title}: " if model.title else ""
    return f"{name}{model.cell.title}, {sizes}, {counted(model.parameter_count, 'parameter')}"


def _read(model: Model, given: Input) -> str:
    reader = model.vocabulary
    return counted(len(given.tokens), reader.one if reader is not None and reader.labels else "step")


def _controls(reading: Reading) -> Array:
    """h [reading, row, step, unit] of two control readings: the text from its end, and the mean input at each step. A
    unit that does the same in all three may be called dead; by chance one control alone may look like the text to a
    unit."""
    x, stack = reading.input.x, reading.model.stack
    with torch.inference_mode():
        others = [
            read_rows(stack, other, reading.initial) for other in (x.flip(0), x.mean(0, keepdim=True).expand_as(x))
        ]
    return np.stack([[as_numpy(row["h"][:, 0]) for row in rows] for rows in others])


def _followed_back(reading: Reading, subject: Subject) -> Subject:
    """Subject with the measurements from answers back to earlier tokens."""
    by_hand = type(reading.model.cell).backwards is not Cell.backwards
    each = reading.model.stack.hidden_size**2 * len(reading.model.stack.rows)
    most = min(READ if by_hand else READ_SLOWLY, max(READ_AT_LEAST, WORK // each))
    x = reading.input.x[:most]
    limits = (
        [f"Gradients and tokens left out: of the first {most:,} steps only."] if len(reading.input.x) > most else []
    )
    rows = rows_of(reading.model.stack, x, reading.initial)
    short = reading if len(x) == len(reading.input.x) else replace(reading, input=first(reading.input, len(x)))
    of, targets = _targets(short, rows)
    chosen = targets.only(_steps_of(targets.steps))
    leaning = None
    if reading.model.stack.bidirectional:
        limits.append("Tokens left out: not measured in a network that reads both ways.")
    else:
        with torch.inference_mode():
            leaning = _leaning(short, rows, chosen.steps)
    return replace(subject, reach=_reach(of, rows, chosen), leaning=leaning, left_out=(*subject.left_out, *limits))


def _steps_of(steps: list[int]) -> list[int]:
    """The numbers of TARGETS of them, spread over the second half."""
    return sorted({int(n) for n in np.linspace(len(steps) // 2, len(steps) - 1, TARGETS)})


def _targets(reading: Reading, rows: list[back.Row]) -> tuple[str, Targets]:
    """Name of the targets, and one target a step: the loss if the text holds the right answer, else the score of the
    likeliest answer; without a readout the top layer's h along one direction, the same for all steps."""
    model = reading.model
    if model.readout is None or not model.is_local:
        top = rows[-model.stack.directions :]
        seed = np.random.default_rng(0).standard_normal(model.stack.hidden_size)
        along = torch.from_numpy(seed / np.linalg.norm(seed)).to(top[0].s["h"]).expand(len(top[0]), -1)
        return "h, along one direction", Targets(list(range(len(top[0]))), {(row.number, "h"): along for row in top})
    has_answers = model.answer.in_text and (reading.input.ids is not None or model.answer.numbers)
    of, words = ("loss", "the loss") if has_answers else ("logit", "the answer's score")
    return words, targets_of(reading, rows, of)


def _reach(of: str, rows: list[back.Row], targets: Targets) -> Reach:
    norms = _magnitudes(rows, targets.times(HEADROOM)) / HEADROOM
    if not np.isfinite(norms).all():
        norms = _magnitudes(rows, targets)
    relative = np.full(
        (len(rows), len(targets), min(targets.steps) + 1), np.nan
    )  # as far as all targets have steps before them
    for row in rows:
        for n, step in enumerate(targets.steps):
            along = (norms[row.number, n, step:] if row.direction else norms[row.number, n, step::-1])[
                : relative.shape[-1]
            ]
            if along[0] > 0:
                relative[row.number, n, : len(along)] = np.where(np.isnan(along), np.inf, along) / along[0]
    return Reach(of, tuple(targets.steps), relative)


def _magnitudes(rows: list[back.Row], targets: Targets) -> Array:
    """‖∂ target / ∂ state‖₂, [row, target, step], float64."""
    magnitudes = np.zeros((len(rows), len(targets), len(rows[0])))
    with walking():
        for passed in walk(rows, targets, 0):
            norm = as_numpy(norm_of(torch.cat([*passed.by.values()], -1)))
            magnitudes[passed.row, passed.first : passed.first + len(norm), passed.step] = norm
    return magnitudes


def _leaning(reading: Reading, rows: list[back.Row], targets: list[int]) -> Leaning:
    """Each answer once more without the token at a distance, read on from the state before it: that costs `distance`
    steps.

    All distances run as one batch, which the shorter ones join later, so that each reads its last token at its target.
    """
    model, x = reading.model, reading.input.x
    top = rows[-1].s["h"][:, 0]
    measure, difference = _measured(model, top)
    steps = torch.tensor(targets, device=x.device)
    distances = _distances(min(targets), len(targets) * model.stack.hidden_size**2 * len(rows))
    # [row, target, unit] of each state before the token that is left out; the longest distance first
    states: States = {name: torch.zeros(0) for name in rows[0].states}
    joined: list[int] = []
    h = top[:0]
    for left in range(distances[-1], 0, -1):
        if left in distances:
            joined.append(left)
            before = {
                name: torch.stack([row.s[f"{name}_prev"][steps - left, 0] for row in rows]) for name in rows[0].states
            }
            states = {
                name: torch.cat([states[name], more], 1) if len(joined) > 1 else more for name, more in before.items()
            }
        read = x[steps - left + 1, 0].repeat(len(joined), 1)  # [distance * target, input]
        h, states = run(model.stack, read[None], states)
    moved = [float(difference(part, top[steps]).double().mean()) for part in h[-1].split(len(steps))]  # as they joined
    return Leaning(measure, tuple(distances), np.asarray(moved[::-1]))


def _distances(longest: int, work: int) -> list[int]:
    """Every distance as far as LEANING_WORK allows, at `work` for a step of each; beyond that some, each a tenth
    longer."""
    every = min(longest, max(READ_AT_LEAST // 4, int((2 * LEANING_WORK / work) ** 0.5)))
    distances = list(range(1, every + 1))
    while distances[-1] < longest:
        distances.append(min(longest, max(distances[-1] + 1, int(distances[-1] * 1.1))))
    return distances


def _measured(model: Model, top: Tensor) -> tuple[str, Callable[[Tensor, Tensor], Tensor]]:
    """Distance between the answers to two h [target, unit], [target], and its measure in words."""
    readout = model.readout if model.is_local else None
    if readout is not None and not model.answer.numbers:

        def probability(a: Tensor, b: Tensor) -> Tensor:
            apart: Tensor = readout(a).softmax(-1) - readout(b).softmax(-1)
            return apart.abs().sum(-1) / 2

        return "of the probability goes elsewhere", probability

    def answer(h: Tensor) -> Tensor:
        scores: Tensor = h if readout is None else readout(h)
        return scores

    usual = answer(top).std(0).square().sum().sqrt().clamp(min=torch.finfo(top.dtype).tiny)
    what = "of h's usual deviation" if readout is None else "of the answers' usual deviation"
    return what, lambda a, b: (answer(a) - answer(b)).norm(dim=-1) / usual
