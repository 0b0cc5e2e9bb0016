"""Measurements against the budgets of the design: `python -m tests.benchmarks`. Not run by pytest."""
