"""Hosts with links of their own: network namespaces, each with one link to a bridge, which is in another one.

Nothing is made in the script's own namespace, so that no interface or route of the machine is touched.
"""

import json
import os
import subprocess

from process import Skipped, wait_until
from swarm import Host

PREFIX = "10.77.0"


class Network:
    """Use it in a `with`: it is gone afterwards."""

    def __init__(self):
        self.name, self.hosts = f"p2p{os.getpid()}", []

    def __enter__(self):
        try:
            self.add_namespace("hub")
            self.inside("hub", "ip link add bridge type bridge")
            self.inside("hub", f"ip address add {PREFIX}.1/24 dev bridge")
            self.inside("hub", "ip link set lo up")
            self.inside("hub", "ip link set bridge up")
            self.spare_filters()
            # Where shaping is not allowed, that is to show now.
            self.limit("hub", "lo", 10**10)
            self.inside("hub", "tc qdisc delete dev lo root")
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            said = getattr(error, "stderr", None) or str(error)
            raise Skipped(f"network namespaces with tbf are not allowed here: {said.strip()}") from error
        return self

    def spare_filters(self):
        """Keeps frames that cross the bridge from the packet filter, which would cost more than the bridge."""
        for protocol in ("ip", "ip6", "arp"):
            setting = f"net.bridge.bridge-nf-call-{protocol}tables=0"
            subprocess.run(
                [*self.enter("hub"), "sysctl", "--ignore", "--quiet", "--write", setting], check=False,
                capture_output=True)

    def __exit__(self, *_):
        for name in [*(f"{number}" for number in range(1, len(self.hosts) + 1)), "hub"]:
            subprocess.run(["ip", "netns", "delete", f"{self.name}-{name}"], check=False, capture_output=True)

    def hub(self):
        """The bridge's own host: no link lies between daemons that run here."""
        return Host(f"{PREFIX}.1", self.enter("hub"))

    def host(self, rate=None):
        """Another host; `rate` is that of its link, in bytes a second, each way."""
        number = len(self.hosts) + 1
        host = Host(f"{PREFIX}.{number + 1}", self.enter(str(number)))
        self.hosts.append(host)
        self.add_namespace(str(number))
        self.inside("hub", f"ip link add port{number} type veth peer name uplink netns {self.name}-{number}")
        self.inside("hub", f"ip link set port{number} master bridge up")
        self.inside(str(number), f"ip address add {host.address}/24 dev uplink")
        for device in ("lo", "uplink"):
            self.inside(str(number), f"ip link set {device} up")
        if rate:
            self.limit("hub", f"port{number}", rate)
            self.limit(str(number), "uplink", rate)
        return host

    def limit(self, namespace, device, rate):
        """What leaves by a device; in bytes of Ethernet frames, so that headers count too."""
        # A burst lets a frame pass, and at high rates as much as comes between two ticks of a slow clock; the queue
        # holds a twentieth of a second, or ten frames.
        burst = max(3_000, rate // 250)
        queue = max(15_000, rate // 20)
        self.inside(
            namespace, f"tc qdisc add dev {device} root tbf rate {8 * rate}bit burst {burst} limit {burst + queue}")

    def wait_until_idle(self):
        """Until no packet waits for a link."""
        def waiting():
            for name in ["hub", *map(str, range(1, len(self.hosts) + 1))]:
                devices = json.loads(self.inside(name, "tc -j -s qdisc show"))
                if any(device.get("backlog", 0) for device in devices):
                    return True
            return False

        wait_until(lambda: not waiting(), "the links are idle", [], pause=0.2)

    def add_namespace(self, name):
        subprocess.run(
            ["ip", "netns", "add", f"{self.name}-{name}"], check=True, capture_output=True, text=True)

    def enter(self, name):
        return ("nsenter", f"--net=/run/netns/{self.name}-{name}")

    def inside(self, name, command):
        ended = subprocess.run(
            [*self.enter(name), *command.split()], check=True, capture_output=True, text=True)
        return ended.stdout
