"""How fast new files are hashed."""

import shutil
import statistics
import time

import table
from data import GIB, MIB, length_of, make_file, need_room, warm
from process import Failure, Skipped, run
from swarm import Manager, Peer
from systems.bare import root


def index(bench):
    """A new directory of 8 GiB in the page cache, hashed by one worker, beside openssl and sha256sum on 2 GiB of it."""
    count, length = 8, bench.size(GIB, 32 * MIB)
    need_room(bench.directory, count * length)
    share = bench.directory / "new"
    share.mkdir()
    for number in range(count):
        make_file(share / f"{number}.bin", length, seed=number)
    warm(share)
    manager = Manager(bench)
    ours, theirs = [], {"openssl dgst -sha256": [], "sha256sum": []}
    for _ in range(bench.runs):
        for command, rates in theirs.items():
            rates.append(other(bench, command, [share / "0.bin", share / "1.bin"]))
        ours.append(hash_all(bench, manager, share, count))
    for command, rates in theirs.items():
        add_rates(bench, command, [rate for rate in rates if rate], [])
    add_rates(bench, "p2pd's index, --workers 1, with its start", ours, [table.at_least(middle(ours), 2.5, " GiB/s")])


def add_rates(bench, what, rates, goals):
    if rates:
        bench.add(what, **table.spread(rates, " GiB/s", 2), goal=" ".join(goals))


def middle(rates):
    return statistics.median(rates)


def other(bench, command, files):
    program, *options = command.split()
    try:
        seconds = run([bench.need(program), *options, *files], bench.directory).seconds
    except Skipped as skipped:
        return bench.skip(command, skipped)
    return sum(map(length_of, files)) / GIB / seconds


def hash_all(bench, manager, share, count):
    """From the start of a daemon that knows nothing until its index is ready."""
    started = time.monotonic()
    peer = Peer(bench, "new", manager, "--workers", "1", share=share)
    peer.wait_for_files(count, pause=0.005)
    seconds = time.monotonic() - started
    first = peer.ask("files")["files"][0]
    try:
        if first["root"] != root(bench, share / first["name"]):
            raise Failure(f"the root of {first['name']} is wrong")
    except Skipped:
        pass
    peer.daemon.stop()
    shutil.rmtree(peer.state)
    return length_of(share) / GIB / seconds
