"""python -m tests.benchmarks.sentences [NETWORK …]: sentences of the app beside their numbers, recomputed in float64 by other means.

A sentence is made by the function that its page calls, from what its page hands over. Its numbers are read out of it and held against
`tests.benchmarks.plain`, which shares nothing with the library: plain loops over the state dict, autograd, finite differences, NumPy's
singular values. A number agrees if it is the recomputed one at the digits that are printed. Exits with 1 if one does not.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import explorer  # before torch, since it sets the number of threads
from explorer import models
from explorer.analysis import kinds
from explorer.analysis.comparing import bits
from explorer.analysis.differences import distance, rounding_floor, steps_remembered
from explorer.analysis.ledger import ledger
from explorer.analysis.reach import by_distance, magnitudes
from explorer.analysis.saturation import saturation
from explorer.analysis.startup import course, courses, spread
from explorer.analysis.timescales import half_lives
from explorer.figures import gates
from explorer.figures.theme import LIGHT
from explorer.models import Model, starts
from explorer.models.clipping import clipped
from explorer.models.scoring import bits_per_token
from explorer.signals import Trace
from explorer.studio import compare, sentences, service
from explorer.studio.compare import right, side
from explorer.studio.compare import words as compare_words
from explorer.studio.ledger import words as ledger_words
from explorer.studio.reach import words as reach_words
from explorer.studio.startup import words as startup_words
from explorer.studio.state import Place
from explorer.studio.training_step import words as training_words
from explorer.studio.what_if import View as WhatIf
from explorer.studio.what_if import carriers, lines, plan
from explorer.studio.what_if import words as what_if_words
from tests.benchmarks.plain import BELT, CARRIED, STATES, Plain, Reading, below_half, size

import numpy as np  # isort: skip
import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

ENGLISH = 'He paused.\n\n"Where away?" cried Ahab.'
GRAMMAR = "the boys near the old dog with the teacher sing ."
Value = float | str | None
NUMBER = re.compile(r"([+−-]?)(\d[\d,]*(?:\.\d+)?)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(\s?%)?")
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SLACK = 0.01
"""Of the last digit: a sentence is made of float32, so a number that lies halfway may be rounded to either side."""


@dataclass(frozen=True)
class Row:
    """A line of the table: a sentence, its numbers, and the same recomputed."""

    network: str
    sentence: str
    said: tuple[str | None, ...]
    recomputed: tuple[Value, ...]

    @property
    def agrees(self) -> bool:
        return len(self.said) == len(self.recomputed) > 0 and all(map(same, self.said, self.recomputed))

    def __str__(self) -> str:
        short = " ".join(self.sentence.split())
        short = (short if len(short) <= 110 else f"{short[:109]}…").replace("|", "\\|")
        found = " · ".join(v or "" if isinstance(v, str | None) else f"{v:.6g}" for v in self.recomputed)
        return f"| {self.network} | {short} | {' · '.join(v or '' for v in self.said)} | {found} | {'yes' if self.agrees else '**NO**'} |"


def row(network: str, sentence: str, pattern: str, *values: Value) -> Row:
    """The groups of `pattern` are what is taken out of the sentence: numbers, or words that have to be the same."""
    match = re.search(pattern, sentence, re.DOTALL)
    return Row(network, sentence, match.groups() if match else (f"nothing like {pattern}",), values)


def same(said: str | None, value: Value) -> bool:
    """Whether it is this value at the digits that are written."""
    if said is None or value is None or isinstance(value, str):
        return said == value
    if said.startswith("<"):
        return 0 < value < read(said[1:].strip())[0]
    if said.startswith(">"):  # so little more that it would round to it
        return 1 < value < 1.0005
    number, unit = read(said)
    if said in ("99.9 %", "99.9\xa0%"):  # all of it is said of all only
        return 0.9985 <= value < 1
    return abs(number - value) <= unit * (0.5 + SLACK)


def read(said: str) -> tuple[float, float]:
    """A number as it is written, and the unit of its last digit; NaN, which nothing agrees with, for what is none."""
    match = NUMBER.fullmatch(said)
    if match is None:
        return float("nan"), 0.0
    sign, digits, power, percent = match.groups()
    factor = 10.0 ** int((power or "0").translate(RAISED)) / (100 if percent else 1)
    plain = digits.replace(",", "")
    value = float(plain) * factor * (-1 if sign in ("−", "-") and sign else 1)
    return value, 10.0 ** -len(plain.partition(".")[2]) * factor


@dataclass(frozen=True)
class Case:
    """A network, what it reads, and the same network in plain float64."""

    name: str
    model: Model
    given: Any
    plain: Plain
    x: Tensor
    ids: list[int]

    @property
    def trace(self) -> Trace:
        return models.trace(self.model, self.given)

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.trace.tokens

    def place(self, step: int, unit: int = 0) -> Place:
        assert self.model.card is not None
        return Place(self.model.card, self.given, 0, unit, step)


def shipped(name: str, text: str) -> Case:
    model = explorer.load(name)
    assert model.card is not None
    pieces = list(text) if model.card.tokens == "characters" else text.split()
    ids = [model.labels.index(piece) for piece in pieces]
    plain = Plain.of(model.card.cell, model.state_dict())
    return Case(name, model, text, plain, plain.x(ids), ids)


def both_ways() -> Case:
    """A two-layer LSTM that reads both ways: saved by torch, opened as a network of one's own."""
    torch.manual_seed(3)
    module = nn.LSTM(3, 4, 2, bidirectional=True)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.mul_(2.5 if "weight_hh" in name else 1.5)
    x = torch.randn(9, 3, generator=torch.Generator().manual_seed(5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pt"
        torch.save(module.state_dict(), path)
        model = explorer.load(path)
    plain = Plain.of("lstm", module.state_dict(), both=True)
    kernel = module(x)[0].detach().double()  # torch's own reading of the same weights
    if not torch.allclose(kernel, plain.read(x.double()).top, atol=1e-5):
        raise ValueError("torch reads these weights another way; the table would compare two networks")
    return Case("own LSTM, 2 layers both ways", model, x.numpy(), plain, x.double(), [])


# Objectives, in plain terms


def loss_at(ids: Sequence[int], at: int) -> Callable[[Plain, Reading], Tensor]:
    return lambda net, found: -net.scores(found)[at].log_softmax(-1)[ids[at + 1]]


def score_at(column: int, at: int) -> Callable[[Plain, Reading], Tensor]:
    return lambda net, found: net.scores(found)[at, column]


def unit_at(number: int, unit: int, at: int) -> Callable[[Plain, Reading], Tensor]:
    return lambda net, found: found.rows[number]["h"][at, unit]


# Belts, ledgers, gates


def belt(case: Case, number: int, unit: int, step: int) -> Iterator[Row]:
    """The largest write and what is left of it; half-life; who wrote it."""
    trace, found = case.trace, case.plain.read(case.x).rows[number]
    steps = case.plain.order(number, len(case.x), step)
    keep, write = (found[name][steps].numpy() for name in ("keep", "write"))
    state = found[BELT[case.plain.cell]][step].numpy()
    left = np.array([np.prod(keep[k + 1 :], axis=0) for k in range(len(steps))])
    most = int(np.abs(write[:, unit]).argmax())
    told = sentences.of_belt(trace, number, unit, step)
    ago = len(steps) - 1 - most
    yield row(
        case.name,
        told,
        r"was \*\*(\S+?)\*\* at step (\d+)"
        + (r".*?, (\d+) steps? ago; \*\*(.+?)\*\* of it" if ago else "")
        + r".*carries \*\*(\S+)\*\*",
        write[most, unit],
        steps[most] + 1,
        *([ago, left[most, unit]] if ago else []),
        state[unit],
    )
    lives = half_lives(trace, number)
    assert lives is not None
    yield row(
        case.name,
        sentences.of_half_life(lives, unit),
        r"\*\*(≥ )?([\d.]+) steps?\*\*",
        *half_life(case, number, unit),
    )
    book = ledger(trace)
    of = [a[:, unit] for a in (book.written(step, number), book.share(step, number), book.contributions(step, number))]
    mine = write * left  # the state before the text is 0
    largest = int(np.abs(mine[:, unit]).argmax())
    yield row(
        case.name,
        ledger_words.of_writers(case.tokens, list(book.steps(step, number)), *of, unit),
        r"carries \*\*(\S+)\*\* now.*step (\d+), .*of the \*\*(\S+)\*\* .*, \*\*(.+?)\*\* is left: (\S+); all others together (\S+)\.",
        state[unit],
        steps[largest] + 1,
        write[largest, unit],
        left[largest, unit],
        mine[largest, unit],
        mine[:, unit].sum() - mine[largest, unit],
    )
    sizes = np.abs(mine).sum(1)
    order = np.argsort(-sizes)[:2]
    yield row(
        case.name,
        ledger_words.of_all_writers(case.tokens, list(book.steps(step, number)), book.contributions(step, number)),
        r"is from .*?\(step (\d+)\) \*\*(.+?)\*\*.*?\(step (\d+)\) \*\*(.+?)\*\*",
        *(value for k in order for value in (steps[k] + 1, sizes[k] / sizes.sum())),
    )


def half_life(case: Case, number: int, unit: int) -> tuple[Value, Value]:
    """By counting, writer for writer."""
    found = case.plain.read(case.x).rows[number]["keep"]
    steps = case.plain.order(number, len(case.x), 0 if case.plain.both and number % 2 else len(case.x) - 1)
    keep, lived, gone = found[steps, unit].tolist(), [], []
    for k in range(len(keep)):
        left, after = 1.0, 0
        for factor in keep[k + 1 :]:
            left, after = left * factor, after + 1
            if left < 0.5:
                break
        lived.append(after)
        gone.append(float(after) if left < 0.5 else np.inf)
    return ("≥ " if np.isinf(np.median(gone)) else None), float(np.median(lived))


def account(case: Case, step: int) -> Iterator[Row]:
    """The ledger down to a score: its sum, and the largest contribution."""
    trace, found, readout = case.trace, case.plain.read(case.x).rows[0], case.plain.readout
    assert readout is not None and trace.readout is not None
    column = case.ids[step + 1]
    steps = range(step + 1)
    keep, write = found["keep"], found["write"]
    terms = torch.stack([write[k] * keep[k + 1 : step + 1].prod(0) for k in steps])
    states = terms.cumsum(0)
    shown = found["o"][step] * states.tanh() if case.plain.cell == "lstm" else states
    parts = torch.diff(shown @ readout[0][column], prepend=torch.zeros(1).double())
    bias = float(readout[1][column])
    own = float(case.plain.scores(case.plain.read(case.x))[step, column])
    told = ledger(trace).logit(column, step)
    at_hand = float((trace.readout.weight @ trace["h"][-1, step] + trace.readout.bias)[column])
    yield row(
        case.name,
        ledger_words.of_sum(told, at_hand, "the score"),
        r"contributions \*\*(\S+)\*\* \+ bias \*\*(\S+)\*\* = \*\*(\S+)\*\*.*is \*\*(\S+)\*\*",
        float(parts.sum()),
        bias,
        float(parts.sum()) + bias,
        own,
    )
    most = int(parts.argmax())
    yield row(
        case.name,
        ledger_words.of_score(case.tokens, told, step, "the score"),
        r"adds to the score: .*?\(step (\d+), (?:\d+ steps? ago|just now)\) \*\*(\S+?)\*\*",
        most + 1,
        float(parts[most]),
    )


def of_gates(case: Case, unit: int) -> Iterator[Row]:
    """Means by kind of token, shares of steps at which a gate is shut and open, what a step keeps on average."""
    trace, found = case.trace, case.plain.read(case.x).rows[0]
    assert case.model.card is not None
    table = kinds.census([trace], service.kind_of(case.model.card), 0)
    of = np.array([kind(token) for token in case.given])
    means = {
        what: {k: float(values[of == k].mean()) for k in dict.fromkeys(of.tolist())}
        for what, values in (("keep", found["keep"].numpy()), ("write", found["write"].abs().numpy()))
    }
    expected: list[Value] = []
    for values in means.values():
        order = sorted(values, key=lambda k: values[k])
        expected += [order[-1], values[order[-1]], order[0], values[order[0]]]
    ends = r" most at \*\*(.+?)\*\* \((\S+)\), least at \*\*(.+?)\*\* \((\S+)\)"
    yield row(case.name, sentences.of_kinds(table, trace), f"keeps{ends}.*writes{ends}", *expected)
    gate = next(signal for signal in trace.of_kind("gate") if signal.role == "keep")
    shares = {gate.name: saturation(trace, gate.name, 0)}
    figure = gates.saturations(shares, [gate], LIGHT, unit)
    shut, opened = figure.data[0].customdata[unit]
    values = found["keep"][:, unit].numpy()
    yield row(
        case.name,
        f"unit {unit}, {gate.label}: shut {shut} of the steps, open {opened}",
        r"shut (.+?) of the steps, open (.+)",
        float((values < 0.1).mean()),
        float((values > 0.9).mean()),
    )
    yield row(
        case.name,
        compare_words.of_gates({"it": side.mean_keep(trace, 0)}),
        r"\*\*it\*\* (\d\.\d+)",
        float(found["keep"].mean()),
    )


def kind(character: str) -> str:
    """What a character is."""
    if character == "\n":
        return "line end"
    if character == " ":
        return "space"
    if character.isalpha():
        return "capital" if character.isupper() else "letter"
    return "quote" if character == '"' else "punctuation"


# Gradients


def objective(case: Case, number: int, at: int) -> tuple[dict[str, Any], Callable[[Plain, Reading], Tensor]]:
    """As the library takes it, and in plain terms: the loss at a step, or the first unit's h where there is no text."""
    if case.ids:
        return {"of": "loss"}, loss_at(case.ids, at)
    return {"of": "h", "unit": 1, "layer": number}, unit_at(number, 1, at)


def gradients(case: Case, number: int, at: int) -> Iterator[Row]:
    """Reach of the carried state, the pair, the medians by distance, leaving a token out."""
    asked, of = objective(case, number, at)
    reach = case.plain.reach(case.x, of, number)
    back = case.plain.order(number, len(case.x), at)[::-1]
    grads = models.gradients(case.model, case.given, at=at, by="state", **({"layer": number} | asked))
    curve = magnitudes(grads, "state", number)
    half, left = below_half(reach[back]), reach[back][-1] / reach[back][0]
    yield row(
        case.name,
        sentences.of_reach({"it": curve[back]}, at, "of all that is carried on"),
        (r"below half after (\d+) steps?" if half else "(never) falls below half")
        + (r" and arrives (\S+) times" if left > 1 else r" and arrives with (.+?) of its size"),
        half or "never",
        left,
    )
    matrix = models.gradient_matrix(case.model, case.given, by="state", **({"layer": number} | asked))
    source = back[len(back) // 2]
    small = case.plain.units <= 16
    value = case.plain.by_differences(case.x, of, number, source) if small else reach[source]
    yield row(
        case.name,
        reach_words.of_pair({"it": matrix}, case.tokens, at, source, "of all that is carried on"),
        r"(\d+) steps? (?:later|earlier in the text), by: \*\*IT\*\* (.+?)\. Click",
        abs(at - source),
        value,
    )
    backward = case.plain.both and number % 2 == 1
    spreads = by_distance(matrix, backward=backward)
    steps = len(case.x) - (1 if case.ids else 0)
    mine = np.array([case.plain.reach(case.x, objective(case, number, T)[1], number) for T in range(steps)])
    asked_at = [d for d in (1, 10, 40, 100) if d < len(spreads.median) - 5] or [1]
    medians = [
        float(
            np.median(
                [
                    mine[T, T + d if backward else T - d]
                    for T in range(steps)
                    if 0 <= (T + d if backward else T - d) < len(case.x)
                ]
            )
        )
        for d in asked_at
    ]
    yield row(
        case.name,
        reach_words.of_distances({"it": spreads}),
        r"\*\*IT\*\* " + ", ".join([r"([^,]+?)"] * len(medians)) + r"\. One text",
        *medians,
    )
    changes = models.deletions(case.model, case.given, at=at, **({"layer": number} | asked))
    whole = float(of(case.plain, case.plain.read(case.x)))
    deleted = np.zeros(len(case.x))
    for s in range(len(case.x)):
        kept = [k for k in range(len(case.x)) if k != s]
        found = case.plain.read(case.x[kept])
        place = at - (s <= at)
        if case.ids:
            if s <= at:
                value = float(-case.plain.scores(found)[place].log_softmax(-1)[case.ids[at + 1]])
                deleted[s] = value - whole
        else:
            deleted[s] = float(found.rows[number]["h"][max(place, 0), 1]) - whole
    allowed = [s for s in range(len(case.x)) if s < at - 1 or (case.plain.both and s > at + 1)]
    most = max(allowed, key=lambda s: abs(deleted[s]))
    rank = 1 + sum(reach[s] > reach[most] for s in allowed)
    yield row(
        case.name,
        reach_words.of_deletions({"it": changes}, {"it": curve}, case.tokens, at, both=case.plain.both),
        r"\*\*IT\*\* (.+?) without .*? (\d+) steps? (before|after) "
        + (r"\(number (\d+) by" if reach[most] > 0 else r"\(its gradient is (0)\)"),
        deleted[most],
        abs(at - most),
        "before" if most < at else "after",
        rank if reach[most] > 0 else 0,
    )


def jacobians(case: Case, number: int, at: int) -> Iterator[Row]:
    """Singular values of the carried state, and the two paths of a belt."""
    back = case.plain.order(number, len(case.x), at)[::-1]
    mine = [np.linalg.svd(J, compute_uv=False) for J in case.plain.jacobians(case.x, number, at)]
    far = len(mine) - 1
    half = far - far // 2
    told = reach_words.of_spectra(
        reach_words.going_back(models.spectra(case.model, case.given, to=at, layer=number), back)
    )
    yield row(
        case.name,
        f"**{case.plain.cell.upper()}**: {told}",
        r"factor of (.+?) a step, on average over (\d+) steps; (\d+) steps? back, (\d+) of (\d+) directions",
        float((mine[-1][0] / mine[0][0]) ** (1 / far)),
        far,
        half,
        int((mine[half] > 0.01 * mine[half][0]).sum()),
        len(mine[half]),
    )
    if case.plain.cell not in BELT:
        return
    paths = reach_words.going_back(models.paths(case.model, case.given, to=at, layer=number), back)
    keep = case.plain.read(case.x).rows[number]["keep"]
    full = case.plain.belt_jacobians(case.x, number, at)
    direct = [float(keep[back[:d]].prod(0).max()) for d in range(len(back))]
    stretch = [float(np.linalg.norm(J, 2)) for J in full]
    d = half
    ratio = stretch[d] / direct[d]
    yield row(
        case.name,
        reach_words.of_paths(paths, d),
        r"at most (.+?) of a unit, the full derivative stretches by up to (.+?):"
        + (r" all paths together carry (.+?) times" if ratio >= 1.1 else ""),
        direct[d],
        stretch[d],
        *([ratio] if ratio >= 1.1 else []),
    )


def elman(case: Case, at: int) -> Iterator[Row]:
    """Pascanu's bound and what happens."""
    W = case.plain.rows[0]["weight_hh"].numpy()
    sigma = float(np.linalg.norm(W, 2))
    exact = case.plain.jacobians(case.x, 0, at)
    h, far = case.plain.read(case.x).rows[0]["h"].numpy(), min(10, at)
    slopes = np.prod(1 - h[at - far + 1 : at + 1] ** 2, axis=0)
    wrong = np.linalg.matrix_power(W, far) * slopes
    said = reach_words.of_elman(
        reach_words.going_back(models.elman(case.model, case.given, to=at), list(range(at, -1, -1)))
    )
    yield row(
        case.name,
        said,
        r"ρ\(W\) = (\S+), σ_max\(W\) = (\S+), .*: over (\d+) steps the bound is (.+?), the exact norm (.+?)\..*off by (.+?) after",
        float(np.abs(np.linalg.eigvals(W)).max()),
        sigma,
        at,
        sigma**at,
        float(np.linalg.norm(exact[-1], 2)),
        float(np.linalg.norm(wrong - exact[far]) / np.linalg.norm(exact[far])),
    )


def memory(case: Case, number: int, changed: int, other: Any, other_x: Tensor) -> Iterator[Row]:
    """How long a changed token is remembered."""
    traces = [models.trace(case.model, given) for given in (case.given, other)]
    exact = [service.exact(case.name, given) for given in (case.given, other)] if case.ids else traces
    found = distance(*traces, row=number, by="state")
    end = 0 if case.plain.both and number % 2 else len(case.x) - 1
    order = case.plain.order(number, len(case.x), end)
    place = order.index(changed)
    floor = rounding_floor(*traces, *exact, row=number, by="state")
    told = sentences.of_memory(
        {"it": found[order]}, place, {"it": steps_remembered(found[order], place)}, floor, "state"
    )
    one, two = (case.plain.read(x).rows[number] for x in (case.x, other_x))
    apart = np.sqrt(sum(((one[n] - two[n]) ** 2).sum(1).numpy() for n in CARRIED[case.plain.cell]))[order]
    above = [k for k in range(place, len(apart)) if apart[k] >= 0.1 * apart[place]]
    lasts = above[-1] == len(apart) - 1
    yield row(
        case.name,
        told,
        r"IT (not within this text)" if lasts else r"IT (\d+) steps?\.",
        "not within this text" if lasts else above[-1] - place + 1,
    )
    yield row(case.name, told, r"last step: IT (.+?)\.$", float(apart[-1]))


# Answers


def answers(case: Case, at: int) -> Iterator[Row]:
    """Surprise in bits, side by side, what leaving a token out does to P, experiments on the running cell."""
    card = case.model.card
    assert card is not None
    view = compare.View(case.place(at), [card], case.tokens, LIGHT)
    surprise = right.losses(view, compare.Network(card.name, "it", card.cell))
    mine = (case.plain.losses(case.x, case.ids) / np.log(2)).numpy()
    yield row(
        case.name,
        compare_words.of_losses({"it": surprise}, "surprise in bits"),
        r"over (\d+) steps of this text: \*\*it\*\* (\S+)\. ",
        len(mine),
        float(mine.mean()),
    )
    grads = service.gradients(card.name, case.given, "logit", at, None, 0, by="state")
    curve = magnitudes(grads, "state", 0)[: at + 1][::-1]
    reach = case.plain.reach(case.x, score_at(case.ids[at + 1], at), 0)[: at + 1][::-1]
    yield row(
        case.name,
        compare_words.of_reaches({"it": curve}, at, "h and c"),
        r"\*\*it\*\* (.+?) \((.+?)\)\.$",
        float(reach[-1]),
        float(reach[0]),
    )
    yield from edited(case, at)


def edited(case: Case, at: int) -> Iterator[Row]:
    """What if: the cut loop; a signal that is held at one step; the unit that carries the answer."""
    before = case.plain.scores(case.plain.read(case.x)).log_softmax(-1)
    signal = {"lstm": "c", "gru": "h", "rnn": "h", "jordan": "y"}[case.plain.cell]
    loop = view_of(case, at, f"set {'y' if signal == 'y' else 'h'}_prev 0")
    alone = tuple(explorer.edits.set_to(f"{state}_prev", 0.0) for state in loop.before.initial)
    none = service.edited_predictions(case.model.name, case.given, alone)
    columns = [*case.ids[1:], None]
    told = [float(np.nanmean(bits(values, columns))) for values in (*loop.answers, none)]
    looped = "y" if signal == "y" else "h"
    part, cut = (
        case.plain.scores(case.plain.read(case.x, cut=states)).log_softmax(-1)
        for states in ((looped,), STATES[case.plain.cell])
    )
    mine = [float(-v[torch.arange(len(case.ids) - 1), case.ids[1:]].mean() / np.log(2)) for v in (before, part, cut)]
    yield row(
        case.name,
        what_if_words.of_loop(told, "token"),
        r"text: \*\*(\S+)\*\* bits as it was, \*\*(\S+)\*\* edited; \*\*(\S+)\*\* if no state",
        *mine,
    )
    held = max(at - 3, 0)
    view = view_of(case, at, f"set {signal} 0 step {held + 1}")
    after = case.plain.scores(
        case.plain.read(case.x, lambda n, t, v: v * 0 if n == signal and t == held else v)
    ).log_softmax(-1)
    column = case.ids[at + 1]
    apart = ((before.exp() - after.exp()).abs().sum(-1) / 2).numpy()
    pair = float(before[at, column].exp()), float(after[at, column].exp())
    yield row(
        case.name,
        what_if_words.of_playhead(view),
        r"(?:from|same) \(?\*\*(.+?)\*\*(?: to \*\*|, )(.+?)(?:\*\*|\))",
        *pair,
    )
    yield row(
        case.name,
        what_if_words.of_most(view),
        r"of all: (.+?) of the probability"
        if int(apart.argmax()) == at
        else r"\(step (\d+)\): (.+?) of the probability",
        *([] if int(apart.argmax()) == at else [int(apart.argmax()) + 1]),
        float(apart.max()),
    )
    if case.plain.units > 16:
        return
    effects = carriers.effects_of(view, "zero")
    order = np.argsort(-np.nan_to_num(np.abs(effects)), kind="stable")
    ps = []
    for unit in range(case.plain.units):
        mask = torch.ones(case.plain.units).double()
        mask[unit] = 0
        names = explorer.models.surgery.memories(case.model.cell)
        found = case.plain.read(case.x, lambda n, t, v, m=mask: v * m if n in names else v)
        ps.append(float(case.plain.scores(found)[at].softmax(-1)[column]))
    first = int(np.argmax(np.abs(np.log(ps) - float(before[at, column]))))
    yield row(
        case.name,
        what_if_words.of_carriers(view, effects, order, None, None),
        r"\*\*unit (\d+)\*\* .* from \*\*(.+?)\*\* to \*\*(.+?)\*\*",
        first,
        pair[0],
        ps[first],
    )


def view_of(case: Case, at: int, *edits: str) -> WhatIf:
    here = case.place(at)
    done = tuple(map(lines.read, edits))
    return WhatIf(here, done, plan.planned(here, done), LIGHT)


def training(case: Case) -> Iterator[Row]:
    """One training step: how far back losses pull, truncation, clipping, the update."""
    steps = len(case.ids) - 1
    k = 4
    apart = models.itemised(case.model, case.given, (k,))
    gradient = case.plain.gradient(case.ids)
    recurrent = [v for name, v in gradient.items() if name.endswith("_l0")]
    norm = size(recurrent)
    shares = np.zeros((steps, steps))
    for T in range(steps):
        since = [case.plain.term(case.ids, T, t) for t in range(T + 1)]  # from t on; a step's own is what it adds
        for t in range(T + 1):
            after = since[t + 1] if t < T else [torch.zeros_like(v) for v in since[t]]
            shares[T, t] = size([a - b for a, b in zip(since[t], after, strict=True)])
    by_distance_ = np.array([np.diagonal(shares, -d).sum() for d in range(steps)]) / shares.sum()
    reached = by_distance_.cumsum()
    half, most = (int(np.argmax(reached >= s)) for s in (0.5, 0.9))
    yield row(
        case.name,
        training_words.of_all(apart.shares[:, : len(apart.shares)], apart.norm),
        r"back, \*\*(.+?)\*\* is .*half of it stays (.+?), nine tenths \*\*(.+?)\*\*\. .*norm (.+?); it has .*with the norm \*\*(.+?)\*\*",
        float(by_distance_[0]),
        f"within {half} step{'s' * (half > 1)}" if half else "at that step",
        f"within {most} step{'s' * (most > 1)}" if most else "at that step",
        float(np.sqrt((shares**2).sum())),
        norm,
    )
    kept = [torch.zeros_like(v) for v in recurrent]
    for T in range(steps):
        for total, part in zip(kept, case.plain.term(case.ids, T, max(0, T - k + 1)), strict=True):
            total += part
    lost = size([a - b for a, b in zip(recurrent, kept, strict=True)]) / norm
    cosine = sum(float((a * b).sum()) for a, b in zip(recurrent, kept, strict=True)) / norm / size(kept)
    yield row(
        case.name,
        training_words.of_truncation(apart.truncated, apart.norm, steps, k),
        r"away \*\*(.+?)\*\* of the gradient.*by \*\*(\S+)°\*\*; what is left has (.+?) of its norm",
        lost,
        float(np.degrees(np.arccos(cosine))),
        size(kept) / norm,
    )
    whole = models.training_step(case.model, case.given, learning_rate=0).gradient
    everything = size(list(gradient.values()))
    yield row(
        case.name,
        training_words.of_norm(clipped(whole, "norm", 0.5), 0.5),
        r"has the norm \*\*(.+?)\*\*.*multiplied by \*\*(.+?)\*\*",
        everything,
        0.5 / everything,
    )
    flat = torch.cat([v.flatten() for v in gradient.values()])
    limit = 0.02
    cut = flat.clamp(-limit, limit)
    count = sum(value.size for value in whole.values())
    zeros = sum(int((value == 0).sum()) for value in whole.values())
    yield row(
        case.name,
        training_words.of_value(clipped(whole, "value", limit), limit, count, zeros),
        r"\*\*(.+?)\*\* of the (\S+) entries are cut.*by \*\*(\S+)°\*\*, and leaves (.+?) of its norm\.",
        float((flat.abs() > limit).double().mean()),
        flat.numel(),
        float(np.degrees(np.arccos(float((cut @ flat) / cut.norm() / flat.norm())))),
        float(cut.norm() / flat.norm()),
    )
    rate = 0.1
    update = models.training_step(case.model, case.given, learning_rate=rate)
    before = case.plain.losses(case.x, case.ids).numpy()
    moved = {name: value - rate * gradient[name] for name, value in case.plain.parameters().items()}
    net = Plain.of(case.plain.cell, moved)
    after = net.losses(net.x(case.ids), case.ids).numpy()
    told = training_words.of_update(1, update.before, update.after, case.tokens, " nats", True)
    fell = after.mean() < before.mean()
    yield row(
        case.name,
        told,
        r"mean loss from (\S+) to \*\*(\S+)\*\* nats"
        + (r".*falls at (\d+) of (\d+) steps, most at step (\d+)" if fell else ""),
        float(before.mean()),
        float(after.mean()),
        *([int((after < before).sum()), steps, int((after - before).argmin()) + 1] if fell else []),
    )
    used = float(
        np.sqrt(sum(np.square(value).sum() for value in update.gradient.values()))
    )  # as the page hands it over
    forecast = before.mean() - rate * everything**2
    yield row(
        case.name,
        training_words.of_forecast(
            update.norm, used, 0.0, rate, float(update.before.mean()), float(update.after.mean())
        ),
        r"length (.+?)\. .*now be ([^,]+?)(?:,|\.$)",
        rate * everything,
        float(forecast),
    )


def scored(case: Case) -> Iterator[Row]:
    """The card's score, on a short piece that was held out, by torch's own kernel."""
    card = case.model.card
    assert card is not None and case.plain.readout is not None and case.plain.embedding is not None
    piece = service.held_out(card.task)[0].text[:400]
    kernel = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[card.cell](card.input_size, card.hidden_size).double()
    kernel.load_state_dict({f"{name}_l0": w for name, w in case.plain.rows[0].items()})
    ids = torch.tensor([case.model.labels.index(c) if c in case.model.labels else 0 for c in piece])
    with torch.no_grad():
        h, _ = kernel(case.plain.embedding[ids])
    log_p = (h @ case.plain.readout[0].T + case.plain.readout[1]).log_softmax(-1)
    mean = float(-log_p[torch.arange(len(ids) - 1), ids[1:]].mean() / np.log(2))
    told = card.headline.words(bits_per_token(case.model, [models.Example(text=piece)]))
    yield row(case.name, f"{told}, on {len(piece)} held-out characters", r"^(\S+) ", mean)


def begun() -> Iterator[Row]:
    """The lab on starts: an untrained RNN, W scaled so that it must vanish."""
    start, units, steps, draws = starts.Start("rnn", radius=0.9), 16, 20, 3
    found = starts.at_start(start, units=units, steps=steps, draws=draws)
    sigmas, curves = [], []
    for seed in range(draws):
        cell = start.build(units, seed)
        weights = {name: w.detach().double() for name, w in cell.state_dict().items()}
        W = weights["weight_hh"].numpy()
        sigmas.append(float(np.linalg.svd(W, compute_uv=False)[0]))
        x = torch.randn(steps + 1, 1, weights["weight_ih"].shape[1], generator=torch.Generator().manual_seed(seed))
        net = Plain("rnn", [weights])
        curves.append([np.linalg.norm(J) / np.sqrt(units) for J in net.jacobians(x[:, 0].double(), 0, steps)])
    told = startup_words.of_start(start, found, steps)
    name = "untrained RNN, ρ 0.9"
    yield row(
        name,
        told,
        r"= ([\d.]+) \(([\d.]+) to ([\d.]+) over",
        sorted(sigmas)[1],
        min(sigmas),
        max(sigmas),
    )
    middle = np.sort(curves, axis=0)[1]
    half = below_half(middle)
    yield row(
        name,
        startup_words.of_course(course(spread(found.reach).middle), courses(found.reach)),
        r"half after \*\*(\d+) steps?\*\*.* is \*\*(.+?)\*\* after (\d+) steps",
        half,
        float(middle[-1]),
        steps,
    )


# The five networks


def of_gated(name: str) -> Iterator[Row]:
    case = shipped(name, ENGLISH)
    at = len(case.ids) - 2
    yield from belt(case, 0, 6, at)
    yield from account(case, at)
    yield from of_gates(case, 40)
    yield from gradients(case, 0, at)
    yield from jacobians(case, 0, at)
    yield from memory(case, 0, 3, *changed(case, 3, "t"))
    yield from answers(case, at)
    yield from training(case)
    yield from scored(case)


def of_rnn() -> Iterator[Row]:
    case = shipped("agreement-rnn", GRAMMAR)
    yield from gradients(case, 0, 8)
    yield from jacobians(case, 0, 8)
    yield from elman(case, 8)
    yield from memory(case, 0, 1, *changed(case, 1, "girl"))
    yield from answers(case, 8)
    yield from training(case)
    yield from begun()


def of_jordan() -> Iterator[Row]:
    case = shipped("agreement-jordan", GRAMMAR)
    yield from gradients(case, 0, 8)
    yield from jacobians(case, 0, 8)
    yield from memory(case, 0, 1, *changed(case, 1, "girl"))
    yield from answers(case, 8)
    yield from training(case)


def of_both_ways() -> Iterator[Row]:
    both = both_ways()
    other = both.x.clone()
    other[6] = -other[6]
    for number in (1, 3):
        case = replace(both, name=f"{both.name}, row {number}")
        yield from belt(case, number, 2, 1)
        yield from gradients(case, number, 2)
        yield from jacobians(case, number, 2)
        yield from memory(case, number, 6, other.float().numpy(), other)


def changed(case: Case, step: int, token: str) -> tuple[str, Tensor]:
    """The text with one token changed, and what the layers read then."""
    between = "" if case.model.card is not None and case.model.card.tokens == "characters" else " "
    pieces = list(case.tokens)
    pieces[step] = token
    return between.join(pieces), case.plain.x([case.model.labels.index(piece) for piece in pieces])


NETWORKS: Mapping[str, Callable[[], Iterator[Row]]] = {
    "lstm": lambda: of_gated("english-lstm"),
    "gru": lambda: of_gated("english-gru"),
    "rnn": of_rnn,
    "both": of_both_ways,
    "jordan": of_jordan,
}


def main(wanted: Sequence[str]) -> int:
    unknown = [name for name in wanted if name not in NETWORKS]
    if unknown:
        print(f"nothing called {', '.join(unknown)}; choose from {', '.join(NETWORKS)}", file=sys.stderr)
        return 2
    logging.disable(logging.WARNING)  # Streamlit's, of a cache without a session
    print("| network | sentence | said | recomputed | agrees |\n| --- | --- | --- | --- | --- |")
    right_ones = total = 0
    for name in wanted or NETWORKS:
        for one in NETWORKS[name]():
            print(one, flush=True)
            right_ones, total = right_ones + one.agrees, total + 1
    print(f"\n{right_ones} of {total} sentences agree.")
    return 0 if right_ones == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
