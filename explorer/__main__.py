"""The library from a shell: `python -m explorer models`, `… cells`, `… trace`, `… check`, `… train`.

Results go to stdout; progress, notices and errors to stderr. Status: 0 done, 1 it could not be done or, of `check`, something
is wrong, 2 wrong use, with one line that says what to do, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import inspect
import math
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import explorer
from explorer import saving, terminal
from explorer.analysis.diagnosis.telling import as_text
from explorer.backend.device import DEVICES, choose
from explorer.backend.training import Progress, TrainingDiverged
from explorer.cells import REGISTRY, Cell, names, parameter_formula
from explorer.models import Card, Model
from explorer.models.answering import read_examples
from explorer.models.answers import ANSWERS
from explorer.models.corpus import CorpusUnavailable
from explorer.models.diagnosing import array_of, example_input
from explorer.models.make import make, saved_at
from explorer.models.recipes import RECIPES
from explorer.models.zoo import folder
from explorer.reporting import as_html

WRONG_USE, FAILED, STOPPED = 2, 1, 130
MOST_NUMBERS = 5 * 10**8
"""Most numbers of one reading: each signal of every unit at every step. They take 2 GB."""


class Parser(argparse.ArgumentParser):
    """One that answers wrong use with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    terminal.write_plain()
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except (CorpusUnavailable, TrainingDiverged) as error:
        return complain(str(error), FAILED)
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}" if error.filename else str(error), WRONG_USE)
    except ValueError as error:
        return complain(str(error), WRONG_USE)
    except KeyboardInterrupt:
        return complain("stopped", STOPPED)
    return status


def parser() -> Parser:
    """The commands and their arguments."""
    whole = Parser(prog="python -m explorer", description="Look inside a recurrent network while it reads.")
    commands = whole.add_subparsers(title="commands", required=True, metavar="models | cells | trace | check | train")

    models = commands.add_parser("models", help="list the shipped models", description="Lists the shipped models.")
    models.set_defaults(run=run_models)

    cells = commands.add_parser(
        "cells",
        help="list the cells, or show one: its equations, its source, its options",
        description="Lists the cells, or shows one of them.",
    )
    cells.add_argument("name", nargs="?", choices=names(), metavar="NAME", help=", ".join(names()))
    cells.add_argument("--inputs", type=int, default=16, metavar="I", help="size of the input (16)")
    cells.add_argument("--units", type=int, default=32, metavar="H", help="number of units (32)")
    cells.set_defaults(run=run_cells)

    trace = commands.add_parser(
        "trace", help="write every number of one reading", description="Writes every number of one reading to a file."
    )
    trace.add_argument(
        "--model", required=True, metavar="NAME_OR_PATH", help="a shipped model (python -m explorer models), or a file"
    )
    read = trace.add_mutually_exclusive_group(required=True)
    read.add_argument("--text", help="what it reads")
    read.add_argument("--file", type=Path, help="what it reads, a UTF-8 text file")
    trace.add_argument(
        "--out", required=True, type=Path, help="the file to write: .npz for Trace.read, .csv or .parquet for a table"
    )
    trace.add_argument("--device", default="auto", choices=DEVICES, help="where it runs (auto)")
    _add_parts(trace)
    trace.set_defaults(run=run_trace)

    check = commands.add_parser(
        "check",
        help="look for faults in a network",
        description="Diagnoses a network on a text. "
        "Exit status: 0 if nothing is wrong, 1 if something is, 2 if the network or the input cannot be read.",
    )
    check.add_argument("network", metavar="PATH_OR_NAME", help="a file of weights, or a shipped model")
    source = check.add_mutually_exclusive_group()
    source.add_argument("--text", help="what it reads; random if no text is given")
    source.add_argument("--file", type=Path, help="what it reads, a UTF-8 text file")
    source.add_argument(
        "--input", type=Path, metavar="NPY", help="what it reads, an array [step, input] in a .npy file"
    )
    check.add_argument(
        "--examples",
        type=Path,
        metavar="FILE",
        help="sequences that it was not trained on, with their answers: text, tab, answer on each line, or JSON lines, or .npz with x and "
        "y; for a network that predicts the next token a text (a shipped network: its held-out sequences)",
    )
    _add_parts(check)
    check.add_argument("--html", type=Path, metavar="OUT", help="write the diagnosis as one HTML file, too")
    check.add_argument("--device", default="auto", choices=DEVICES, help="where it runs (auto)")
    check.set_defaults(run=run_check)

    train = commands.add_parser(
        "train",
        help="train a shipped model again",
        description="Trains a model by its recipe; writes weights and card.",
    )
    train.add_argument("task", choices=tuple(RECIPES), metavar="TASK", help=", ".join(RECIPES))
    train.add_argument("--cell", required=True, choices=names(), metavar="CELL", help=", ".join(names()))
    train.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write to (default: that of the shipped models)"
    )
    train.add_argument(
        "--seed", type=int, help="train this seed only (default: all seeds of the recipe; the best is kept)"
    )
    train.add_argument("--steps", type=int, help="number of updates (default: the recipe's)")
    train.add_argument(
        "--device", default="cpu", choices=DEVICES, help="where it is trained (cpu, where a run can be repeated)"
    )
    train.add_argument(
        "--snapshots",
        type=Path,
        metavar="DIR",
        help="save snapshots of the weights there, a folder a seed",
    )
    train.add_argument(
        "--resume", type=Path, metavar="FILE", help="save the run there every 100 steps, and go on from there"
    )
    train.set_defaults(run=run_train)
    return whole


