"""Meaning of a readout's scores: the next token, a class, a label at each step, or numbers. One place for prediction
and loss."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Answer:
    """A kind of answer.

    name       as in cards and recipes
    says       description of the network's output at every step, for the user
    in_text    True if the right answer of a step is the token after it
    numbers    True if the scores are numbers themselves, not scores of labels
    """

    name: str
    says: str
    in_text: bool = False
    numbers: bool = False

    def predict(self, scores: Tensor) -> Tensor:
        """Log-probabilities of the labels, or the numbers themselves; [..., output]."""
        return scores if self.numbers else scores.log_softmax(-1)

    def losses(self, scores: Tensor, targets: Tensor) -> Tensor:
        """One a step, of targets' leading shape: -ln p of the right label, or the mean squared error of the outputs."""
        if self.numbers:
            return (scores - targets).square().mean(-1)
        flat = F.cross_entropy(scores.flatten(0, -2), targets.flatten(), reduction="none")
        return flat.view(targets.shape)

    def loss(self, scores: Tensor, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        """The mean of the losses, weighted if `weight` is given; 0 where nothing counts."""
        if weight is None:
            return (
                F.mse_loss(scores, targets)
                if self.numbers
                else F.cross_entropy(scores.flatten(0, -2), targets.flatten())
            )
        total: Tensor = (self.losses(scores, targets) * weight).sum() / weight.sum().clamp(min=1e-9)
        return total


NEXT_TOKEN = Answer("next token", "what comes next", in_text=True)
CLASS = Answer("class", "what the text so far is")
LABEL = Answer("label", "the label of this step")
NUMBER = Answer("number", "a number", numbers=True)
FORECAST = Answer("forecast", "the next value", in_text=True, numbers=True)

ANSWERS = {answer.name: answer for answer in (NEXT_TOKEN, CLASS, LABEL, NUMBER, FORECAST)}
