"""The gated recurrent unit as it was published: the reset gate stands in front of the matrix."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from explorer.cells.activations import activation
from explorer.cells.base import HiddenState, Tap, register
from explorer.cells.base import gate as gate_signal
from explorer.cells.gru import GRULike, candidate_signal, carried
from explorer.diagram import Diagram, Operation, wire
from explorer.signals import Belt

UPDATES = ("keeps", "takes")

READS = (
    wire("x", (1.7, 6), (1.7, 5)),
    wire("h_prev", (0, 0), (0.8, 0), (0.8, 5), (6.1, 5), number=0.3),
)
MAKES_A_CANDIDATE = (
    wire("r", "r", (4.6, 2.3), (6.1, 2.3), "reset", number=0.45),
    wire("h_prev", (6.1, 5), "reset"),
    wire("r * h_prev", "reset", (7.5, 4.2)),
    wire("x", (6.1, 5), (7.5, 5), "n"),
)
ADDS = (wire("h", "add", (10, 0), number=0.75), wire("h", (9.4, 0), (9.4, -0.9)))

KEEPS = Diagram(
    layers={"z": (2.7, 3.3), "r": (4.6, 3.3), "n": (7.5, 3.3)},
    operations={
        "keep": Operation("×", (2.7, 0)),
        "rest": Operation("1−", (4.6, 1.45)),
        "write": Operation("×", (7.5, 1.45)),
        "add": Operation("+", (7.5, 0)),
        "reset": Operation("×", (6.1, 4.2)),
    },
    phases={
        "reads": READS,
        "opens its gates": (wire("h_prev", (2.7, 5), "z"), wire("h_prev", (4.6, 5), "r")),
        "keeps": (
            wire("z", "z", "keep", number=0.25),
            wire("h_prev", (0, 0), "keep", number=0.55),
            wire("z * h_prev", "keep", "add", number=0.45),
        ),
        "makes a candidate": MAKES_A_CANDIDATE,
        "writes": (
            wire("z", (2.7, 1.45), "rest"),
            wire("1 - z", "rest", "write", number=0.5),
            wire("n", "n", "write", number=0.5),
            wire("(1 - z) * n", "write", "add", number=0.5),
            *ADDS,
        ),
    },
)
TAKES = Diagram(
    layers=KEEPS.layers,
    operations={**KEEPS.operations, "rest": Operation("1−", (2.7, 1.25))},
    phases={
        **KEEPS.phases,
        "keeps": (
            wire("z", "z", "rest", number=0.36),
            wire("1 - z", "rest", "keep"),
            wire("h_prev", (0, 0), "keep", number=0.55),
            wire("(1 - z) * h_prev", "keep", "add", number=0.45),
        ),
        "writes": (
            wire("z", (2.7, 2.15), (3.8, 2.15), (3.8, 1.45), "write"),
            wire("n", "n", "write", number=0.5),
            wire("z * n", "write", "add", number=0.5),
            *ADDS,
        ),
    },
)
"""z is the share of the new value, 1 - z the share that is kept."""


@register
class GRUCho(GRULike):
    """r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)            reset
    z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)            keep
    n_t = tanh(W_in x_t + b_in + W_hn (r_t ⊙ h_{t-1}) + b_hn)  candidate
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    Cho et al. 2014. Blocks in torch's order r, z, n. The reset gate is applied before the matrix product, where torch.nn.GRU applies it
    after; both are the same where W_hn is diagonal and b_hn is 0. ONNX has this form as linear_before_reset=0.

    With `update="takes"` z takes the new value, as in Chung et al. 2014 and most tutorials: h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t.
    Their z is 1 - z of the other form: the z weights of one are those of the other, negated. `gate` stands in the
    place of σ, `candidate` in that of tanh; each is a name in `explorer.cells.activations`, as in Keras and ONNX.
    """

    name: ClassVar[str] = "gru-cho"
    title: ClassVar[str] = "GRU, Cho's form"
    parent: ClassVar[str] = "gru"
    change: ClassVar[str] = (
        "The reset gate acts on the old state before the matrix mixes its units, and not on the result of that product."
    )
    source: ClassVar[str] = (
        "Cho et al. 2014, “Learning phrase representations using RNN encoder-decoder”, arXiv:1406.1078; z the other way round: "
        "Chung et al. 2014, “Empirical evaluation of gated recurrent neural networks on sequence modeling”, arXiv:1412.3555"
    )
    blocks: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    diagram: ClassVar[Diagram] = KEEPS

    def __init__(
        self, input_size: int, hidden_size: int, update: str = "keeps", candidate: str = "tanh", gate: str = "sigmoid"
    ) -> None:
        if update not in UPDATES:
            raise ValueError(f"unknown update {update!r}; choose from {', '.join(UPDATES)}")
        n = candidate_signal(candidate)
        super().__init__(input_size, hidden_size)
        self.update, self.candidate, self.gate = update, candidate, gate
        r = gate_signal("r", role="reset", label="reset gate", squash=gate)
        z = gate_signal("z", role="keep" if update == "keeps" else "write", label="update gate", squash=gate)
        if update == "keeps":
            self.belts = (Belt("h", keep="z", write="(1 - z) * n"),)
            self.signals = (r, z, n, carried("z * h_prev + (1 - z) * n"))
        else:
            self.belts = (Belt("h", keep="1 - z", write="z * n"),)
            self.signals = (r, z, n, carried("(1 - z) * h_prev + z * n"))
            self.diagram = TAKES  # type: ignore[misc]

    @property
    def options(self) -> dict[str, Any]:
        usual = {"update": self.update, "candidate": self.candidate}
        return usual | ({"gate": self.gate} if self.gate != "sigmoid" else {})

    @property
    def sums(self) -> dict[str, str]:
        return super().sums | {"n_pre": "W_in @ x + b_in + W_hn @ (r * h_prev) + b_hn"}

    def step(self, x: Tensor, state: HiddenState, tap: Tap, below: Any = None) -> HiddenState:
        of_x, opened = self.from_input(x), activation(self.gate).of  # [batch, unit] each
        r = tap("r", opened(tap("r_pre", of_x["r"] + self.from_recurrent("r", state.h))))
        z = tap("z", opened(tap("z_pre", of_x["z"] + self.from_recurrent("z", state.h))))
        n = tap("n_pre", of_x["n"] + self.from_recurrent("n", r * state.h))
        n = tap("n", activation(self.candidate).of(n))
        keep, take = (z, 1 - z) if self.update == "keeps" else (1 - z, z)
        return HiddenState(tap("h", keep * state.h + take * n))
