"""Sentences that describe a picture, computed from the numbers of this forward pass."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from explorer.analysis.numbers import number, share, signed
from explorer.analysis.reach import distance_to_floor, distance_to_share
from explorer.analysis.timescales import HalfLives, keep_of
from explorer.analysis.tokens import visible
from explorer.cells import REGISTRY
from explorer.models import Card, Finding
from explorer.models.card import FOLLOWS, distinct
from explorer.models.checkpoints.card import OwnCard
from explorer.signals import Array, Trace

NO_BELT = (
    "**An Elman network has no belt.** It has no gate that keeps and none that writes: each step makes its hidden state h "
    "anew from the input and all of the old h. What you see is h itself; nothing carries a number on unchanged."
)

NO_GATES = (
    "**An Elman network has no gates.** Nothing decides what is kept, written or shown: every unit takes in the input and the "
    "whole of the old hidden state at every step. Choose GRU or LSTM at the left to see gates; here is h of all units."
)


def glyph(token: str) -> str:
    """Format a token for a sentence, safe from Markdown."""
    text = visible(token)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def plain(message: str) -> str:
    """Escape Markdown in a message that may quote user input."""
    return "".join(f"\\{c}" if c in string.punctuation else c for c in message)


def of_watching(card: Card) -> str:
    """Return the title of the first page: which cell reads what."""
    name = an(REGISTRY[card.cell].title)
    whose = (
        "your numbers, one row at a time" if card.tokens == "numbers" else f"your text, one {card.reader.one} at a time"
    )
    return f"{name[0].upper()}{name[1:]} reads {whose}"


def an(name: str) -> str:
    """Return a cell's name with its article by pronunciation: "an LSTM", "a GRU", "a Grid LSTM"."""
    vowels = "AEFHILMNORSX" if name[:2].isupper() else "AEIOU"
    return f"{'an' if name[0] in vowels else 'a'} {name}"


def of_score(card: Card) -> str:
    """Give a network's score beside the baseline without a memory."""
    if card.untrained:
        return f"Untrained, random weights of seed {card.seed}: its answers mean nothing, how it computes them does."
    if card.own:
        return "How good it is was not measured."
    if card.wired:
        return f"Wired by hand: {card.headline.words(card.score)}."
    base = card.headline.baseline
    beside = f" ({card.headline.baseline_says} {card.headline.number(base)})" if base is not None else ""
    return f"{card.headline.words(card.score)}{beside}, on sequences it never saw."


def of_siblings(cards: Sequence[Card]) -> str:
    """Give the scores of a task's networks side by side, and the number of seeds behind them."""
    headline = cards[0].headline
    scores = " · ".join(f"**{card.cell.upper()}** {headline.number(card.score)}" for card in reversed(cards))
    base = f"; {headline.baseline_says} {headline.number(headline.baseline)}" if headline.baseline is not None else ""
    if cards[0].wired:
        return f"{scores} {headline.says}; wired by hand."
    seeds = max(len(card.seeds) for card in cards)
    drawn = f"best of {seeds} seeds each, all on the card" if seeds > 1 else "one seed each"
    return f"{scores} {headline.says}{base}; {drawn}."


def of_choice(cards: Sequence[Card]) -> str:
    """Say what the offered networks have in common, and which of them differ."""
    if cards[0].own:
        return "Your own network. It stays in this session; others never see it."
    if cards[0].wired:
        return "Wired by hand, each weight to be read."
    trained, fitted = [one for one in cards if not one.fitted], [one for one in cards if one.fitted]
    units = {one.hidden_size for one in trained}
    same = "with the same number of units, " if len(units) == 1 else ""
    apart = "".join(
        f" {REGISTRY[one.cell].title}: {one.hidden_size} fixed units; only its readout is fitted." for one in fitted
    )
    return f"Networks {same}trained on the same data for the same number of steps.{apart}"


def of_nothing_found(card: Card) -> str:
    """Say why there is nothing to look for."""
    if card.untrained:
        return "Untrained: there is nothing yet to look for in its units."
    if card.own:
        first = f" First selected: {card.pinned_by}." if isinstance(card, OwnCard) and card.pinned_by else ""
        return f"Nobody has measured what the units of this network track.{first}"
    return f"No unit of this network is known to follow **{card.show.follows}**."


