"""libtorrent 2 with its files as BitTorrent v2 torrents, which are verified by the same tree as p2pd's."""

import json
import pathlib
import subprocess
import sys

from cost import measure
from process import Daemon, Finished, Skipped
from swarm import LOOPBACK

SESSION = pathlib.Path(__file__).with_name("torrent_session.py")


class Session(Daemon):
    """A libtorrent session in a process of its own."""

    def __init__(self, bench, name, purpose, torrent, directory, host=LOOPBACK):
        super().__init__(
            [*host.enter, sys.executable, SESSION, purpose, torrent, directory, host.address],
            bench.directory / f"{name}.log", talks=True)
        self.endpoint = self.hear()

    def begin(self, endpoints):
        """Connects to others to get the file from them."""
        self.tell(json.dumps(endpoints))

    def end(self):
        """Waits until the file is whole."""
        return Finished(float(self.hear()))

    def payload_sent(self):
        self.tell("")
        return int(self.hear())


def make_torrent(bench, source):
    if subprocess.run([sys.executable, "-c", "import libtorrent"], check=False, capture_output=True).returncode:
        raise Skipped("no Python module libtorrent; see --install-peers")
    torrent = bench.directory / "source.torrent"
    if not torrent.exists():
        subprocess.run([sys.executable, SESSION, "make", source, torrent], check=True)
    return torrent


def get(session, endpoints):
    session.begin(endpoints)
    return session.end()


class Libtorrent:
    def __init__(self, bench, source, seeders):
        self.name = f"libtorrent, {seeders} seeder{'s' if seeders > 1 else ''}"
        self.bench, self.source, self.torrent = bench, source, make_torrent(bench, source)
        self.seeders = [
            Session(bench, f"seeder{index}", "seed", self.torrent, source.parent) for index in range(seeders)]

    def fetch(self, target):
        """The clock runs from the connect to the whole file, without the start of Python."""
        directory = self.bench.directory / "torrent-result"
        directory.mkdir()
        session = Session(self.bench, "torrent", "fetch", self.torrent, directory)
        try:
            endpoints = [seeder.endpoint for seeder in self.seeders]
            cost = measure(
                target, self.source.stat().st_size, lambda: get(session, endpoints), self.seeders, [session])
        finally:
            session.stop()
            result = directory / self.source.name
            if result.exists():
                result.rename(target)
            directory.rmdir()
        return cost
