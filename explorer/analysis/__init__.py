"""Analyses of traces and scores; numpy and pandas only."""
