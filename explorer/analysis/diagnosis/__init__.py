"""Diagnosis of a network from one reading and its weights: faults and unusual properties. Numbers only."""

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
