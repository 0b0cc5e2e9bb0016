"""Tables of numbers, as spreadsheets and scripts write them, read as what a network reads: one row a step."""

from explorer.models.tables.selection import Choose, Table, read_table

__all__ = ["Choose", "Table", "read_table"]
