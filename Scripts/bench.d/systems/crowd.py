"""One file from one holder to many that start to fetch it at once."""

import shutil

from cost import measure
from data import same
from process import Failure, Finished, free_port, run_together
from swarm import LOOPBACK, request_together
from systems.torrent import Session, make_torrent


class P2PDCrowd:
    def __init__(self, swarm, hosts, sync, peer_options=(), is_limited=False):
        """- hosts: where the peers that fetch run, one for each; `is_limited`: their links are what bounds them."""
        self.swarm, self.hosts, self.sync, self.peer_options = swarm, hosts, sync, peer_options
        self.before = None if is_limited else swarm.bench.directory / "before"
        self.name = "p2pd, synced" if sync else "p2pd, --no-sync"

    def fetch(self):
        """What it cost until the last had it, and how often over the origin has sent the file."""
        fetchers = [
            self.swarm.fetcher(*self.peer_options, host=host, name=f"fetcher{number}")
            for number, host in enumerate(self.hosts)
        ]
        origin = self.swarm.holders[0]
        try:
            for fetcher in fetchers:
                fetcher.wait_for_peers([origin, *fetchers])
            before = origin.ask("status")["bytesOut"]
            cost = measure(
                self.before, len(fetchers) * self.swarm.length,
                lambda: Finished(max(request_together(fetchers, self.swarm.name, self.sync))), [origin.daemon],
                [fetcher.daemon for fetcher in fetchers])
            sent = origin.ask("status")["bytesOut"] - before
            check([fetcher.share / self.swarm.name for fetcher in fetchers], self.swarm.source)
            return cost, sent / self.swarm.length
        finally:
            for fetcher in fetchers:
                fetcher.remove()


class TorrentCrowd:
    """Every session is told of all others, so that no tracker takes part."""
    name = "libtorrent"

    def __init__(self, bench, source, hosts, origin=LOOPBACK):
        self.bench, self.source, self.hosts = bench, source, hosts
        self.torrent = make_torrent(bench, source)
        self.seeder = Session(bench, "seeder", "seed", self.torrent, source.parent, origin)

    def fetch(self):
        directories = [self.bench.directory / f"torrent{number}" for number in range(len(self.hosts))]
        sessions = []
        try:
            for directory, host in zip(directories, self.hosts):
                directory.mkdir()
                sessions.append(Session(self.bench, directory.name, "fetch", self.torrent, directory, host))
            before = self.seeder.payload_sent()
            length = self.source.stat().st_size
            cost = measure(None, len(sessions) * length, lambda: last(self.get(sessions)), [self.seeder], sessions)
            sent = self.seeder.payload_sent() - before
            for session in sessions:
                session.stop()
            check([directory / self.source.name for directory in directories], self.source)
            return cost, sent / length
        finally:
            for session in sessions:
                session.stop()
            for directory in directories:
                shutil.rmtree(directory, ignore_errors=True)

    def get(self, sessions):
        for number, session in enumerate(sessions):
            session.begin([self.seeder.endpoint, *(other.endpoint for other in sessions[:number])])
        return [session.end() for session in sessions]


class BareCrowd:
    """The least that such links take on this machine: C programs that know who takes part, and verify nothing."""
    name = "bare C, unverified"

    def __init__(self, bench, source, hosts, origin):
        self.bench, self.source, self.hosts = bench, source, [origin, *hosts]
        self.program = bench.c_program("relay")

    def fetch(self):
        length, addresses = self.source.stat().st_size, [host.address for host in self.hosts]
        results = [self.bench.directory / f"relayed{number}" for number in range(len(self.hosts))]
        port = free_port()
        commands = [
            [*host.enter, self.program, number, port, length, result if number else self.source, *addresses]
            for number, (host, result) in enumerate(zip(self.hosts, results))
        ]
        try:
            cost = measure(
                None, (len(commands) - 1) * length, lambda: last(run_together(commands, self.bench.directory)), [])
            check(results[1:], self.source)
            return cost, 1
        finally:
            for result in results:
                result.unlink(missing_ok=True)


def last(runs):
    return Finished(
        max(run.seconds for run in runs), sum(run.cpu_seconds for run in runs), max(run.peak_mib for run in runs))


def check(results, source):
    for result in results:
        if not same(result, source):
            raise Failure(f"{result.name} of {result.parent.name} differs from the source")
