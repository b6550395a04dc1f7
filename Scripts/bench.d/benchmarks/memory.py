"""What daemons keep in memory."""

import time

import table
from cost import checked_fetch
from data import GIB, KIB, MIB, has_room, make_file, make_files
from process import Daemon
from swarm import Manager, Peer
from systems.p2pd import P2PD, Swarm


def memory(bench):
    """What an idle manager, a peer sharing 100,000 files and both ends of a fetch of 8 GiB keep resident."""
    manager = Manager(bench)
    time.sleep(2)
    for field, what in (("VmRSS", "resident"), ("RssAnon", "private")):
        bench.add(f"idle manager, {what}", median=f"{manager.daemon.memory_mib(field):.1f} MiB")
    share_many(bench, manager, bench.size(100_000, 10_000))
    Daemon.stop_all()
    fetch_large(bench, bench.size(8 * GIB, 128 * MIB))


def share_many(bench, manager, count):
    make_files(bench.directory / "many", count, 4 * KIB)
    peer = Peer(bench, "many", manager)
    peer.wait_for_files(count)
    peak = peer.daemon.memory_mib("VmHWM")
    bench.add(
        f"peer sharing {count:,} files, which it has just hashed, peak", median=f"{peak:.1f} MiB",
        goal=table.at_most(peak, 128, " MiB"))


def fetch_large(bench, length):
    size = f"{length / GIB:g} GiB"
    if not has_room(bench.directory, 2 * length):
        return bench.skip(size, f"{bench.directory} has no room for twice that; see --directory")
    source = bench.directory / "large.bin"
    make_file(source, length)
    cost = checked_fetch(P2PD(Swarm(bench, source, 1)), source, bench.directory / "result.bin")
    for what, peak in (("holder of", cost.sender_peak_mib), ("peer fetching", cost.receiver_peak_mib)):
        bench.add(f"{what} {size}, peak", median=f"{peak:.1f} MiB", goal=table.at_most(peak, 64, " MiB"))
