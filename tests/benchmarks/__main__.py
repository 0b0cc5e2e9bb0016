"""python -m tests.benchmarks [NAME …]: the table of what things cost, all of it or the files of `rows/` that are named."""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from pkgutil import iter_modules

import explorer  # before torch, since it sets the number of threads
from tests.benchmarks import rows
from tests.benchmarks.measure import Row

import torch  # isort: skip

HEAD = ("what", "median", "peer", "ratio", "budget", "")


def main(wanted: list[str]) -> int:
    names = sorted(module.name for module in iter_modules(rows.__path__))
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(f"no rows called {', '.join(unknown)}; choose from {', '.join(names)}", file=sys.stderr)
        return 2
    print(
        f"Carousel {explorer.__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n\n{line(HEAD)}"
    )
    for name in wanted or names:
        for row in import_module(f"{rows.__name__}.{name}").rows():
            print(line(cells(row)), flush=True)
    return 0


def cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
    return row.what, row.value, row.peer, "" if row.ratio is None else f"{row.ratio:.2f}×", row.budget, verdict


def line(texts: tuple[str, ...]) -> str:
    return "".join(f"{text:<{width}}" for text, width in zip(texts, (62, 12, 12, 9, 9, 8), strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
