"""The page of an uploaded file: its contents, the chosen parts, and its agreement with the framework."""
