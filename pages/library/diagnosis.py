"""Diagnosis: faults and peculiarities of the current network on the current text."""

from explorer.studio.diagnosis.page import page

page()
