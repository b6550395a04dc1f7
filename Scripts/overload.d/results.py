"""What was measured beside each attack."""

import typing


class Result(typing.NamedTuple):
    attack: str
    alone: str = "-"
    beside: str = "-"
    kept: str = "-"
    status: str = "-"
    peak: str = "-"
    verdict: str = "ok"
    # Of the attackers.
    seen: str = ""


HEAD = Result("attack", "MiB/s alone", "beside", "kept", "status p99", "peak MiB", "verdict", "what came of it")


def table(results):
    """The last column is long: it stands below its line."""
    rows = [HEAD, *results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = []
    for row in rows:
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        lines.append(f"    {row.seen}")
    return "\n".join(lines)
