"""A manager and what joins it."""

import json
import resource
import statistics
import time

import table
from process import Daemon, Failure, run
from swarm import Manager

# A roster's delta that says that one of p2pbench's peers has joined.
JOIN_BYTES = 62


def manager(bench):
    """1,000 and 10,000 peers join in one burst, then one at a time; memory of each; 200 joins and leaves a second."""
    for peers in (1_000, bench.size(10_000, 2_000)):
        if has_descriptors(bench, peers):
            burst(bench, peers)
    churn(bench, bench.size(5_000, 1_000))


def has_descriptors(bench, peers):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit < peers + 100:
        bench.skip(f"{peers:,} peers", f"only {limit:,} descriptors are allowed here (ulimit -n)")
    return limit >= peers + 100


class Load:
    """A manager, and p2pbench with a subcommand on it, whose lines are its events."""

    def __init__(self, bench, *arguments):
        self.manager = Manager(bench).daemon
        self.idle_mib = self.manager.memory_mib("VmRSS")
        address = self.manager.process.args[-1]
        self.bench = Daemon(
            [bench.programs / "p2pbench", *arguments, "--manager", address], bench.directory / "p2pbench.log",
            talks=True)

    def hear(self, event):
        said = json.loads(self.bench.hear())
        if said["event"] != event:
            raise Failure(f"p2pbench said {said}, not {event}")
        return said

    def stop(self):
        self.bench.stop()
        self.manager.stop()


def burst(bench, peers):
    """Joins, rests (what a connection keeps resident is seen then), and joins one by one."""
    rounds = bench.size(20, 5)
    seconds, resident, medians, worst, bare = [], [], [], [], []
    for _ in range(bench.runs):
        bare.append(bare_broadcast(bench, peers, rounds))
        load = Load(bench, "spread", "--peers", str(peers), "--rounds", str(rounds), "--rest", "5")
        seconds.append(load.hear("joined")["seconds_all_have_roster"])
        time.sleep(3)
        resident.append((load.manager.memory_mib("VmRSS") - load.idle_mib) * 1024 / peers)
        spread = load.hear("spread")
        medians.append(spread["median_ms"] / 1000)
        worst.append(spread["p99_ms"] / 1000)
        load.stop()
    large = peers >= 10_000
    what = f"{peers:,} peers"
    bench.add(
        f"{what} in one burst, until all hold the roster", **table.seconds(seconds),
        goal=table.at_most(statistics.median(seconds), 6, " s") if large else "")
    for name, values, limit in (("median", medians, 30), ("99th percentile", worst, 60)):
        bench.add(
            f"{what}, then one joins: {name} of its {rounds * peers:,} deliveries", **table.milliseconds(values),
            goal=table.at_most(1000 * statistics.median(values), limit, " ms") if large else "")
    for name, values in zip(("median", "99th percentile"), zip(*bare)):
        bench.add(f"{what}, a bare loop of send(2) to as many: {name}", **table.milliseconds(values))
    bench.add(
        f"{what}, resident for each idle connection", **table.spread(resident, " KiB", 2),
        goal=table.at_most(statistics.median(resident), 4, " KiB"))


def bare_broadcast(bench, peers, rounds):
    """How long the least that tells as many the same takes: the median and 99th percentile of its deliveries, in
    seconds."""
    program = [bench.c_program("broadcast"), peers, rounds, JOIN_BYTES]
    return [float(milliseconds) / 1000 for milliseconds in run(program, bench.directory).output.split()]


def churn(bench, peers, rate=200):
    """The manager's share of a core while peers come and go; p2pbench checks in the end that all know who stayed."""
    if not has_descriptors(bench, peers):
        return
    share = []
    for _ in range(bench.runs):
        load = Load(
            bench, "churn", "--peers", str(peers), "--rate", str(rate), "--seconds", str(bench.size(10, 3)))
        load.hear("joined")
        load.hear("begun")
        before = load.manager.cpu_seconds()
        ended = load.hear("ended")
        spent = load.manager.cpu_seconds() - before
        load.hear("checked")
        if ended["joins"] < 0.95 * rate * ended["seconds"]:
            raise Failure(f"p2pbench got no further than {ended}")
        share.append(spent / ended["seconds"])
        load.stop()
    bench.add(
        f"{peers:,} peers, {rate} joins and {rate} leaves a second, of a core", **table.spread(share, "", 2),
        goal=table.at_most(statistics.median(share), 0.5))