def of_finding(finding: Finding, units: int) -> str:
    """Give a unit's correlation, chance level, effect with its spread, and rank together, since correlation alone means little."""
    follows = f"correlates {abs(finding.correlation):.2f} on held-out sequences (chance {finding.null:.2f})"
    if not finding.places:
        return f"{follows}; its effect was not measured."
    value = finding.measured == "value"
    what = finding.foretells if value else f"P({finding.foretells})"
    places = f"{finding.places} place{'' if finding.places == 1 else 's'}"
    forced = _effect(finding.forced, finding.forced_deviation, finding.places, what, value=value)
    erased = _effect(finding.erased, finding.erased_deviation, finding.places, "it" if value else "that", value=value)
    against = (
        ", against what it should do"
        if distinct(finding.forced, finding.forced_deviation, finding.places) and not finding.acts
        else ""
    )
    spread = " ± standard deviation" if finding.forced_deviation is not None else ""
    return (
        f"{follows}; forcing it from one end to the other {forced}{against}, erasing it {erased} (mean{spread} over {places}); "
        f"rank {finding.rank} of {units}."
    )


def _effect(mean: float, deviation: float | None, places: int, what: str, *, value: bool) -> str:
    """Return a mean change with its spread: of a value, or of log₂ P as a factor of P. A change within chance counts as none."""
    spread = "" if deviation is None else f" ± {number(deviation)}"
    change = f"{signed(mean)}{spread}" if value else f"log₂ {signed(mean)}{spread}"
    if not distinct(mean, deviation, places):
        return f"does not change {what} by more than chance ({change})"
    return f"moves {what} by {change}" if value else f"{_change(mean, what)} ({change})"


def why_not_named(finding: Finding) -> str:
    """Say why the unit nearest to a property is not named after it."""
    if not finding.follows_it:
        return f"no unit follows it closely enough (|r| {FOLLOWS} and twice chance)"
    return "a unit follows it, but does not act as it should"


def _change(log2: float, what: str) -> str:
    """Express a change of log₂ P as a factor."""
    factor = 2 ** min(abs(log2), 60)
    size = "more than a million" if factor > 1e6 else f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}"
    return f"{'multiplies' if log2 >= 0 else 'divides'} {what} by {size}"


def of_belt(trace: Trace, row: int, unit: int, step: int) -> str:
    """Give the largest write up to this step, and how much of it is left."""
    if trace.belt is None:
        return NO_BELT
    values = {s.name: trace[s.name][row] for s in trace.per_unit()}
    steps = list(trace.steps_read(step, row))
    written = np.asarray(trace.belt.written(values))[steps, unit]
    if not np.isfinite(written).all():
        return f"A write to unit {unit} is NaN or infinite, so no write is the largest."
    place = int(np.abs(written).argmax())
    remainder = float(np.prod(keep_of(trace, row)[place + 1 : len(steps), unit]))
    now = float(trace[trace.memory][row, step, unit])
    ago = len(steps) - 1 - place
    fate = f", {counted(ago)} ago; **{share(remainder)}** of it is left" if ago else ", just now"
    return (
        f"Up to here, the largest write of unit {unit} was **{_signed(written[place])}** at step {steps[place] + 1} "
        f"({glyph(trace.tokens[steps[place]])}){fate}. The belt now carries **{_signed(now)}**."
    )


def of_half_life(lives: HalfLives, unit: int) -> str:
    """Give the half-life of a write to the pinned unit."""
    doubt = ", which is too short to tell more" if lives.at_least[unit] else ""
    return f"Half-life of a write to unit {unit}: **{lives.label(unit)}** (the median over this text{doubt})."


def of_memory(
    differences: Mapping[str, Array],
    changed: int,
    remembered: Mapping[str, int | None],
    floor: float,
    by: str = "h",
) -> str:
    """Say how long each sibling remembers a changed token, and what is left at the end. `differences` [step] are in the row's reading
    order, `changed` is the token's place in it, and `by` names the compared state."""
    durations, remainders = [], []
    for name, steps in remembered.items():
        values, cell = differences[name], name.upper()
        if not np.isfinite(values).all():
            durations.append(f"{cell} becomes NaN or infinite")
            continue
        if values[changed] == 0:
            durations.append(f"{cell} sees no difference")
        else:
            durations.append(f"{cell} {'not within this text' if steps is None else counted(steps)}")
        remainders.append(f"{cell} {number(values[-1], 1)}" if values[-1] > floor else f"{cell} nothing above rounding")
    end = f" What is left of it after the last step: {'; '.join(remainders)}." if remainders else ""
    what = {"state": "all that is carried on"}.get(by, by)
    return f"Steps until the difference of {what} stays below a tenth of its first value: {'; '.join(durations)}.{end}"


