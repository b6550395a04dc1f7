"""The one table that the script prints."""

HEAD = ("benchmark", "what", "median", "range", "to bare C", "CPU s, send + receive", "peak MiB, send / receive")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, *cells):
        self.rows.append((*cells, *[""] * (len(HEAD) - len(cells))))
        print("  " + "  ".join(cell for cell in cells if cell), flush=True)

    def __str__(self):
        rows = [HEAD, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
