"""A crowd whose links are what bounds it."""

from benchmarks.crowd import alternate, make_source, report
from data import MIB
from network import Network
from process import Daemon, Skipped
from swarm import LOOPBACK
from systems.crowd import BareCrowd, P2PDCrowd, TorrentCrowd
from systems.p2pd import Swarm

# Each way, of every peer and of the origin.
RATE = 20_000_000
LIMITS = (f"--max-upload={RATE}", f"--max-download={RATE}")


def crowd20(bench):
    """One origin, 8 and 24 peers, 128 MiB, links of 20 MB/s: by tbf in namespaces, by the daemons' own limits."""
    source = make_source(bench, bench.size(128 * MIB, 16 * MIB), 24)
    for count, goal in ((8, 1.1), (24, 1.15)):
        try:
            with Network() as network:
                shaped(bench, source, network, count, goal)
        except Skipped as skipped:
            bench.skip(f"1 to {count}, tbf", skipped)
        swarm = Swarm(bench, source, 1, *LIMITS, name=f"limit{count}-")
        compare(bench, f"1 to {count}, own limits", goal, swarm, [LOOPBACK] * count, [], LIMITS)


def shaped(bench, source, network, count, goal):
    origin, *hosts = [network.host(rate=RATE) for _ in range(1 + count)]
    swarm = Swarm(bench, source, 0, name=f"tbf{count}-", host=network.hub())
    swarm.add_holder(origin)
    others = [("bare C", lambda: BareCrowd(bench, source, hosts, origin))]
    if count == 8:
        others.append(("libtorrent", lambda: TorrentCrowd(bench, source, hosts, origin)))
    compare(bench, f"1 to {count}, tbf", goal, swarm, hosts, bench.available(others))


def compare(bench, what, goal, swarm, hosts, others, peer_options=()):
    fast, safe = (P2PDCrowd(swarm, hosts, sync, peer_options, is_limited=True) for sync in (False, True))
    runs = alternate(bench, swarm.source, [*others, fast, safe])
    Daemon.stop_all()
    goals = {"ratio": goal, "sent": 1.2}
    for way, costs in runs.items():
        report(
            bench, f"{what}, {way.name}", costs, goals if way is fast else {}, fluid_bound(swarm.length, len(hosts)))


def fluid_bound(length, count):
    """Seconds that no way to share a file can beat: the origin sends it once, each peer receives all of it, and all
    together send it `count` times."""
    return max(length / RATE, count * length / (RATE + count * RATE))
