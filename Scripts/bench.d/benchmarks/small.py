"""Many small files."""

from cost import compare
from data import KIB, make_files
from systems.p2pd import P2PD, Swarm
from systems.rsync import Rsync


def small(bench):
    """10,000 files of 4 KiB in 100 directories by `req DIR/`, beside rsync from a daemon, run by run."""
    source = bench.directory / "small"
    make_files(source, bench.size(10_000, 1_000), 4 * KIB)
    swarm = Swarm(bench, source, 1)
    fast = P2PD(swarm, "--no-sync")
    others = bench.available([(Rsync.name, lambda: Rsync(bench, source))])
    compare(
        bench, [*others, fast, P2PD(swarm)], source, bound=others[0] if others else None, to="rsync", goal=(fast, 2))
