"""What is wrong with a network, and what is unusual about it, from one reading and the weights. Numbers only."""

from explorer.analysis.diagnosis.answers import Prediction, Score
from explorer.analysis.diagnosis.examining import examine
from explorer.analysis.diagnosis.finding import SEVERITIES, Diagnosis, Fact, Finding, Picture, Severity
from explorer.analysis.diagnosis.subject import Leaning, Reach, Row, Subject

__all__ = [
    "SEVERITIES",
    "Diagnosis",
    "Fact",
    "Finding",
    "Leaning",
    "Picture",
    "Prediction",
    "Reach",
    "Row",
    "Score",
    "Severity",
    "Subject",
    "examine",
]
