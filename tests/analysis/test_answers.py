"""Whether answers are right: what the checks make of bits and scores, and that findings never advise opposite things."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from explorer.analysis.diagnosis import Finding, Prediction, Score, Severity, examine
from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.answers import entropy
from explorer.signals import Belt
from tests.analysis.examined import STEPS, UNITS, found, leaning, one, reaching, subject, wandering

SOUND = Prediction(
    of="this text",
    one="character",
    count=1000,
    bits=2.4,
    counts=4.4,
    kinds=50,
    even=6.25,
    cut=4.1,
    pairs=4.0,
    triples=3.9,
    worth_sd=0.05,
)
UNSEEN = replace(SOUND, of="the examples")
RIGHT = Score(of="200 examples", kind="share", count=200, value=0.95, baseline=0.5, rival="always “yes”")


def test_a_network_that_predicts_is_sound() -> None:
    diagnosis = examine(subject(prediction=SOUND, unseen=UNSEEN, score=RIGHT))
    assert diagnosis.findings == ()
    told = {fact.label: fact.text for fact in diagnosis.facts}
    assert told["Bits a character, this text"].startswith("2.4; its own counts 4.4, even odds 6.25")
    assert "cut 4.1, counting pairs 4 and triples 3.9 (1,000 predictions)" in told["Bits a character, the examples"]
    assert told["Answers that are right"] == "95 % right; always “yes” 50 % (200 answers, 200 examples)"


@pytest.mark.parametrize(
    ("changed", "check", "severity", "says"),
    [
        ({"bits": 9.1, "cut": 9.0}, "answers", "wrong", "worse than guessing: 9.1 bits a character, even odds take 6.25"),
        ({"bits": 4.5, "cut": 4.6}, "answers", "wrong", "no better than counts: 4.5 bits a character, the counts of this text take 4.4"),
        ({"bits": 3.4, "cut": 3.41}, "context", "wrong", "Context hardly helps: 3.4 bits a character, 3.41 with every"),
        ({"bits": 3.4, "cut": 3.0}, "context", "wrong", "Context makes its predictions worse"),
    ],
)  # fmt: skip
def test_a_network_that_does_not_predict(changed: dict[str, float], check: str, severity: Severity, says: str) -> None:
    finding = one(subject(prediction=replace(SOUND, **changed)), check)
    assert finding.severity == severity
    assert says in finding.title


def test_a_small_worth_of_the_context_is_wrong_only_where_it_is_sure() -> None:
    """Two standard errors below the threshold; of few predictions it is a look."""
    little = replace(SOUND, bits=3.4, cut=3.45)
    assert one(subject(prediction=replace(little, worth_sd=0.01)), "context").severity == "wrong"
    assert one(subject(prediction=replace(little, worth_sd=0.5)), "context").severity == "look"


def test_that_the_past_is_not_used_is_told_also_where_little_was_learnt() -> None:
    """Hardly better than counts is a look, no use of the past is wrong: the graver one is told."""
    poor = replace(SOUND, bits=3.87)
    assert at.POOR <= poor.share < at.NOT_LEARNT
    assert found(subject(prediction=replace(poor, cut=3.9)), "answers") == []
    assert one(subject(prediction=replace(poor, cut=3.9)), "context").severity == "wrong"
    assert one(subject(prediction=replace(poor, cut=6.0)), "answers").severity == "look"


def test_what_needs_no_context_is_no_fault() -> None:
    """Of "abcabcabc…" the present letter tells the next."""
    assert found(subject(prediction=replace(SOUND, bits=0.02, counts=1.58, cut=0.02)), "context") == []


def test_a_text_that_was_memorised() -> None:
    finding = one(subject(prediction=replace(SOUND, bits=0.3), unseen=replace(UNSEEN, bits=6.0, cut=5.0)), "memorised")
    assert finding.severity == "wrong"
    assert "0.3 bits a character here, 6 on the examples, whose own counts take 4.4" in finding.title
    assert found(subject(prediction=SOUND, unseen=UNSEEN), "memorised") == []


def test_a_text_of_another_kind_is_no_fault_of_the_network() -> None:
    finding = one(subject(prediction=replace(SOUND, bits=5.0), unseen=UNSEEN), "answers")
    assert finding.severity == "note"
    assert finding.tries.startswith("The network needs no change")


@pytest.mark.parametrize(
    ("score", "severity", "says"),
    [
        (replace(RIGHT, value=0.5), "wrong", "No better than always “yes”: 50 % of 200 answers are right, against 50 %"),
        (replace(RIGHT, value=0.53), "wrong", "Hardly better than always “yes”"),
        (Score(of="9 sequences", kind="squared error", count=900, value=0.2, baseline=0.1, rival="the last value again"),
         "wrong", "No better than the last value again: the squared error is 0.2, against 0.1"),
    ],
)  # fmt: skip
def test_answers_that_ignore_the_input(score: Score, severity: Severity, says: str) -> None:
    finding = one(subject(score=score), "answers")
    assert finding.severity == severity
    assert says in finding.title


def test_skill_is_the_share_of_the_error_that_is_avoided() -> None:
    assert RIGHT.skill == pytest.approx(1 - 0.05 / 0.5)
    assert replace(RIGHT, kind="squared error", value=0.1, baseline=0.4).skill == pytest.approx(0.75)


def test_no_fixed_probabilities_do_better_than_a_text_s_own_counts() -> None:
    ids = np.array([0, 0, 0, 1, 2, 2])
    assert entropy(ids) == pytest.approx(-(3 * np.log2(3 / 6) + np.log2(1 / 6) + 2 * np.log2(2 / 6)) / 6)
    assert entropy(np.zeros(9)) == 0
    for p in np.random.default_rng(0).dirichlet(np.ones(3), 200):
        assert -np.log2(p[ids]).mean() >= entropy(ids)


def test_what_is_odd_about_a_network_whose_answers_are_right_is_not_wrong() -> None:
    """Growing states, a lost gradient and weights as they were drawn count for less once the answers are known to be right."""
    c = np.arange(STEPS)[:, None] * np.linspace(0.3, 0.9, UNITS)
    lost = {"reach": reaching(0.1 ** np.arange(STEPS)), "leaning": leaning(d1=0.5, d8=0.04)}
    for known, (grown, vanished) in (({}, ("wrong", "look")), ({"score": RIGHT}, ("look", "note"))):
        given = subject(c=c, **lost, **known)
        assert (one(given, "drift").severity, one(given, "vanishing").severity) == (grown, vanished)


@pytest.mark.parametrize(("proven", "severity"), [(False, "look"), (True, "note")])
def test_tensors_that_are_not_used_are_named(proven: bool, severity: Severity) -> None:
    names = tuple(f"“fc{k}”" for k in range(10))
    finding = one(subject(unused=names, proven=proven), "unused")
    assert finding.severity == severity
    assert finding.title.startswith("The file has 10 tensors that this network does not use: “fc0”, “fc1”")
    assert finding.title.endswith("“fc7” and 2 more")


ADVICE = {
    "keep more": re.compile(r"bias of the gate that keeps at 1|open biases|biases that keep", re.I),
    "keep less": re.compile(r"let it forget", re.I),
    "nothing": re.compile(r"no change is needed", re.I),
    "slower": re.compile(r"lower(?:ing)? the learning rate|lower learning rate", re.I),
    "faster": re.compile(r"(?:higher|larger|raise the) learning rate", re.I),
    "smaller weights": re.compile(r"smaller weights|decay (?:them|the weights)|weight decay", re.I),
    "larger weights": re.compile(r"larger weights|less decay", re.I),
}
OPPOSED = (("keep more", "keep less"), ("slower", "faster"), ("smaller weights", "larger weights"))
OF_MEMORY = ("forget-bias", "gate-open", "gate-shut", "drift", "latches")
"""Checks of one memory: where one of them says that no change is needed, no other has something to do about how much is kept."""


def advised(finding: Finding) -> set[str]:
    """What a finding says should be done."""
    return {name for name, pattern in ADVICE.items() if pattern.search(finding.tries)}


def opposed(one: Finding, other: Finding) -> bool:
    """Whether what two findings of one network advise cannot both be done."""
    a, b = advised(one), advised(other)
    if any(({x} <= a and {y} <= b) or ({y} <= a and {x} <= b) for x, y in OPPOSED):
        return True
    of_one_memory = {one.check, other.check} <= set(OF_MEMORY) and one.severity != "wrong" != other.severity
    about = {"keep more", "keep less"}
    both = of_one_memory and one.units and set(one.units) & set(other.units)
    return bool(both and (("nothing" in a and about & b) or ("nothing" in b and about & a)))


STATES = {
    "usual": wandering(),
    "growing": np.arange(STEPS)[:, None] * np.linspace(0.3, 0.9, UNITS),
    "huge": 5000 * wandering(),
    "large": 15 * wandering(),
}
GATES = {"usual": wandering(), "open": wandering(0, 0.95, 0.99), "shut": wandering(0, 0.01, 0.05)}
BIASES = {"usual": 1.0, "drawn": 0.1, "low": -3.0, "closed": -5.0}
REACHES = {"usual": 0.9, "lost": 0.1, "explodes": 1.6}
ANSWERS = {
    "usual": {"prediction": SOUND},
    "poor": {"prediction": replace(SOUND, bits=5.0)},
    "no context": {"prediction": replace(SOUND, bits=3.4, cut=3.4)},
    "memorised": {"prediction": replace(SOUND, bits=0.3), "unseen": replace(UNSEEN, bits=6.0)},
    "labels": {"score": replace(RIGHT, value=0.4)},
}


def test_findings_that_occur_together_never_advise_opposite_things() -> None:
    """Every combination of states, gates, biases, gradients, answers and belts; each pair of findings of each."""
    walked: set[tuple[str, str]] = set()
    for c, f, bias, reach, keep in product(STATES, GATES, BIASES, REACHES, ("f", "1", "1 - f")):
        given = subject(
            c=STATES[c],
            f=GATES[f],
            weights={"b_if": np.full(UNITS, BIASES[bias])},
            reach=reaching(REACHES[reach] ** np.arange(STEPS)),
            leaning=leaning(d1=0.5, d8=0.04),
            **ANSWERS[list(ANSWERS)[len(walked) % len(ANSWERS)]],
        )
        object.__setattr__(given.trace, "belts", (Belt("c", keep=keep, write="i * g"),))
        findings = examine(given).findings
        for one_of_them, other in combinations(findings, 2):
            assert not opposed(one_of_them, other), (c, f, bias, reach, keep, one_of_them.title, other.title)
            walked.add((one_of_them.check, other.check))
    assert len(walked) > 30, "the walk meets most pairs"


def test_the_walk_would_find_what_used_to_be_said() -> None:
    """Open forget gates: "lower the learning rate" beside "let it forget" beside a forget bias of 3."""
    finding = one(subject(f=GATES["open"]), "gate-open")
    assert opposed(
        replace(finding, tries="Start the bias of the gate that keeps at 1."), replace(finding, tries="Let it forget.")
    )
    assert opposed(finding, replace(finding, check="drift", tries="Let it forget."))
    assert "learning rate" not in finding.tries
