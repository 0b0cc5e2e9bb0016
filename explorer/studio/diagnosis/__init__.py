"""The page that says what is wrong with the network at hand on the text at hand, and what is unusual: each finding with its number."""