PARTS = (
    "vocabulary",
    "part",
    "embedding",
    "readout",
    "answer",
    "labels",
    "nonlinearity",
    "recurrent_activation",
    "pair",
)
"""The arguments of `explorer.load` that say how a file is read, in a shell with dashes for underscores."""


def _add_parts(command: argparse.ArgumentParser) -> None:
    """The options that correct how a file of weights is read."""
    of_file = command.add_argument_group("how a file is read", "Missing options are read from the file, or guessed.")
    of_file.add_argument("--vocabulary", type=Path, metavar="FILE", help="the symbols by id: JSON, or one a line")
    of_file.add_argument("--part", metavar="NAME", help="which recurrent layers, by their name in the file")
    of_file.add_argument("--embedding", metavar="NAME", help="the embedding, by its name in the file")
    of_file.add_argument("--readout", metavar="NAME", help='the readout, by its name in the file; "h" for none')
    of_file.add_argument("--answer", metavar="KIND", help=f"what the readout means: {', '.join(ANSWERS)}")
    of_file.add_argument("--labels", type=_listed, metavar="A,B,…", help="the names of the outputs")
    of_file.add_argument("--nonlinearity", metavar="NAME", help="of a plain RNN: tanh or relu")
    of_file.add_argument("--recurrent-activation", metavar="NAME", help="of the gates: sigmoid or hard_sigmoid")
    of_file.add_argument("--pair", type=Path, metavar="FILE", help="one known input and output: JSON or .npz")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _load(name: str, arguments: argparse.Namespace) -> Model:
    """The network of that name or path, read as the options say."""
    parts = {part: value for part in PARTS if (value := getattr(arguments, part)) is not None}
    if parts and not Path(name).is_file():
        options = ", ".join(f"--{part.replace('_', '-')}" for part in parts)
        raise ValueError(f"{options} says how a file is read, but {name!r} is not a file")
    return explorer.load(name, **parts)


def run_models(_: argparse.Namespace) -> int:
    """A table of the shipped models."""
    cards = explorer.zoo()
    if not cards:
        return complain(f"no models in {folder()}; train one: python -m explorer train english --cell lstm", FAILED)
    print_table([("NAME", "CELL", "TASK", "LAYERS", "UNITS", "PARAMETERS", "HELD OUT"), *map(_row, cards)])
    return 0


