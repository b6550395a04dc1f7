"""What one fetch costs, and the series of runs that compares several ways to fetch."""

import contextlib
import dataclasses
import os
import statistics
import time

import table
from data import GIB, put_away, same, warm, write_and_delete
from process import Failure, PeakMemory
from reserve import REPORTING_SECONDS, Reserve

SPARE_BYTES = 256 << 20


@dataclasses.dataclass
class Cost:
    """Of one fetch; the peaks are the largest process's on each side, since it started."""
    seconds: float
    sender_cpu_seconds: float
    receiver_cpu_seconds: float
    sender_peak_mib: float
    receiver_peak_mib: float


def measure(target, length, command, senders, receivers=()):
    """Runs `command()` and adds up what it and the daemons on both sides spent meanwhile.

    It writes into memory that was just in use (Reserve tells why). A fetch that only the machine bounds ends before free
    memory is given back: for it as much is written and deleted first.

    - target: where that may be written; None where links hold the fetch up.
    - length: bytes that it writes.
    """
    if target:
        time.sleep(REPORTING_SECONDS)
        write_and_delete(target, min(length, 3 * GIB) + SPARE_BYTES)
    with contextlib.nullcontext() if target else Reserve(length):
        before = [[daemon.cpu_seconds() for daemon in side] for side in (senders, receivers)]
        with PeakMemory(daemon.process.pid for daemon in senders) as sent:
            with PeakMemory(daemon.process.pid for daemon in receivers) as received:
                finished = command()
    spent = [
        sum(daemon.cpu_seconds() for daemon in side) - sum(seconds)
        for side, seconds in zip((senders, receivers), before)
    ]
    return Cost(
        finished.seconds, spent[0], spent[1] + finished.cpu_seconds, sent.mib, max(received.mib, finished.peak_mib)
    )


def checked_fetch(way, source, target):
    """One fetch from a warm page cache, all else written; a failure unless the result equals the source."""
    warm(source)
    os.sync()
    try:
        cost = way.fetch(target)
        if not same(source, target):
            raise Failure(f"{way.name}: the result differs from the source")
        return cost
    finally:
        put_away(target)


def compare(bench, ways, source, bound=None, to="bound", goal=None):
    """Fetches with each way in turn, run by run, and adds a row for each.

    - bound: the way that the others' ratios are to, and `to` its name in them.
    - goal: a way and the ratio that it should have at most.
    """
    costs = {way: [] for way in ways}
    # The first round only warms caches and memory up.
    for round in range(1 + bench.runs):
        for way in ways:
            try:
                cost = checked_fetch(way, source, bench.directory / "result.bin")
                if round > 0:
                    costs[way].append(cost)
            except Failure as failure:
                bench.fail(failure)
    for way, runs in costs.items():
        if runs:
            report(bench, way, runs, (to, costs.get(bound)), goal)


def report(bench, way, runs, bound, goal):
    spent = median(run.sender_cpu_seconds for run in runs), median(run.receiver_cpu_seconds for run in runs)
    cells = table.seconds([run.seconds for run in runs])
    to, bound_runs = bound
    if bound_runs:
        ratio = median(run.seconds for run in runs) / median(run.seconds for run in bound_runs)
        cells["ratio"] = f"{ratio:.2f} x {to}"
        if goal and goal[0] is way:
            cells["goal"] = table.at_most(ratio, goal[1])
    peaks = max(run.sender_peak_mib for run in runs), max(run.receiver_peak_mib for run in runs)
    bench.add(
        way.name, **cells, cpu=f"{spent[0]:.2f} + {spent[1]:.2f}", memory=f"{peaks[0]:.1f} / {peaks[1]:.1f}")


def median(values):
    return statistics.median(values)
