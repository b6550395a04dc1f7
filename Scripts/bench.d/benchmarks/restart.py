"""A start with an index that is there already."""

import statistics
import time

import table
from data import KIB, cached_bytes, cool_tree, make_files
from swarm import Manager, Peer


def restart(bench):
    """A peer with 100,000 indexed files of 4 KiB starts again, until its index is ready; what it reads of them then."""
    count = bench.size(100_000, 5_000)
    manager = Manager(bench)
    make_files(bench.directory / "many", count, 4 * KIB)
    started = time.monotonic()
    peer = Peer(bench, "many", manager)
    peer.wait_for_files(count)
    bench.add(f"first start, {count:,} files hashed", **table.seconds([time.monotonic() - started]))
    seconds, read, peak = [], [], 0
    for _ in range(bench.runs):
        peer.daemon.stop()
        # What is hashed is read, and what is read is in the page cache then.
        cool_tree(peer.share)
        started = time.monotonic()
        peer.start()
        peer.wait_for_files(count, pause=0.005)
        seconds.append(time.monotonic() - started)
        peak = max(peak, peer.daemon.memory_mib("VmHWM"))
        read.append(cached_bytes(peer.share))
    bench.add(
        f"started again, {count:,} files, until ready", **table.seconds(seconds),
        goal=table.at_most(statistics.median(seconds), 2, " s"))
    bench.add("bytes of those files read meanwhile", **table.spread(read, "", 0), goal=table.at_most(max(read), 0))
    bench.add("its memory, peak", median=f"{peak:.1f} MiB", goal=table.at_most(peak, 128, " MiB"))
