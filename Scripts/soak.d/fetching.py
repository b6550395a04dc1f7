"""A file is fetched while somebody is killed."""

import json
import os
import pathlib
import signal
import time

from daemons import Manager, Peer
from data import same
from plan import PIECE
from process import Failure, wait_until
from request import PATIENCE_SECONDS, Request

NAME = "directory/file.bin"
# What is written is synced and recorded at the latest after so many bytes or seconds: one, and what the disk takes.
BATCH_BYTES, BATCH_SECONDS = 64 * PIECE, 1.3
WORKERS_SECONDS = 0.5


class Lost(Failure):
    """A download that does not end."""


class Wrong(Failure):
    """A file with other bytes than the original."""


class Wasteful(Failure):
    """More was fetched twice than the last batch that was not synced."""


class Fetching:
    def __init__(self, programs, directory, plan):
        self.plan = plan
        self.original = pathlib.Path(directory, "original")
        self.original.write_bytes(plan.random.randbytes(plan.length))
        self.manager = Manager(programs, directory)
        self.holders = [self.holder(programs, directory, index) for index in range(plan.holders)]
        for holder in self.holders:
            wait_until(lambda: NAME in holder.files(), "the holder offers the file", [holder.daemon])
        self.fetcher = Peer(programs, directory, "fetcher", self.manager, "--max-download", str(plan.rate))
        self.fetcher.start()
        self.await_holders()
        self.target = self.fetcher.share / NAME
        self.bytes_before = self.bytes_now = self.allowed_twice = 0

    def await_holders(self):
        wait_until(lambda: self.fetcher.knows(self.holders), "the fetcher knows its holders", [self.fetcher.daemon])

    def holder(self, programs, directory, index):
        peer = Peer(programs, directory, f"holder{index}", self.manager)
        path = peer.share / NAME
        path.parent.mkdir()
        os.link(self.original, path)
        peer.start()
        return peer

    def run(self):
        """Returns how many bytes were fetched twice."""
        request = Request(self.fetcher, NAME)
        try:
            for kill in self.plan.kills:
                self.await_moment(kill)
                request = self.strike(kill, request)
            self.await_file()
            if self.plan.victim != "fetcher" and request.process.wait(PATIENCE_SECONDS) != 0:
                raise Lost(f"p2pctl says: {request.path.read_text().splitlines()[-1:]}")
        finally:
            request.end()
        return self.check()

    def await_moment(self, kill):
        start = time.monotonic()
        while True:
            there = self.target.exists()
            self.bytes_now = self.fetcher.ask("status")["bytesIn"]
            seconds, done = time.monotonic() - start, (self.bytes_before + self.bytes_now) / self.plan.length
            if there or seconds > PATIENCE_SECONDS:
                return
            if seconds >= kill.seconds if kill.fraction is None else done >= kill.fraction:
                return
            time.sleep(0.002)

    def strike(self, kill, request):
        victim = {"fetcher": self.fetcher, "manager": self.manager}.get(self.plan.victim, self.holders[0])
        taken, is_new = request.was_taken(), request.age() < BATCH_SECONDS
        victim.kill(kill.signal)
        if kill.damage:
            self.damage(kill.damage)
        time.sleep(kill.pause)
        victim.start()
        if victim is not self.fetcher:
            if request.was_taken() or request.process.poll() is None:
                return request
            # The only holder was gone before it answered: that nobody had it was true.
            self.await_holders()
            return Request(self.fetcher, NAME)
        self.bytes_before += self.bytes_now
        if kill.signal == signal.SIGKILL:
            self.allowed_twice += min(BATCH_BYTES, int(self.plan.rate * BATCH_SECONDS))
        # Of each holder a piece that has not come whole, and one that is being verified; and what lies before busy workers.
        self.allowed_twice += 2 * PIECE * self.plan.holders + int(self.plan.rate * WORKERS_SECONDS)
        request.end()
        if taken and is_new and kill.signal == signal.SIGKILL:
            # Its row may not have reached the disk; the client was told that its daemon had ended.
            taken = bool(self.fetcher.ask("downloads")["downloads"])
        # Nobody can go on with what was not begun.
        return request if taken or self.target.exists() else Request(self.fetcher, NAME)

    def partial_files(self):
        found = [*self.fetcher.state.glob("partial/**/*"), *self.fetcher.share.glob(".p2pd/partial*/**/*")]
        return [path for path in found if path.is_file() and path.stat().st_size > 0]

    def damage(self, kind):
        for path in self.partial_files():
            before = path.stat()
            if kind == "truncated":
                length = self.plan.random.randrange(before.st_size)
                os.truncate(path, length)
                self.allowed_twice += self.plan.length - length + PIECE
                continue
            with open(path, "r+b") as file:
                for _ in range(3):
                    file.seek(self.plan.random.randrange(before.st_size))
                    file.write(b"tampered")
                    self.allowed_twice += 2 * PIECE
            if kind == "tampered in secret":
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def await_file(self):
        daemons = [self.fetcher.daemon, self.manager.daemon, *(holder.daemon for holder in self.holders)]
        try:
            wait_until(self.target.exists, "the file is there", daemons, PATIENCE_SECONDS)
        except Failure as failure:
            raise Lost(f"{failure}; downloads: {json.dumps(self.fetcher.ask('downloads'))}")

    def check(self):
        if not same(self.original, self.target):
            raise Wrong("the file differs from the original")
        # Killed between a file's naming and the end of its record, the next daemon begins again until it has seen the file.
        wait_until(lambda: not self.partial_files(), "no partial file is left", [self.fetcher.daemon], PATIENCE_SECONDS)
        status = self.fetcher.ask("status")
        twice = self.bytes_before + status["bytesIn"] - self.plan.length
        if self.plan.victim == "fetcher" and twice > self.allowed_twice:
            raise Wasteful(f"{twice:,} bytes were fetched twice, {self.allowed_twice:,} can be explained")
        return max(0, twice)
