"""Three ways to fetch one file over loopback: bare C, curl from nginx, p2pd."""

import dataclasses
import os
import pathlib
import shutil

from data import GIB, same, share_with, warm, write_and_delete
from process import Daemon, Failure, accepts, free_port, run, wait_until
from swarm import Manager, Peer

NGINX = """\
daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
events {{}}
http {{
    access_log off; sendfile on;
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclasses.dataclass
class Cost:
    """Of one fetch; the peaks are the largest process's on each side, since it started."""
    seconds: float
    sender_cpu_seconds: float
    receiver_cpu_seconds: float
    sender_peak_mib: float
    receiver_peak_mib: float


def measure(target, length, command, senders, receivers=()):
    """Runs `command()` and adds up what it and the daemons on both sides spent meanwhile.

    A file of the same size, up to 1 GiB, is written and deleted first, so that the fetch writes into memory that was
    just in use: what a virtual machine has not used for a while it has to get back from its host, which takes longer
    than the fetch.
    """
    write_and_delete(target, min(length, GIB))
    before = [[daemon.cpu_seconds() for daemon in side] for side in (senders, receivers)]
    finished = command()
    spent = [
        sum(daemon.cpu_seconds() for daemon in side) - sum(seconds)
        for side, seconds in zip((senders, receivers), before)
    ]
    peaks = [max((daemon.memory_mib("VmHWM") for daemon in side), default=0) for side in (senders, receivers)]
    return Cost(
        finished.seconds, spent[0], spent[1] + finished.cpu_seconds, peaks[0], max(peaks[1], finished.peak_mib)
    )


class Bare:
    name = "bare C, unverified"

    def __init__(self, bench, source):
        self.directory, self.length = bench.directory, source.stat().st_size
        self.program, self.port = bench.bare(), str(free_port())
        self.sender = Daemon([self.program, "send", self.port, str(source)], f"{self.directory}/bare.log")
        wait_until(lambda: accepts(int(self.port)), "bare listens", [self.sender])

    def fetch(self, target):
        command = [self.program, "receive", self.port, str(target)]
        return measure(target, self.length, lambda: run(command, self.directory), [self.sender])


class Curl:
    name = "curl from nginx, unverified"

    def __init__(self, bench, source):
        port = free_port()
        self.directory, self.length = bench.directory, source.stat().st_size
        self.url = f"http://127.0.0.1:{port}/{source.name}"
        configuration = pathlib.Path(self.directory, "nginx.conf")
        configuration.write_text(NGINX.format(directory=self.directory, port=port, root=source.parent))
        command = [nginx(), "-p", str(self.directory), "-e", "stderr", "-c", str(configuration)]
        self.sender = Daemon(command, f"{self.directory}/nginx-output.log")
        wait_until(lambda: accepts(port), "nginx listens", [self.sender])

    def fetch(self, target):
        command = ["curl", "-fsS", "-o", str(target), self.url]
        return measure(target, self.length, lambda: run(command, self.directory), [self.sender])


class Swarm:
    """p2pd with the file at a number of holders. Every fetch is that of a new peer: it keeps what it fetched."""

    def __init__(self, bench, source, holders):
        self.name = f"p2pd, verified, {holders} holder{'s' if holders > 1 else ''}"
        self.bench, self.source, self.length = bench, source, source.stat().st_size
        self.manager = Manager(bench.programs, bench.directory)
        self.holders = [self.holder(index) for index in range(holders)]
        for holder in self.holders:
            holder.wait_for_files(1)

    def holder(self, index):
        share = self.bench.directory / f"holder{index}"
        share_with(share, self.source)
        return Peer(self.bench.programs, self.bench.directory, f"holder{index}", share, self.manager)

    def fetch(self, target):
        share = self.bench.directory / "fetcher"
        fetcher = Peer(self.bench.programs, self.bench.directory, "fetcher", share, self.manager)
        try:
            fetcher.wait_for_peers(self.holders)
            senders = [holder.daemon for holder in self.holders]
            cost = measure(target, self.length, lambda: fetcher.request(self.source.name), senders, [fetcher.daemon])
            os.rename(share / self.source.name, target)
            return cost
        finally:
            fetcher.daemon.stop()
            for leftover in (share, self.bench.directory / "fetcher.state"):
                shutil.rmtree(leftover, ignore_errors=True)

def checked_fetch(way, source, target):
    """One fetch from a warm page cache, all else written; a failure unless the result equals the source."""
    warm(source)
    os.sync()
    try:
        cost = way.fetch(target)
        if not same(source, target):
            raise Failure(f"{way.name}: the result differs from the source")
        return cost
    finally:
        target.unlink(missing_ok=True)


def nginx():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
