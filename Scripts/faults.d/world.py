"""A swarm to which something is done; what it made of processes, mounts and namespaces is gone when it is closed."""

import contextlib
import os
import pathlib
import random
import shutil
import subprocess
import time

from daemons import Manager, Peer
from data import same
from process import Daemon, Failure, wait_until
from request import PATIENCE_SECONDS, Request

NAME = "directory/file.bin"
MIB = 1 << 20


class Skipped(Exception):
    """This machine does not allow it."""


def command(*words):
    """Runs a tool of the system to its end."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def need_root(what):
    if os.geteuid() != 0:
        raise Skipped(f"{what} takes root")


def need_tool(*names):
    for name in names:
        if shutil.which(name) is None:
            raise Skipped(f"there is no {name}")


class World:
    def __init__(self, programs, directory, seed):
        self.programs, self.directory = programs, pathlib.Path(directory)
        self.random = random.Random(seed)
        self.cleanup = contextlib.ExitStack()
        self.manager = self.fetcher = self.original = None
        self.holders = []

    def close(self):
        Daemon.stop_all()
        self.cleanup.close()

    # MARK: Making

    def peer(self, name, *options, **keywords):
        return Peer(self.programs, self.directory, name, keywords.pop("manager", self.manager), *options, **keywords)

    def holder(self, *options, **keywords):
        """A peer that offers the file."""
        peer = self.peer(f"holder{len(self.holders)}", *options, **keywords)
        self.put(peer)
        peer.start()
        self.holders.append(peer)
        self.await_offer(peer)
        return peer

    def put(self, peer, name=NAME, content=None):
        path = peer.share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or self.original.read_bytes())

    def await_offer(self, peer, name=NAME):
        wait_until(lambda: name in peer.files(), f"{peer.name} offers {name}", [peer.daemon])

    def swarm(self, holders=1, length=32 * MIB, seconds=4, fetcher=(), wrapper=()):
        """A manager, holders of one file, and a fetcher that is limited so that the transfer takes so long."""
        self.make_original(length)
        self.manager = Manager(self.programs, self.directory)
        for _ in range(holders):
            self.holder()
        self.fetcher = self.peer("fetcher", "--max-download", str(int(length / seconds)), *fetcher, wrapper=wrapper)
        self.fetcher.start()
        self.await_roster()

    def make_original(self, length):
        self.original = self.directory / "original"
        self.original.write_bytes(self.random.randbytes(length))

    def await_roster(self, seconds=PATIENCE_SECONDS):
        """Until the fetcher knows all holders. Returns how long that took."""
        return self.time(lambda: self.fetcher.knows(self.holders), "the fetcher knows all holders", seconds)

    def tmpfs(self, path, size):
        """A file system of so many bytes of its own."""
        need_root("a mount")
        path = pathlib.Path(path)
        path.mkdir(parents=True, exist_ok=True)
        try:
            command("mount", "-t", "tmpfs", "-o", f"size={size}", "p2pd-faults", str(path))
        except Failure as failure:
            raise Skipped(f"no tmpfs can be mounted: {failure}") from failure
        self.cleanup.callback(subprocess.run, ["umount", "-l", str(path)], stderr=subprocess.DEVNULL, check=False)
        return path

    # MARK: Fetching

    def request(self, *options, peer=None, name=NAME, **keywords):
        """A p2pctl that fetches, whose download has begun."""
        request = Request(peer or self.fetcher, name, *options, **keywords)
        self.cleanup.callback(request.end)
        wait_until(
            lambda: request.was_taken() or request.process.poll() is not None, "the download begins", self.daemons)
        return request

    @property
    def daemons(self):
        return [peer.daemon for peer in [self.manager, self.fetcher, *self.holders] if peer is not None]

    def fetched(self):
        return self.fetcher.ask("status")["bytesIn"]

    def await_part(self, fraction, of=None):
        """Until so much of the file has come; returns how much that is."""
        wanted = fraction * (of or self.original.stat().st_size)
        wait_until(lambda: self.fetched() >= wanted, f"{fraction:.0%} are fetched", self.daemons)
        return self.fetched()

    def finish(self, request, seconds=PATIENCE_SECONDS):
        """The download ends well, and the file is right. Returns how long it took from now."""
        start = time.monotonic()
        code, event = request.result(seconds)
        if code != 0:
            raise Failure(f"p2pctl req ended with {code}: {event}")
        self.check_file()
        return time.monotonic() - start

    def check_file(self, peer=None, name=NAME):
        if not same(self.original, (peer or self.fetcher).share / name):
            raise Failure("the file differs from the original")

    def await_file(self, seconds=PATIENCE_SECONDS):
        """For a download that nobody waits for any more. Returns how long it took."""
        taken = self.time((self.fetcher.share / NAME).exists, "the file is there", seconds)
        self.check_file()
        return taken

    def downloads(self):
        return self.fetcher.ask("downloads")["downloads"]

    def time(self, condition, what, seconds=PATIENCE_SECONDS, daemons=()):
        """Waits until `condition()`; returns how many seconds that took."""
        start = time.monotonic()
        wait_until(condition, what, list(daemons), seconds)
        return time.monotonic() - start


def expect(condition, what):
    if not condition:
        raise Failure(f"not so: {what}")
