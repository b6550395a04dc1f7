"""The one table that the script prints."""

import statistics

HEAD = (
    "benchmark", "what", "median", "range", "ratio", "goal", "CPU s, send + receive", "peak MiB, send / receive",
)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, benchmark, what, median="", range="", ratio="", goal="", cpu="", memory=""):
        cells = (benchmark, what, median, range, ratio, goal, cpu, memory)
        self.rows.append(cells)
        print("  " + "  ".join(cell for cell in cells if cell), flush=True)

    def __str__(self):
        rows = [HEAD, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def at_most(figure, limit, unit=""):
    """A goal, and whether it was met."""
    return f"<= {limit:g}{unit}, {'met' if figure <= limit else 'MISSED'}"


def at_least(figure, limit, unit=""):
    return f">= {limit:g}{unit}, {'met' if figure >= limit else 'MISSED'}"


def seconds(values):
    """The cells `median` and `range` of some runs' seconds."""
    return spread(values, " s", 3 if max(values) < 100 else 1)


def milliseconds(values):
    return spread([1000 * value for value in values], " ms", 2)


def spread(values, unit, places):
    return {
        "median": f"{statistics.median(values):,.{places}f}{unit}",
        "range": f"{min(values):,.{places}f} to {max(values):,.{places}f}{unit}",
    }
