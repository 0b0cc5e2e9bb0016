"""Summary of an object for a notebook or a shell: a title, a few facts, a table. One content, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Summary:
    """A title; facts, each with its name; a table with a head, or none. What cannot be printed is written as its escape."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """Lines, in columns."""
        lines = [printable(self.title), *_columns(self.facts)]
        return "\n".join(
            [*lines, *([""] if self.rows else []), *_columns([self.head, *self.rows] if self.rows else [])]
        )

    @property
    def html(self) -> str:
        """A table; all of its content is escaped text."""
        facts = "".join(f"<tr><th>{_safe(name)}</th><td>{_safe(fact)}</td></tr>" for name, fact in self.facts)
        head = "".join(f"<th>{_safe(name)}</th>" for name in self.head)
        rows = "".join(f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>" for row in self.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><p><b>{_safe(self.title)}</b></p><table><tbody>{facts}</tbody></table>{table}</div>"


def printable(text: str) -> str:
    """The text in one line: a line break, a mark of direction, a terminal's commands as their escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _safe(text: str) -> str:
    return escape(printable(text))


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, the columns below one another."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    ]


def listed(things: Sequence[str], most: int = 12) -> str:
    """The first things by name, and the number of the others."""
    more = len(things) - most
    return ", ".join(things[:most]) + (f" and {more:,} more" if more > 0 else "")


def shape_of(rows: int, units: int, bidirectional: bool) -> str:
    """The size of a network: "2 layers of 128 units, in both directions"."""
    layers = rows // 2 if bidirectional else rows
    size = f"{counted(layers, 'layer')} of {counted(units, 'unit')}"
    return f"{size}, in both directions" if bidirectional else size


def counted(number: int, what: str) -> str:
    """ "1 layer", "2 layers"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
