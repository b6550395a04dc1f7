"""p2pd with a file at a number of holders."""

import os

from cost import measure
from data import share_with
from process import Failure
from swarm import Manager, Peer
from systems.bare import root


class Swarm:
    def __init__(self, bench, source, holders):
        self.bench, self.source, self.length = bench, source, source.stat().st_size
        self.manager = Manager(bench)
        self.holders = [self.holder(index) for index in range(holders)]
        for holder in self.holders:
            holder.wait_for_files(1)

    def holder(self, index):
        share = self.bench.directory / f"holder{index}"
        share_with(share, self.source)
        return Peer(self.bench, f"holder{index}", self.manager)

    def check_root(self):
        """p2pd and the C program, which computes it by other code, must mean the same by verification."""
        files = self.holders[0].ask("files")["files"]
        if files[0]["root"] != root(self.bench, self.source):
            raise Failure(f"p2pd's root of {self.source.name} is not BEP 52's")


class P2PD:
    """A fetch from a swarm; each is that of a new peer, since a peer keeps what it fetched."""

    def __init__(self, swarm, *options):
        self.swarm, self.options = swarm, options
        count = len(swarm.holders)
        self.name = f"p2pd, {count} holder{'s' if count > 1 else ''}, {' '.join(options) or 'synced'}"

    def fetch(self, target):
        swarm = self.swarm
        fetcher = Peer(swarm.bench, "fetcher", swarm.manager)
        try:
            fetcher.wait_for_peers(swarm.holders)
            senders = [holder.daemon for holder in swarm.holders]
            cost = measure(
                target, swarm.length, lambda: fetcher.request(swarm.source.name, *self.options)[0], senders,
                [fetcher.daemon])
            os.rename(fetcher.share / swarm.source.name, target)
            return cost
        finally:
            fetcher.remove()
