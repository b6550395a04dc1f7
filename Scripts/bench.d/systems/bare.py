"""Two C programs: the least that moves a file, and the least that moves and verifies it."""

import platform

from cost import measure
from process import Daemon, Skipped, accepts, free_port, run, wait_until


class Bare:
    """`sendfile` into a socket, 1 MiB at a time from it into the file."""
    name = "bare C, unverified"

    def __init__(self, bench, source):
        self.directory, self.length = bench.directory, source.stat().st_size
        self.program, self.port = bench.c_program("bare"), free_port()
        self.sender = Daemon([self.program, "send", self.port, source], f"{self.directory}/bare.log")
        wait_until(lambda: accepts(self.port), "bare listens", [self.sender])

    def fetch(self, target):
        return measure(target, self.length, lambda: run(self.command(target), self.directory), [self.sender])

    def command(self, target):
        return [self.program, "receive", self.port, target]


class Verified(Bare):
    """The same, and a second thread that hashes what p2pd hashes before it writes; checked against the root."""
    name = "bare C, verified: the bound"

    def __init__(self, bench, source):
        super().__init__(bench, source)
        self.verifier = verifier(bench)
        self.root = root(bench, source)

    def command(self, target):
        return [self.verifier, "receive", self.port, target, self.root]


def verifier(bench):
    if platform.machine() != "x86_64":
        raise Skipped("intel-ipsec-mb exists for x86-64 only")
    return bench.c_program("verified", "-lIPSec_MB", "-lpthread")


def root(bench, source):
    """A file's root, computed by other code than p2pd's."""
    return run([verifier(bench), "root", source], bench.directory).output.strip()