def _row(card: Card) -> tuple[str, ...]:
    sizes = (str(card.num_layers), str(card.hidden_size), f"{card.parameters:,}")
    return (card.name, card.cell, card.task, *sizes, card.headline.words(card.score))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns below one another, the head first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def run_cells(arguments: argparse.Namespace) -> int:
    """Print a table of the cells, or the description of one."""
    inputs, units = arguments.inputs, arguments.units
    for option, size in (("--inputs", inputs), ("--units", units)):
        if size < 1:
            raise ValueError(f"{option} is {size}; it must be at least 1")
    if arguments.name:
        print(described(arguments.name, inputs, units))
        return 0
    head = ("NAME", "TITLE", "CHANGES", f"PARAMETERS (I inputs, H units; {inputs}, {units})", "", "WHAT IT CHANGES")
    print_table([head, *(_cell_row(REGISTRY[name], inputs, units) for name in names())])
    return 0


def _cell_row(cell: type[Cell], inputs: int, units: int) -> tuple[str, ...]:
    count = parameter_formula(cell.name)
    return (cell.name, cell.title, cell.parent, str(count), f"{count.at(inputs, units):,}", cell.change)


def described(name: str, inputs: int, units: int) -> str:
    """Print a cell's equations, its change to its parent, its source, its number of parameters, and its options."""
    cell, count = REGISTRY[name], parameter_formula(name)
    options = [
        f"{option.name}={option.default!r}"
        for option in inspect.signature(cell).parameters.values()
        if option.default is not option.empty
    ]
    parts = [f"{cell.title} ({name})", inspect.getdoc(cell) or ""]
    if cell.parent:
        parts.append(f"Changes {cell.parent}: {cell.change}")
    parts += [
        f"Source: {cell.source}",
        f"Parameters: {count}; {count.at(inputs, units):,} with I = {inputs} inputs and H = {units} units",
        f"Options: {', '.join(options) or 'none'}",
    ]
    return "\n\n".join(parts)


def run_trace(arguments: argparse.Namespace) -> int:
    """Read a text and write the trace."""
    out: Path = arguments.out
    saving.writer_for(out)  # before the work
    text = text_of(arguments.file) if arguments.file else arguments.text
    model = _load(arguments.model, arguments)
    check_length(model, text)
    trace = explorer.trace(model, text, device=arguments.device)
    trace.save(out)
    for notice in trace.notices:
        say(one_line(notice))
    print(f"{out}: {trace.steps} steps, {trace.rows} x {trace.units} units, {', '.join(trace.signals)}")
    return 0


def check_length(model: Model, given: Any) -> None:
    """Raise ValueError if a reading would have more than MOST_NUMBERS numbers."""
    stack, reader = model.stack, model.vocabulary
    most = MOST_NUMBERS // (len(stack.rows) * stack.hidden_size * len(stack.cell.recorded))
    if len(given) <= most:
        return
    steps = len(reader.pieces(given)) if reader is not None and isinstance(given, str) else len(given)
    if steps > most:
        one = reader.one if reader is not None else "step"
        raise ValueError(
            f"the input has {steps:,} {one}s, but {model.title or 'this network'} reads at most {most:,} at once; give a part of it"
        )


