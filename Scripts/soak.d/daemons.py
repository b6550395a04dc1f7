"""Daemons that are killed and started again as they were."""

import pathlib
import random
import signal
import socket

import control
from process import Daemon, Failure, wait_until


def port():
    """A free port below those that the kernel gives to outgoing connections, which could take it between two lives."""
    while True:
        with socket.socket() as probe:
            number = random.randint(12_000, 32_000)
            try:
                probe.bind(("127.0.0.1", number))
                return number
            except OSError:
                pass


def insecure(host):
    return () if host.startswith("127.") else ("--insecure",)


class Restartable:
    """A p2pd; each of its lives has a log of its own. `wrapper` is a command that becomes it, as prlimit does."""

    def __init__(self, name, directory, command, wrapper=()):
        self.name, self.directory, self.lives = name, pathlib.Path(directory), 0
        self.command, self.wrapper = command, wrapper

    def launch(self):
        self.lives += 1
        self.daemon = Daemon([*self.wrapper, *self.command], self.directory / f"{self.name}.{self.lives}.log")

    def start(self):
        self.launch()
        wait_until(self.is_ready, f"{self.name} is ready", [self.daemon])

    @property
    def pid(self):
        return self.daemon.process.pid

    def log(self):
        return self.daemon.log.read_text(errors="replace")

    def kill(self, number):
        process = self.daemon.process
        process.send_signal(number)
        code = process.wait(20)
        Daemon.running.discard(self.daemon)
        if number == signal.SIGTERM and code != 0:
            raise Failure(f"{self.name} ended with {code} after SIGTERM: {self.daemon.log_end()}")


class Manager(Restartable):
    def __init__(self, programs, directory, host="127.0.0.1", wrapper=()):
        self.address = f"{host}:{port()}"
        command = [f"{programs}/p2pd", "manager", "--listen", self.address, *insecure(host)]
        super().__init__("manager", directory, command, wrapper)
        self.start()

    def is_ready(self):
        return " listening " in self.log()


class Peer(Restartable):
    def __init__(self, programs, directory, name, manager, *options, host="127.0.0.1", wrapper=()):
        self.share, self.state = (pathlib.Path(directory, f"{name}{suffix}") for suffix in ("", ".state"))
        self.share.mkdir(exist_ok=True)
        self.address = f"{host}:{port()}"
        self.socket = f"{directory}/{name}.socket"
        self.ctl = [f"{programs}/p2pctl", "--control", self.socket]
        super().__init__(name, directory, [
            f"{programs}/p2pd", "peer", self.address.split(":")[1], str(self.share), "--manager", manager.address,
            "--control", self.socket, "--state", str(self.state), "--bind", host, *insecure(host), *options,
        ], wrapper)

    def is_ready(self):
        try:
            return self.ask("status") is not None
        except OSError:
            return False

    def ask(self, method, **params):
        return control.ask(self.socket, method, **params)

    def knows(self, others):
        return {other.address for other in others} <= {peer["address"] for peer in self.ask("peers")["peers"]}

    def files(self):
        """Roots of what it offers, by name."""
        files, page = [], self.ask("files")
        while True:
            files += page["files"]
            if not page["more"]:
                return {file["name"]: file["root"] for file in files if file["state"] == "ready"}
            page = self.ask("files", after=files[-1]["name"])
