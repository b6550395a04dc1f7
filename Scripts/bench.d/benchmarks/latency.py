"""How long a small request takes."""

import statistics
import time

import control
import table
from data import KIB, make_file, same
from process import Failure
from swarm import Manager, Peer


def latency(bench):
    """`req` of 1 KiB in a swarm of 100 peers: the daemon's answer on its socket, and the whole `p2pctl req`."""
    peers, count = bench.size(100, 20), 20 * bench.runs
    manager = Manager(bench)
    holder = Peer(bench, "holder", manager)
    for number in range(4 * count):
        make_file(holder.share / f"{number}", KIB, seed=number)
    holder.wait_for_files(4 * count)
    others = [Peer(bench, f"peer{number}", manager) for number in range(peers - 2)]
    asking = Peer(bench, "asking", manager)
    for peer in (asking, *others):
        peer.wait_for_peers([holder, asking, *others])
    names = iter(range(4 * count))
    for sync, what in ((False, "--no-sync"), (True, "synced")):
        for name, request in (("the daemon's answer", answered), ("whole p2pctl req", commanded)):
            seconds = [request(bench, holder, asking, str(next(names)), sync) for _ in range(count)]
            goal = table.at_most(1000 * statistics.median(seconds), 5, " ms")
            bench.add(f"1 KiB among {peers} peers, {what}: {name}", **table.milliseconds(seconds), goal=goal)


def answered(bench, holder, asking, name, sync):
    started = time.monotonic()
    *_, answer = control.lines_of(asking.socket, "req", {"name": name, "sync": sync})
    seconds = time.monotonic() - started
    if answer.get("result", {}).get("state") != "done":
        raise Failure(f"req of {name} was answered with {answer}")
    return checked(holder, asking, name, seconds)


def commanded(bench, holder, asking, name, sync):
    finished, _ = asking.request(name, *([] if sync else ["--no-sync"]))
    return checked(holder, asking, name, finished.seconds)


def checked(holder, asking, name, seconds):
    if not same(holder.share / name, asking.share / name):
        raise Failure(f"{name} differs from the source")
    return seconds
