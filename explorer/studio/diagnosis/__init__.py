"""The Diagnosis page: faults and peculiarities of the current network on the current text, each with its number."""
