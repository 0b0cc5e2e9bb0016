"""One file a subject. Each has `rows()`, which yields its lines of the table; a new file is found by its being here."""
