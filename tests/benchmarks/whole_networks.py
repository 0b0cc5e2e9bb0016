"""Published networks, run from input to answer by their own framework, as their packages do: what a reader of their files is held against.

PyTorch state dicts and Keras weights do not hold the network, so it is built here from its package's source.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.signals import Array

STEPS = 40


@dataclass(frozen=True)
class Whole:
    """One reading of a whole network.

    given   a text of ids, or an array [step, input]
    answer  [step, output], or [1, output] for one answer to the whole text: log-probabilities, or numbers
    """

    given: str | Array
    answer: Array


Run = Callable[[bytes, int], Whole]
"""Reads a file of weights and runs its network on input drawn with a seed."""


def ids(count: int, seed: int, steps: int = STEPS) -> Array:
    """Ids [step] drawn uniformly."""
    return np.random.default_rng(seed).integers(0, count, steps)


def normal(steps: int, columns: int, seed: int) -> Array:
    """Numbers [step, column] drawn from a normal distribution."""
    return np.random.default_rng(seed).standard_normal((steps, columns), dtype=np.float32)


def as_text(drawn: Array) -> str:
    return " ".join(map(str, drawn))


# PyTorch


def state_dict(data: bytes) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return weights


class Tagger(nn.Module):
    """uzmorph-nn's: characters, a two-layer BiLSTM, a tag at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.char_embeddings = nn.Embedding(49, 64)
        self.lstm = nn.LSTM(64, 64, num_layers=2, bidirectional=True, batch_first=True)
        self.hidden2tag = nn.Linear(128, 746)

    def forward(self, sentence: Tensor) -> Tensor:
        h, _ = self.lstm(self.char_embeddings(sentence))
        scores: Tensor = self.hidden2tag(h)
        return scores


class Attention(nn.Module):
    """Additive attention of every step to all steps."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.W, self.U, self.v = (nn.Linear(size, outputs, bias=False) for outputs in (size, size, 1))

    def forward(self, h: Tensor) -> Tensor:
        scores = self.v(torch.tanh(self.W(h)[:, :, None] + self.U(h)[:, None]))[..., 0]  # [batch, step, step]
        return scores.softmax(-1) @ h


class Diacritizer(nn.Module):
    """arabic-diacritizer's: characters, a three-layer BiLSTM, attention, a mark at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(54, 128)
        self.lstm = nn.LSTM(128, 256, num_layers=3, bidirectional=True, batch_first=True)
        self.attention = Attention(512)
        self.classifier = nn.Linear(512, 15)

    def forward(self, given: Tensor) -> Tensor:
        h, _ = self.lstm(self.embedding(given))
        scores: Tensor = self.classifier(self.attention(h))
        return scores


class Side(nn.Module):
    """g2p-fa's encoder, or its decoder with the output layer."""

    def __init__(self, symbols: int, outputs: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, 40)
        self.rnn = nn.LSTM(40, 256, 2)
        if outputs:
            self.fc_out = nn.Linear(256, outputs)


class EncoderDecoder(nn.Module):
    """g2p-fa's: the decoder begins from the encoder's last state. Gives the scores of the first phoneme."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Side(41), Side(33, 33)

    def forward(self, given: Tensor) -> Tensor:
        _, state = self.encoder.rnn(self.encoder.embedding(given.T))
        h, _ = self.decoder.rnn(self.decoder.embedding(torch.ones(1, 1, dtype=torch.long)), state)
        scores: Tensor = self.decoder.fc_out(h)
        return scores


def by_torch(build: Callable[[], nn.Module], symbols: int) -> Run:
    def run(data: bytes, seed: int) -> Whole:
        module = build().eval()
        module.load_state_dict(state_dict(data))
        drawn = ids(symbols, seed)
        with torch.inference_mode():
            scores = module(torch.from_numpy(drawn)[None])[0]
        return Whole(as_text(drawn), scores.log_softmax(-1).numpy())

    return run


uzmorph = by_torch(Tagger, 49)
arabic_diacritizer = by_torch(Diacritizer, 54)
g2p_fa = by_torch(EncoderDecoder, 41)


# Keras


MOTIF = "19 17 5 8 13 22 12 7 12 6 6 24 7 16 13 2 14 6 6 3 5 15 2 4 2 11 17 10 14 18 3 15 24 16 12 12 14 13 6 13"
"""Amino acids to which asmscan-bilstm gives a probability near one half. To those drawn at random it gives 1e-6, which any answer near 0
would match."""


def asmscan(data: bytes, seed: int) -> Whole:
    """Amino acids, a BiLSTM, an LSTM's last h, one probability. Keras 3 does not know `time_major`, which was False, so it is left out."""
    import h5py
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = str(file.attrs["model_config"]).replace('"time_major": false, ', "")
        network = keras.models.load_model(path, compile=False)
    drawn = np.array(MOTIF.split(), dtype=np.int64)
    drawn[seed] = ids(26, seed, 1)[0]
    return Whole(as_text(drawn), keras.ops.convert_to_numpy(network({"input": drawn[None]})))


def ao_compensation(data: bytes, seed: int) -> Whole:
    """Two angles over 200 steps, a convolution, a GRU's last h, two numbers."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(data)
        network = keras.models.load_model(path, compile=False)
    x = normal(200, 2, seed)
    return Whole(x, keras.ops.convert_to_numpy(network(x[None])))


def chars2vec(data: bytes, seed: int) -> Whole:
    """One-hot characters and two LSTMs, of which the last h is the answer. Keras 2.2 had hard_sigmoid gates by default."""
    import h5py
    import keras

    def hard_sigmoid(x: Any) -> Any:
        return keras.ops.clip(0.2 * x + 0.5, 0, 1)

    x = np.eye(59, dtype=np.float32)[ids(59, seed)]
    h: Any = x[None]
    with h5py.File(io.BytesIO(data)) as file:
        for name in ("lstm_1", "lstm_2"):
            weights = [file[name][name][kind][()] for kind in ("kernel:0", "recurrent_kernel:0", "bias:0")]
            layer = keras.layers.LSTM(50, recurrent_activation=hard_sigmoid, return_sequences=True)
            layer.build(h.shape)
            layer.set_weights(weights)
            h = layer(h)
    return Whole(x, keras.ops.convert_to_numpy(h)[0, -1:])


# ONNX


def dtln(data: bytes, seed: int) -> Whole:
    """A spectrum a step, two LSTMs whose state the caller carries on, a mask of the spectrum."""
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    x, state = normal(STEPS, 257, seed), np.zeros((1, 2, 128, 2), np.float32)
    masks = []
    for step in x:
        mask, state = session.run(None, {"input_2": step[None, None], "input_3": state})
        masks.append(mask[0, 0])
    return Whole(x, np.stack(masks))
