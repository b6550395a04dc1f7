"""A manager and its peers, as a user would start them on loopback."""

import json
import pathlib

from process import Daemon, Failure, accepts, free_port, run, wait_until


class Manager:
    def __init__(self, programs, directory):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.daemon = Daemon([f"{programs}/p2pd", "manager", "--listen", self.address], f"{directory}/manager.log")
        wait_until(lambda: accepts(port), "the manager listens", [self.daemon])


class Peer:
    def __init__(self, programs, directory, name, share, manager):
        self.directory = pathlib.Path(directory)
        self.share = pathlib.Path(share)
        self.share.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        control = self.directory / f"{name}.socket"
        self.control = [f"{programs}/p2pctl", "--control", str(control)]
        self.daemon = Daemon(
            [f"{programs}/p2pd", "peer", str(port), str(share), "--manager", manager.address]
            + ["--control", str(control), "--state", str(self.directory / f"{name}.state")],
            self.directory / f"{name}.log",
        )
        wait_until(control.exists, f"{name} opens its control socket", [self.daemon])

    def ask(self, command, key):
        return json.loads(run([*self.control, command, "--json"], self.directory).output)[key]

    def wait_for_files(self, count):
        """Until its index is complete."""
        def offered():
            return sum(file["state"] == "ready" for file in self.ask("files", "files"))

        wait_until(lambda: offered() >= count, f"{count} files indexed", [self.daemon], 300)

    def wait_for_peers(self, others):
        expected = {peer.address for peer in others}
        wait_until(
            lambda: expected <= {peer["address"] for peer in self.ask("peers", "peers")},
            "all holders in the roster", [self.daemon],
        )

    def request(self, name):
        """Fetches a file; the wall clock is that of the whole `p2pctl req`."""
        finished = run([*self.control, "req", name, "--no-sync", "--json", "--timeout", "300"], self.directory)
        last = json.loads(finished.output.splitlines()[-1])
        if last["event"] != "done":
            raise Failure(f"req ended with {last}")
        return finished