def text_of(file: Path) -> str:
    """Content of a text file. Raises ValueError if it is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def run_check(arguments: argparse.Namespace) -> int:
    """Print what is wrong with a network, and what is unusual about it."""
    if arguments.html and not arguments.html.parent.is_dir():
        raise ValueError(f"--html is {arguments.html}, in a folder that does not exist")
    model, said, made_up = _load(arguments.network, arguments), "", False
    examples = None if arguments.examples is None else read_examples(arguments.examples, model)
    if arguments.input:
        sequence: Any = array_of(arguments.input, model)
    elif arguments.file:
        sequence = text_of(arguments.file)
    elif arguments.text is not None:
        sequence = arguments.text
    else:
        sequence, said = example_input(model)
        made_up = model.card is None or model.card.own
    check_length(model, sequence)
    diagnosis = explorer.diagnose(model, sequence, examples=examples, made_up=made_up, device=arguments.device)
    if said:
        print(said)
    print(as_text(diagnosis))
    if arguments.html:
        arguments.html.write_text(as_html(diagnosis, said=said), encoding="utf-8")
        say(f"written to {arguments.html}")
    return FAILED if diagnosis.wrong else 0


def run_train(arguments: argparse.Namespace) -> int:
    """Train a model, with progress on stderr, and print its held-out score."""
    recipe, out = RECIPES[arguments.task], arguments.out or folder()
    budget = None
    if arguments.steps is not None:
        if arguments.steps < 1:
            raise ValueError(f"--steps is {arguments.steps}; it must be at least 1")
        budget = replace(recipe.budget, steps=arguments.steps)
    if arguments.cell not in recipe.cells:
        raise ValueError(f"{arguments.task} has no {arguments.cell}; it has {', '.join(recipe.cells)}")
    run = make(
        recipe, arguments.cell, out, budget=budget, seed=arguments.seed, resume=arguments.resume,
        snapshots=arguments.snapshots, device=choose(arguments.device),
    )  # fmt: skip
    with interruptible() as stop:
        for progress in show_progress(run):
            if progress.ended:
                say("measuring the held-out score, and looking for units that follow a property")
            elif stop.requested:
                where = f"stopped after step {progress.step:,} of {progress.steps:,}"
                seeds = recipe.seeds if arguments.seed is None else (arguments.seed,)
                saved = list(saved_at(arguments.resume, seeds).values()) if arguments.resume else []
                return complain(f"{where}; {how_to_go_on(saved)}", STOPPED)
    card = Card.read(out / f"{recipe.task}-{arguments.cell}.json")
    print(f"{card.name}: {card.score:.4f} {card.headline.says}, held out; written to {out}")
    return 0


def how_to_go_on(saved: Sequence[Path]) -> str:
    """Advice after a stopped run that was to be saved in these files."""
    if not saved:
        return "nothing was saved; use --resume FILE to make a run resumable"
    if not any(file.exists() for file in saved):
        return "nothing was saved yet, since the first save is at step 100"
    return "run the same command again to go on from its last save"


class Stop:
    """State of an interruptible run: `requested` after Ctrl-C."""

    requested = False


@contextmanager
def interruptible() -> Iterator[Stop]:
    """Handle Ctrl-C inside: the first sets `requested`, so that a file being saved is finished; a second one interrupts
    at once."""
    stop = Stop()

    def on_signal(*_: Any) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def show_progress(run: Iterator[Progress]) -> Iterator[Progress]:
    """Pass the events on and draw them: a bar that is redrawn in a terminal, ten lines elsewhere."""
    terminal, drawn_at = sys.stderr.isatty(), -1.0
    first: Progress | None = None
    for progress in run:
        if first is None or progress.step <= first.step:  # the next seed begins
            first, drawn_at = progress, -1.0
        last = progress.step == progress.steps or progress.ended
        if terminal and (last or progress.seconds - drawn_at >= 0.2):
            drawn_at = progress.seconds
            print(f"\r\x1b[K{bar(progress, first)}", end="\n" if last else "", file=sys.stderr, flush=True)
        elif not terminal and (last or progress.step % max(1, progress.steps // 10) == 0):
            say(bar(progress, first))
        yield progress


def bar(now: Progress, first: Progress) -> str:
    """One line: how far the run is, the loss, and how long it will take at the pace since `first`."""
    share = now.step / now.steps
    done = now.step - first.step
    seconds = (now.seconds - first.seconds) / done * (now.steps - now.step) if done else math.nan
    time = "" if math.isnan(seconds) else f"  {seconds // 60:.0f}:{seconds % 60:02.0f} left"
    filled = "█" * round(20 * share)
    return f"{filled:░<20} {share:4.0%}  step {now.step:,} of {now.steps:,}  loss {now.loss:.4f}{time}"


def say(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)


def complain(message: str, status: int) -> int:
    """One line on stderr; returns the status."""
    say(f"python -m explorer: {one_line(message)}")
    return status


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
