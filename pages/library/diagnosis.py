"""Diagnosis: what is wrong with the network at hand, and what is unusual about it, on the text at hand."""

from explorer.studio.diagnosis.page import page

page()
