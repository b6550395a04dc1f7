"""What daemons hold while they run for long, and whether that stays flat."""

import os
import statistics
import time

from process import memory_mib

PAUSE_SECONDS = 10
# The part of the time that is not looked at: caches fill, and the allocator's arenas find their size.
WARM_UP = 1 / 6
# How much more the median of the last third may be than that of the first. What is open follows the sessions and
# transfers of the moment, a few more or less; and an allocator keeps what a burst took once. What is lost with every
# fetch or session, of which there are thousands in half an hour, comes to more.
DESCRIPTORS_MORE_MAX = 5
THREADS_MORE_MAX = 1
MEMORY_MORE_MAX, MEMORY_MORE_MIB_MAX = 0.1, 4

COLUMNS = ["descriptors", "threads", "RssAnon MiB", "VmRSS MiB"]
ANONYMOUS = 2
TENTHS = 10


class Vitals:
    def __init__(self, daemons):
        self.daemons = daemons
        self.begin = time.monotonic()
        self.samples = {daemon.name: [] for daemon in daemons}
        self.due = 0

    def step(self):
        now = time.monotonic()
        if now < self.due:
            return
        self.due = now + PAUSE_SECONDS
        for daemon in self.daemons:
            self.samples[daemon.name].append((now - self.begin, sample(daemon.pid)))

    def medians(self, name):
        """Of the first and of the last third after the warm-up, and the most of all."""
        samples = self.samples[name]
        end = samples[-1][0]
        start = WARM_UP * end
        third = (end - start) / 3
        first = [values for at, values in samples if start <= at <= start + third]
        last = [values for at, values in samples if at >= end - third]
        # A run that failed early has too few.
        first, last = first or [samples[0][1]], last or [samples[-1][1]]
        return median(first), median(last), [max(column) for column in zip(*(values for _, values in samples))]

    def is_flat(self, name):
        (descriptors, threads, anonymous, _), last, _ = self.medians(name)
        most = max(anonymous * (1 + MEMORY_MORE_MAX), anonymous + MEMORY_MORE_MIB_MAX)
        return (
            last[0] <= descriptors + DESCRIPTORS_MORE_MAX and last[1] <= threads + THREADS_MORE_MAX
            and last[2] <= most)

    def table(self):
        """Each cell: the median of the first third, of the last third, the most."""
        head = ["first third / last third / most", *COLUMNS, "verdict"]
        rows = [head]
        for daemon in self.daemons:
            cells = [" / ".join(f"{value:.1f}".removesuffix(".0") for value in values)
                     for values in zip(*self.medians(daemon.name))]
            rows.append([daemon.name, *cells, "flat" if self.is_flat(daemon.name) else "NOT FLAT"])
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        courses = ["", "RssAnon MiB, a median for each tenth of the time:", *map(self.course, self.samples)]
        return "\n".join([*lines, *courses])

    def course(self, name):
        """Whether it still grows in the end, or has found its size."""
        values = [values[ANONYMOUS] for _, values in self.samples[name]]
        edges = [len(values) * tenth // TENTHS for tenth in range(TENTHS + 1)]
        medians = [statistics.median(values[start:end]) for start, end in zip(edges, edges[1:]) if start < end]
        return f"{name}  {'  '.join(f'{value:.1f}' for value in medians)}"


def sample(pid):
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    threads = len(os.listdir(f"/proc/{pid}/task"))
    return [descriptors, threads, memory_mib(pid, "RssAnon"), memory_mib(pid, "VmRSS")]


def median(samples):
    return [statistics.median(column) for column in zip(*samples)]
