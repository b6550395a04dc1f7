"""A peer is killed while it indexes many small files, some of which change before its next life."""

import hashlib
import pathlib
import time

from daemons import Manager, Peer
from fetching import Lost, Wrong
from process import Failure, wait_until
from request import PATIENCE_SECONDS

FILES = 2_000
LEAF = 16 * 1024


class Indexing:
    def __init__(self, programs, directory, plan):
        self.plan = plan
        self.peer = Peer(programs, directory, "indexer", Manager(programs, directory))
        # The root of a file of one leaf is its SHA-256.
        self.roots = {}
        for index in range(FILES):
            self.write(f"{index // 100}/{index}")

    def write(self, name):
        path = pathlib.Path(self.peer.share, name)
        path.parent.mkdir(exist_ok=True)
        content = self.plan.random.randbytes(self.plan.random.randint(1, LEAF))
        path.write_bytes(content)
        self.roots[name] = hashlib.sha256(content).hexdigest()

    def run(self):
        """Returns 0: nothing is fetched."""
        self.peer.start()
        for kill in self.plan.kills:
            self.await_moment(kill)
            self.peer.kill(kill.signal)
            self.change_some()
            time.sleep(kill.pause)
            self.peer.start()
        self.await_index()
        return 0

    def await_moment(self, kill):
        start = time.monotonic()
        while time.monotonic() < start + PATIENCE_SECONDS:
            indexing = self.peer.ask("status")["indexing"]
            done = indexing["state"] == "ready" or indexing["filesDone"] >= FILES * (kill.fraction or 0)
            if time.monotonic() - start >= kill.seconds if kill.fraction is None else done:
                return

    def change_some(self):
        names = self.plan.random.sample(sorted(self.roots), 30)
        for name in names[:10]:
            self.write(name)
        for name in names[10:20]:
            pathlib.Path(self.peer.share, name).unlink()
            del self.roots[name]
        for name in names[20:]:
            self.write(f"{name}.{self.peer.lives}")

    def await_index(self):
        try:
            wait_until(lambda: self.peer.files() == self.roots, "the index is right", [self.peer.daemon], PATIENCE_SECONDS)
        except Failure as failure:
            found = self.peer.files()
            wrong = [name for name in found if found[name] != self.roots.get(name)]
            if wrong:
                raise Wrong(f"{len(wrong)} files are offered that are not there, {wrong[0]} among them")
            raise Lost(f"{failure}: {len(self.roots.keys() - found.keys())} files are missing")
