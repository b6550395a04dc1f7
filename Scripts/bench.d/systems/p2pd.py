"""p2pd with a file, or a directory of files, at a number of holders."""

import os

from cost import measure
from data import files_below, length_of, share_with
from process import Failure
from swarm import LOOPBACK, Manager, Peer


class Swarm:
    """A manager and the holders, all on one host unless more are added."""

    def __init__(self, bench, source, holders, *options, name="", host=LOOPBACK):
        self.bench, self.source, self.length, self.host = bench, source, length_of(source), host
        self.prefix = name
        self.manager = Manager(bench, host, f"{name}manager")
        self.holders = []
        for _ in range(holders):
            self.add_holder(host, *options)

    def add_holder(self, host, *options):
        name = f"{self.prefix}holder{len(self.holders)}"
        share_with(self.bench.directory / name, self.source)
        holder = Peer(self.bench, name, self.manager, *options, host=host)
        holder.wait_for_files(len(files_below(self.source)))
        self.holders.append(holder)
        return holder

    def fetcher(self, *options, host=None, name="fetcher"):
        """A new peer that knows all holders."""
        fetcher = Peer(self.bench, f"{self.prefix}{name}", self.manager, *options, host=host or self.host)
        fetcher.wait_for_peers(self.holders)
        return fetcher

    @property
    def name(self):
        """As `req` takes it."""
        return self.source.name + ("/" if self.source.is_dir() else "")

    def check_root(self, root):
        """- root: as other code than p2pd's computes it: both must mean the same by verification."""
        claimed = self.holders[0].ask("files")["files"][0]["root"]
        if claimed != root:
            raise Failure(f"p2pd's root of {self.source.name} is {claimed}, and not {root}")


class P2PD:
    """A fetch from a swarm; each is that of a new peer, since a peer keeps what it fetched."""

    def __init__(self, swarm, *options):
        self.swarm, self.options = swarm, options
        count = len(swarm.holders)
        self.name = f"p2pd, {count} holder{'s' if count > 1 else ''}, {' '.join(options) or 'synced'}"

    def fetch(self, target):
        swarm = self.swarm
        fetcher = swarm.fetcher()
        try:
            senders = [holder.daemon for holder in swarm.holders]
            cost = measure(target, swarm.length, lambda: self.request(fetcher), senders, [fetcher.daemon])
            os.rename(fetcher.share / swarm.source.name, target)
            return cost
        finally:
            fetcher.remove()

    def request(self, fetcher):
        return fetcher.request(self.swarm.name, *self.options)[0]
