"""Trace -> plotly Figure, pure functions. theme.py holds every colour and scale."""
