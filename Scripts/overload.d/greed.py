"""Requesters that take what they can, beside others that take what they need."""

from battle import RATE, Battle
from daemons import Manager
from process import Failure
from world import MIB

GREEDY, HONEST = 3, 3


class Greed(Battle):
    """The holder's limit is the narrowest place; each of its requesters is due the same part of it."""

    def prepare(self, attack):
        world = self.world
        self.due = RATE // (GREEDY + HONEST)
        world.make_original(16 * MIB)
        world.manager = Manager(world.programs, world.directory)
        self.asked = self.victim = world.holder("--max-upload", str(RATE))
        # A file each, or they would help each other.
        self.fetchers = {f"honest{index}.bin": world.peer(f"fetcher{index}") for index in range(HONEST)}
        for name, fetcher in self.fetchers.items():
            world.put(self.asked, name, world.random.randbytes(self.due * self.seconds))
            world.await_offer(self.asked, name)
            fetcher.start()
            world.time(lambda: fetcher.knows([self.asked]), "the fetcher knows the holder")

    def alone(self):
        """What each is due, in MiB/s."""
        return self.due / MIB

    def transfer(self):
        """All fetch at once; returns the rate of the slowest."""
        requests = [
            self.world.request("--no-sync", peer=fetcher, name=name) for name, fetcher in self.fetchers.items()]
        results = [request.result(120) for request in requests]
        for (name, fetcher), (code, event) in zip(self.fetchers.items(), results):
            if code != 0:
                raise Failure(f"{fetcher.name} could not fetch: {event}")
            (fetcher.share / name).unlink()
            self.world.time(lambda: name not in fetcher.files(), "the fetcher has forgotten the file")
        return min(event["length"] / event["seconds"] for _, event in results) / MIB
