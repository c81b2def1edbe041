"""Tables of figures, for a terminal and as Markdown, and what a part of the measurement hands back."""

import dataclasses
import statistics
import sys


@dataclasses.dataclass
class Table:
    title: str
    header: list
    rows: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Part:
    """A part of the measurement: its tables, every single figure by name, and whether one that must
    be there is missing."""

    name: str
    tables: list
    figures: dict
    failed: bool


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values) if values else None


def number(value, digits=3):
    """Three digits that count, as people read them: 0.053, 4.27, 812, 12800."""
    if value is None:
        return "–"
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:.{max(0, digits - whole)}f}"


def ratio(value, base):
    return "–" if value is None or not base else f"{value / base:.2f} ×"


def as_text(table):
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]

    def aligned(line):
        first = line[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        return "  ".join([first, *rest]).rstrip()

    body = [aligned(line) for line in lines]
    return "\n".join([table.title, *body, *table.notes, ""])


def as_markdown(table):
    def row(cells):
        return "| " + " | ".join(cells) + " |"

    rule = ["---", *["--:"] * (len(table.header) - 1)]
    lines = [row(table.header), row(rule), *map(row, table.rows)]
    notes = [f"\n{note}" for note in table.notes]
    return "\n".join([f"### {table.title}", "", *lines, *notes, ""])
