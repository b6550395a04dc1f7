"""A manager and its peers, as a user would start them."""

import dataclasses
import json
import pathlib
import shutil

import control
from process import Daemon, Failure, free_port, run, wait_until


@dataclasses.dataclass
class Host:
    """Where daemons run: an address, and what puts a command there."""
    address: str = "127.0.0.1"
    enter: tuple = ()

    @property
    def openly(self):
        return [] if self.address.startswith("127.") else ["--insecure"]


LOOPBACK = Host()


class Manager:
    def __init__(self, bench, host=LOOPBACK, name="manager"):
        port = free_port()
        self.address = f"{host.address}:{port}"
        self.daemon = Daemon(
            [*host.enter, f"{bench.programs}/p2pd", "manager", "--listen", self.address, *host.openly],
            f"{bench.directory}/{name}.log",
        )
        wait_until(lambda: " listening " in self.daemon.log.read_text(), "the manager listens", [self.daemon])


class Peer:
    def __init__(self, bench, name, manager, *options, share=None, host=LOOPBACK):
        self.name, self.directory = name, pathlib.Path(bench.directory)
        self.share = pathlib.Path(share or self.directory / name)
        self.share.mkdir(parents=True, exist_ok=True)
        self.state, self.socket = self.directory / f"{name}.state", self.directory / f"{name}.socket"
        port = free_port()
        self.address = f"{host.address}:{port}"
        self.p2pctl = f"{bench.programs}/p2pctl"
        self.command = [
            *host.enter, f"{bench.programs}/p2pd", "peer", port, self.share, "--manager", manager.address,
            "--control", self.socket, "--state", self.state, "--bind", host.address, *host.openly, *options,
        ]
        self.start()

    def start(self):
        self.daemon = Daemon(self.command, self.directory / f"{self.name}.log")
        wait_until(self.answers, f"{self.name} answers", [self.daemon], pause=0.005)

    def answers(self):
        try:
            return bool(self.ask("status"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def ask(self, method, **params):
        return control.ask(self.socket, method, **params)

    def is_ready(self, count):
        """It offers that many files and hashes nothing."""
        status = self.ask("status")
        return status["indexing"]["state"] == "ready" and status["files"] >= count

    def wait_for_files(self, count, seconds=300, pause=0.05):
        wait_until(
            lambda: self.is_ready(count), f"{count} files indexed by {self.name}", [self.daemon], seconds, pause)

    def wait_for_peers(self, others):
        expected = {peer.address for peer in others}
        wait_until(
            lambda: expected <= {peer["address"] for peer in self.ask("peers")["peers"]},
            f"{len(expected)} peers in the roster of {self.name}", [self.daemon],
        )

    def req(self, name, *options):
        """The command that fetches a file or a directory."""
        return [self.p2pctl, "--control", self.socket, "req", name, "--json", "--timeout", "300", *options]

    def request(self, name, *options):
        """Fetches; the wall clock is that of the whole `p2pctl req`. Gives that and the `done` object."""
        finished = run(self.req(name, *options), self.directory)
        return finished, done(finished)

    def remove(self):
        """Ends it, and deletes what it fetched and remembers."""
        self.daemon.stop()
        for leftover in (self.share, self.state):
            shutil.rmtree(leftover, ignore_errors=True)


def request_together(peers, name, sync):
    """All peers fetch at once. They are asked by their sockets: on machines of their own each has a p2pctl for itself,
    and as many beside each other would take the daemons' time.

    - Returns: the seconds until each has it.
    """
    answers = control.ask_together([peer.socket for peer in peers], "req", {"name": name, "sync": sync})
    for answer, _ in answers:
        if answer.get("result", {}).get("state") != "done" or answer["result"]["already"]:
            raise Failure(f"req of {name} was answered with {answer}")
    return [seconds for _, seconds in answers]


def events(finished):
    return [json.loads(line) for line in finished.output.splitlines()]


def done(finished):
    last = events(finished)[-1]
    if last["event"] != "done" or last["already"]:
        raise Failure(f"req ended with {last}")
    return last
