"""Tables of numbers, as spreadsheets and scripts write them, as a network's input: one row a step."""

from explorer.models.tables.selection import Choose, Table, read_table

__all__ = ["Choose", "Table", "read_table"]
