"""The page on which a reader drops a file of their own: what is in it, what is taken of it, how near it is to its framework."""
