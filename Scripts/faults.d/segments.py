"""Hosts on two network segments, in namespaces of their own: what crosses the wires can be cut."""

import itertools
import os
import subprocess

from process import Failure
from world import Skipped, command, need_root, need_tool

numbers = itertools.count(1)


class Network:
    """Segments `left` and `right`, joined by a cable.

    Nothing leads out of it. Namespaces are named for this process, so that several of it do not meet.
    """

    def __init__(self, world):
        need_root("a network namespace")
        need_tool("ip", "nsenter")
        self.prefix = f"p2pd-{os.getpid()}-{next(numbers)}-"
        self.world = world
        self.count = 0
        try:
            self.hub = self.namespace("hub")
            for segment in ("left", "right"):
                self.in_hub("link", "add", "dev", segment, "type", "bridge")
                self.in_hub("link", "set", segment, "up")
            self.in_hub("link", "add", "dev", "cable-left", "type", "veth", "peer", "name", "cable-right")
            for end in ("left", "right"):
                self.in_hub("link", "set", f"cable-{end}", "master", end, "up")
        except Failure as failure:
            raise Skipped(f"no network namespaces: {failure}") from failure

    def namespace(self, name):
        name = self.prefix + name
        command("ip", "netns", "add", name)
        self.world.cleanup.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        return name

    def in_hub(self, *words):
        command("ip", "-n", self.hub, *words)

    def host(self, segment="left"):
        """Returns a host's address, and the command that others are run by on it."""
        self.count += 1
        name, address, port = self.namespace(f"h{self.count}"), f"10.77.0.{self.count}", f"port{self.count}"
        self.in_hub("link", "add", "dev", port, "type", "veth", "peer", "name", "eth0", "netns", name)
        self.in_hub("link", "set", port, "master", segment, "up")
        command("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            command("ip", "-n", name, "link", "set", link, "up")
        return Host(name, address, port, self)

    def cut_cable(self):
        self.in_hub("link", "set", "cable-left", "down")

    def join_cable(self):
        self.in_hub("link", "set", "cable-left", "up")


class Host:
    def __init__(self, namespace, address, port, network):
        self.namespace, self.address, self.port, self.network = namespace, address, port, network
        self.wrapper = ["nsenter", f"--net=/run/netns/{namespace}"]

    def run(self, *words):
        return command(*self.wrapper, *words)

    def unplug(self):
        """Packets are lost without a word, in both directions."""
        self.network.in_hub("link", "set", self.port, "down")

    def plug(self):
        self.network.in_hub("link", "set", self.port, "up")
