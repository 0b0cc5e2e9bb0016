"""Check of the answers: next tokens against counts, chance and the cut network; classes and numbers against a constant
answer."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.diagnosis import thresholds as at
from explorer.analysis.diagnosis.answers import Prediction, Score
from explorer.analysis.diagnosis.finding import Fact, Finding, Severity
from explorer.analysis.diagnosis.subject import Subject
from explorer.analysis.numbers import number, share

KEY, CONTEXT, MEMORISED = "answers", "context", "memorised"
COUNTS = (
    "The counts of a text's own tokens are the best fixed probabilities for it. A network that does no better ignores its input, or reads "
    "it as something else. Even odds are a pure guess."
)
COUNTS_TRIES = (
    "Check whether the text is like those that it was trained on, and whether the vocabulary, the order of the gates and the readout are "
    "those of training. If they are, the network was not trained, or on targets that do not belong to its inputs (shifted, shuffled)."
)
CUT = "Every recurrent path is cut by reading each token from the zero state: nothing is carried from step to step."
CUT_TRIES = (
    "Check whether the axes of step and batch changed places in training (batch_first), whether the targets belong to the inputs, and "
    "whether the state was carried along. If they are right, train longer and over longer stretches."
)
SCORE_TRIES = (
    "Check whether the order of the labels, the scale of the input and the vocabulary are those of training, and whether the examples are "
    "like those that it was trained on. If they are, the network has not learnt the task: check that the labels belong to the inputs, "
    "and whether the gradient reaches back to where the answer is decided."
)


def check(subject: Subject) -> Iterator[Finding | Fact]:
    """Wrong where the answers are no better than fixed ones, or than those of the same network without its context."""
    here, unseen = subject.prediction, subject.unseen
    for one in (here, unseen):
        if one is not None:
            yield _bits_fact(one)
    if here is not None and unseen is not None:
        yield from _of_both(here, unseen)
    elif (one := here or unseen) is not None:
        yield from _judged(one)
    if subject.score is not None:
        yield from _scored(subject.score)


def _bits_fact(one: Prediction) -> Fact:
    text = (
        f"{number(one.bits)}; its own counts {number(one.counts)}, even odds {number(one.even)}, the network with every recurrent path cut "
        f"{number(one.cut)}, counting pairs {number(one.pairs)} and triples {number(one.triples)} ({one.count:,} predictions)"
    )
    return Fact(check=KEY, label=f"Bits a {one.one}, {one.of}", value=one.bits, text=text)


def _of_both(here: Prediction, unseen: Prediction) -> Iterator[Finding]:
    """A text that is predicted well, unlike others, was memorised; if it is the other way round, this text is of another kind."""
    if unseen.share - here.share >= at.MEMORISED and unseen.share >= at.POOR:
        yield Finding(
            check=MEMORISED,
            severity="wrong" if unseen.share >= at.NOT_LEARNT else "look",
            title=f"It memorised this text: {number(here.bits)} bits a {here.one} here, {number(unseen.bits)} on {unseen.of}, "
            f"whose own counts take {number(unseen.counts)}",
            value=unseen.share - here.share,
            threshold=at.MEMORISED,
            explains="It has learnt the order of these tokens, and little that holds for other texts.",
            tries="Train on more text, with dropout (Zaremba et al. 2014) or weight decay, or a smaller network; stop when the "
            "loss on held-out text no longer falls (Prechelt 1998).",
            see="watch",
        )
    elif unseen.share < at.POOR and here.bits >= here.counts:
        yield Finding(
            check=KEY,
            severity="note",
            title=f"This text is unlike those that it predicts well: {number(here.bits)} bits a {here.one} here, {number(unseen.bits)} on "
            f"{unseen.of}",
            value=here.share,
            threshold=at.POOR,
            explains=COUNTS,
            tries="The network needs no change. Judge it on a text like those that it was trained on.",
            see="watch",
        )
    else:
        yield from _judged(unseen)


def _judged(one: Prediction) -> Iterator[Finding]:
    """The gravest finding that holds: nothing learnt, nothing of the past learnt, or little."""
    if one.share >= at.NOT_LEARNT:
        yield _poor(one)
    elif one.is_blind:
        yield _context(one)
    elif one.share >= at.POOR:
        yield _poor(one)


def _poor(one: Prediction) -> Finding:
    guess = one.bits >= one.even
    severity: Severity = "wrong" if one.share >= at.NOT_LEARNT else "look"
    rival = f"even odds take {number(one.even)}" if guess else f"the counts of {one.of} take {number(one.counts)}"
    verb = (
        "worse than guessing"
        if guess
        else "no better than counts"
        if one.bits >= one.counts
        else "hardly better than counts"
    )
    return Finding(
        check=KEY,
        severity=severity,
        title=f"It predicts {verb}: {number(one.bits)} bits a {one.one}, {rival}",
        value=one.share,
        threshold=at.NOT_LEARNT,
        explains=COUNTS,
        tries=COUNTS_TRIES,
        see="watch",
    )


def _context(one: Prediction) -> Finding:
    saved = one.worth / one.counts
    sure = one.worth + 2 * one.worth_sd < at.CONTEXT * one.counts
    does = (
        "makes its predictions worse"
        if one.worth < -2 * one.worth_sd
        else "helps little"
        if saved >= at.CONTEXT
        else "hardly helps"
    )
    return Finding(
        check=CONTEXT,
        severity="wrong" if sure else "look",
        title=f"Context {does}: {number(one.bits)} bits a {one.one}, {number(one.cut)} with every recurrent path cut",
        value=saved,
        threshold=at.CONTEXT,
        explains=f"{CUT} Predicting from counts of the last two tokens takes {number(one.triples)} bits here, of the last one "
        f"{number(one.pairs)}: there is something to remember. A recurrent network that predicts as well without its past uses the present "
        f"{one.one} alone.",
        tries=CUT_TRIES,
        see="watch",
    )


def _scored(score: Score) -> Iterator[Finding | Fact]:
    is_share = score.kind == "share"
    write = share if is_share else number
    text = f"{write(score.value)}{' right' if is_share else ''}; {score.rival} {write(score.baseline)}"
    label = "Answers that are right" if is_share else "Squared error of the answers"
    yield Fact(check=KEY, label=label, value=score.value, text=f"{text} ({score.count:,} answers, {score.of})")
    if score.skill >= at.SKILL_LOOK:
        return
    how = "No better than" if score.skill <= 0 else "Hardly better than"
    own = (
        f"{share(score.value)} of {score.count:,} answers are right"
        if is_share
        else f"the squared error is {number(score.value)}"
    )
    yield Finding(
        check=KEY,
        severity="wrong" if score.skill < at.SKILL else "look",
        title=f"{how} {score.rival}: {own}, against {write(score.baseline)}",
        value=score.skill,
        threshold=at.SKILL,
        explains=f"Measured on {score.of}. That answer ignores "
        + ("all but the last value." if score.rival.startswith("the last value") else "the input."),
        tries=SCORE_TRIES,
        see="watch",
    )
