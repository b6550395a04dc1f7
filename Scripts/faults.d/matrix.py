"""All faults there are, and the table of what became of them."""

import dataclasses
import textwrap

FAULTS = []

SEEN_WIDTH = 100


@dataclasses.dataclass
class Fault:
    name: str
    expected: str
    # Takes a world, does the fault, and returns what was seen; raises Failure if that is not what was expected.
    run: object


def fault(name, expected):
    def register(function):
        FAULTS.append(Fault(name, expected, function))
        return function

    return register


@dataclasses.dataclass
class Row:
    fault: Fault
    # A verdict and what was seen.
    runs: list

    @property
    def has_failed(self):
        return any(verdict == "FAILED" for verdict, _ in self.runs)

    @property
    def counts(self):
        """`3 ok`, or `2 ok, 1 FAILED`."""
        verdicts = [verdict for verdict, _ in self.runs]
        return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))


def table(rows):
    """Expected and seen are sentences: they are wrapped below each other, not made columns of."""
    lines = []
    for row in rows:
        lines.append(f"{row.fault.name}  ({row.counts})")
        seen = dict.fromkeys(what for _, what in row.runs)
        entries = [("expected", row.fault.expected), *(("seen", what) for what in seen)]
        for label, text in entries:
            lines += textwrap.wrap(text, SEEN_WIDTH, initial_indent=f"  {label:9} ", subsequent_indent=" " * 12)
    return "\n".join(lines)
