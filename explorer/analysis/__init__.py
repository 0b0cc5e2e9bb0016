"""What the numbers mean; numpy and pandas only."""
