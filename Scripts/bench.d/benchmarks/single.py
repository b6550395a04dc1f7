"""One file to one peer, from one holder or from four."""

from cost import compare
from data import GIB, MIB, make_file, need_room
from systems.bare import Bare, Verified
from systems.p2pd import P2PD, Swarm
from systems.rsync import Rsync
from systems.torrent import Libtorrent
from systems.web import Aria2, Curl, Nginx


def single(bench):
    """1 GiB from one holder, beside bare C, rsync, curl, aria2c and libtorrent, run by run."""
    beside(bench, 1)


def four(bench):
    """1 GiB from four holders, beside bare C, aria2c and libtorrent, run by run."""
    beside(bench, 4)


def beside(bench, holders):
    length = bench.size(GIB, 64 * MIB)
    need_room(bench.directory, 2 * length)
    source = bench.directory / "source.bin"
    make_file(source, length)
    swarm = Swarm(bench, source, holders)
    fast = P2PD(swarm, "--no-sync")
    others = bench.available(systems(bench, source, holders))
    bound = next((way for way in others if isinstance(way, Verified)), None)
    if bound:
        swarm.check_root(bound.root)
    compare(bench, [*others, fast, P2PD(swarm)], source, bound, goal=(fast, 1.15))


def systems(bench, source, holders):
    """The others, each by its name and what makes it."""
    yield Bare.name, lambda: Bare(bench, source)
    yield Verified.name, lambda: Verified(bench, source)
    if holders == 1:
        yield Rsync.name, lambda: Rsync(bench, source)
    servers = bench.available([("curl and aria2c", lambda: Nginx(bench, source, holders))])
    for nginx in servers:
        if holders == 1:
            yield Curl.name, lambda: Curl(bench, source, nginx)
        yield "aria2c", lambda: Aria2(bench, source, nginx, checksum=False)
        yield "aria2c with a checksum", lambda: Aria2(bench, source, nginx, checksum=True)
    yield "libtorrent", lambda: Libtorrent(bench, source, holders)
