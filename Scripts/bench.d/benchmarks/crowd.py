"""Many that fetch the same file from one holder, and from each other."""

import os

import table
from cost import median
from data import MIB, make_file, need_room, warm
from process import Failure
from swarm import LOOPBACK
from systems.crowd import P2PDCrowd, TorrentCrowd
from systems.p2pd import Swarm


def crowd(bench):
    """One origin and eight peers that fetch 256 MiB at once, until the last has it; what the origin sent."""
    source = make_source(bench, bench.size(256 * MIB, 32 * MIB), 8)
    hosts = [LOOPBACK] * 8
    swarm = Swarm(bench, source, 1)
    fast, safe = (P2PDCrowd(swarm, hosts, sync) for sync in (False, True))
    others = bench.available([("libtorrent", lambda: TorrentCrowd(bench, source, hosts))])
    runs = alternate(bench, source, [*others, fast, safe])
    for way, costs in runs.items():
        goals = (("seconds", 1.5), ("sent", 1.2)) if way is fast else ()
        report(bench, f"1 to 8, {way.name}", costs, dict(goals))


def make_source(bench, length, peers):
    need_room(bench.directory, (2 * peers + 1) * length)
    source = bench.directory / "source.bin"
    make_file(source, length)
    return source


def alternate(bench, source, ways):
    """All ways in turn, run by run; the first round only warms up."""
    runs = {way: [] for way in ways}
    for round in range(1 + bench.runs):
        for way in ways:
            warm(source)
            os.sync()
            try:
                run = way.fetch()
                if round > 0:
                    runs[way].append(run)
            except Failure as failure:
                bench.fail(failure)
    return {way: costs for way, costs in runs.items() if costs}


def report(bench, what, runs, goals, bound=None):
    """- bound: the fluid bound in seconds, where the links have one."""
    costs, sent = [cost for cost, _ in runs], median(sent for _, sent in runs)
    middle = median(cost.seconds for cost in costs)
    ratios, met = [f"origin sent {sent:.2f} x file"], []
    if bound:
        ratios.insert(0, f"{middle / bound:.2f} x bound")
    for figure, value in (("seconds", middle), ("ratio", middle / bound if bound else 0), ("sent", sent)):
        if figure in goals:
            met.append(table.at_most(value, goals[figure], " s" if figure == "seconds" else ""))
    bench.add(
        what, **table.seconds([cost.seconds for cost in costs]), ratio=", ".join(ratios), goal="; ".join(met),
        cpu=" + ".join(
            f"{median(getattr(cost, f'{side}_cpu_seconds') for cost in costs):.2f}" for side in ("sender", "receiver")),
        memory=" / ".join(
            f"{max(getattr(cost, f'{side}_peak_mib') for cost in costs):.1f}" for side in ("sender", "receiver")))
