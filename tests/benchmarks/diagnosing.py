"""python -m tests.benchmarks.diagnosing [--half fix|measure] [--cache DIR]: how many faults a diagnosis finds, and what it says of healthy
networks.

Each fault of `faulty` is trained, or operated into a healthy network, with four seeds; beside them stand fresh healthy networks and the
shipped ones. Half of the seeds and of the tasks fixed the thresholds of `explorer/analysis/diagnosis/thresholds.py`; the bars count on the
other half. Shipped networks belong to the half of their task. Those that fail their task by their own card (`FAILING`) count as neither.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import explorer  # before torch, since it sets the number of threads
from explorer.analysis.diagnosis import Diagnosis
from explorer.models import Model
from explorer.models.example import Example
from tests.benchmarks.faulty import FAULTS, FIX, HALVES, HEALTHY, MEASURE, Bench, Half, faulty, questions

import torch  # isort: skip

SHIPPED = {
    FIX.name: ("english", "temporal-order", "adding", "agreement", "latch", "majority", "copy"),
    MEASURE.name: ("python", "sentiment", "waves", "counter", "toggle", "brackets"),
}
FAILING = {
    "temporal-order-rnn": "0.27 of the orders right, 0.25 by guessing",
    "copy-rnn": "0.12 of the letters right, 0.12 by guessing",
    "counter-rnn": "none of the held-out runs right",
    "counter-gru": "none of the held-out runs right",
    "brackets-rnn": "none of the held-out texts right",
    "brackets-gru": "none of the held-out texts right",
}
"""Shipped to show that they fail."""
READ = 1000
BARS = {"wrong on faults": (0.85, True), "wrong on healthy": (0.0, False), "look on healthy": (0.15, False)}


@dataclass(frozen=True)
class Case:
    """A network that was examined."""

    half: str
    what: str
    network: str
    healthy: bool
    severities: dict[str, list[str]]
    facts: dict[str, str]


def cases(bench: Bench, half: Half) -> Iterator[Case]:
    """Every network of a half."""
    for fault in FAULTS:
        for seed in half.seeds:
            model, task = faulty(bench, fault, half, seed)
            yield examined(half, fault, f"{task}-{seed}", model, *questions(task), healthy=False)
    for name, way in HEALTHY.items():
        for seed in half.seeds:
            task = half.tasks[way.kind]
            model = bench.healthy(name, half, seed)
            yield examined(half, "fresh", f"{name}-{task}-{seed}", model, *questions(task), healthy=True)
    for card in explorer.zoo():
        if card.task in SHIPPED[half.name]:
            model = explorer.load(card.name)
            what = "failing" if card.name in FAILING else "shipped"
            yield examined(half, what, card.name, model, long_text(card.task), None, healthy=what == "shipped")


def long_text(task: str) -> str:
    """The longest of the first held-out sequences."""
    reader = explorer.zoo()
    card = next(card for card in reader if card.task == task)
    pieces = [card.reader.pieces(example.text)[:READ] for example in explorer.models.held_out(task)[:20]]
    return card.reader.joined(max(pieces, key=len))


def examined(
    half: Half, what: str, name: str, model: Model, given: object, examples: list[Example] | None, *, healthy: bool
) -> Case:
    diagnosis: Diagnosis = explorer.diagnose(model, given, examples=examples)
    found: dict[str, list[str]] = {"wrong": [], "look": [], "note": []}
    for finding in diagnosis.findings:
        found[finding.severity].append(f"{finding.check}: {finding.title}")
    facts = {f"{fact.label}{'' if fact.layer is None else fact.layer}": fact.text for fact in diagnosis.facts}
    return Case(half.name, what, name, healthy, found, facts | {"left out": " | ".join(diagnosis.left_out)})


def interval(hits: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    reach = z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def bars(found: Sequence[Case]) -> Iterator[tuple[str, int, int, bool]]:
    """(bar, hits, count, whether it is met)."""
    faults = [case for case in found if not case.healthy and case.what != "failing"]
    healthy = [case for case in found if case.healthy]
    hits = {
        "wrong on faults": (sum(bool(case.severities["wrong"]) for case in faults), len(faults)),
        "wrong on healthy": (sum(bool(case.severities["wrong"]) for case in healthy), len(healthy)),
        "look on healthy": (sum(bool(case.severities["look"]) for case in healthy), len(healthy)),
    }
    for name, (bar, at_least) in BARS.items():
        some, count = hits[name]
        share = some / count if count else 0.0
        yield name, some, count, share >= bar if at_least else share <= bar


def report(found: Sequence[Case]) -> None:
    """The faults with their hit rates, the healthy ones that are not passed, and the bars."""
    for fault in FAULTS:
        ours = [case for case in found if case.what == fault]
        if ours:
            hits = [bool(case.severities["wrong"]) for case in ours]
            looks = [bool(case.severities["look"]) for case in ours]
            by = sorted({one.partition(":")[0] for case in ours for one in case.severities["wrong"]})
            print(f"{fault:<28}{sum(hits)} of {len(hits)} wrong, {sum(looks)} look   {', '.join(by)}")
    for case in found:
        if case.healthy or case.what == "failing":
            for severity in ("wrong", "look"):
                for title in case.severities[severity]:
                    print(f"{case.what} {case.network}: {severity.upper()} {title}")
    print()
    for name, some, count, met in bars(found):
        low, high = interval(some, count)
        print(
            f"{name:<20}{some} of {count}  {some / max(1, count):.3f}  [{low:.3f}, {high:.3f}]  {'met' if met else 'NOT MET'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=[half.name for half in HALVES], help="one half only (both)")
    parser.add_argument("--cache", type=Path, help="a folder in which trained weights are kept")
    parser.add_argument("--json", type=Path, help="write every case to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found: list[Case] = []
    bench, started = Bench(arguments.cache), time.perf_counter()
    for half in HALVES:
        if arguments.half in (None, half.name):
            for case in cases(bench, half):
                found.append(case)
                print(
                    f"{time.perf_counter() - started:6.0f} s  {half.name:<8}{case.what:<28}{case.network}", flush=True
                )
    if arguments.json:
        arguments.json.write_text(json.dumps([case.__dict__ for case in found], indent=1, ensure_ascii=False))
    for half in HALVES:
        ours = [case for case in found if case.half == half.name]
        if ours:
            print(f"\n{half.name}\n")
            report(ours)


if __name__ == "__main__":
    main()