def of_carried(carried: Mapping[str, Sequence[str]]) -> str:
    """List what each network carries to the next step: "h and c of LSTM; h of GRU and RNN"."""
    having: dict[str, list[str]] = {}
    for network, states in carried.items():
        having.setdefault(" and ".join(states), []).append(plain(network))
    return "; ".join(f"{states} of {' and '.join(names)}" for states, names in having.items())


def of_lacking(cells: Sequence[str], state: str) -> str:
    """Say which networks are not shown because they lack this state."""
    return f"{' and '.join(cell.upper() for cell in cells)} {'has' if len(cells) == 1 else 'have'} no {state}."


def of_no_place(steps: int) -> str:
    """Say how many steps have no finite h; empty if all do."""
    return f" Not shown: {counted(steps)} at which h is NaN or infinite." if steps else ""


def counted(steps: int) -> str:
    """Format a number of steps: "1 step", "2 steps"."""
    return f"{steps} step{'' if steps == 1 else 's'}"


def counted_rows(rows: int) -> str:
    """Format a number of rows (layers times directions)."""
    return f"{rows} row{'' if rows == 1 else 's'} of layers"


def of_row(row: int) -> str:
    """Name a row of a bidirectional network with its direction: "Row 3: layer 1, reads backwards"."""
    return f"Row {row}: layer {row // 2}, reads {'backwards' if row % 2 else 'forwards'}"


def of_reach(behind: Mapping[str, Array], at: int, changed: str = "of h") -> str:
    """Say how far back each sibling's gradient reaches from step `at`; `behind` [distance] is its size at `at`, one step back, and so on in
    reading order; `changed` names the changed quantity."""
    parts = []
    for name, sizes in behind.items():
        half, floor = distance_to_share(sizes), distance_to_floor(sizes)
        if not np.isfinite(sizes).all():
            parts.append(f"**{name.upper()}**: the gradient is NaN or infinite at some step")
            continue
        if not sizes[0] > 0:
            parts.append(f"**{name.upper()}**: the gradient is already 0 at the target step")
            continue
        half_words = f"first falls below half after {counted(half)}" if half else "never falls below half"
        end = f"is too small for float32 after {counted(floor)}" if floor else f"{_left(sizes)} at the first step read"
        parts.append(f"**{name.upper()}** {half_words}" + (f" and {end}" if len(sizes) > 1 else ""))
    return f"A tiny change {changed}, going back from step {at + 1}: {'; '.join(parts)}. One network of each kind, one text."


def _left(sizes: Array) -> str:
    """Give the final size as a share of the initial one, or as a factor if it is larger."""
    ratio = float(sizes[-1] / sizes[0])
    if ratio > 1:
        return f"arrives {number(ratio, 2)} times as large"
    return f"arrives with {share(ratio) if ratio >= LEAST_SHARE else number(ratio, 2)} of its size"


LEAST_SHARE = 0.01
"""Smallest share written in percent; smaller ones are written as numbers."""
ALIKE = 0.1
"""Relative difference of kind means below which their order is not mentioned."""


def of_kinds(table: pd.DataFrame, trace: Trace) -> str:
    """Say where the keep gate is most and least open, where most is written, and how many tokens that is based on."""
    tokens = int(table.drop_duplicates("kind")["tokens"].sum())
    keeps = [s.name for s in trace.of_kind("gate") if s.role == "keep"]
    parts = []
    for quantity, does in ((keeps[0] if keeps else "", "keeps"), ("written", "writes")):
        part = table[table["quantity"] == quantity].sort_values("mean")
        if len(part) < 2:
            continue
        low, high = part.iloc[0], part.iloc[-1]
        if high["mean"] - low["mean"] <= ALIKE * high["mean"]:
            parts.append(f"It {does} much the same at every kind ({low['mean']:.2f} to {high['mean']:.2f}). ")
            continue
        least, most = (f"**{label(one['kind'])}** ({one['mean']:.2f})" for one in (low, high))
        parts.append(f"It {does} most at {most}, least at {least}. ")
    return f"{''.join(parts)}Means over all units and {tokens:,} tokens; a kind with few tokens says little."


def label(kind: str) -> str:
    """Name a kind of token in a sentence: its name, or the token itself."""
    return glyph(kind) if len(kind) == 1 else kind


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
