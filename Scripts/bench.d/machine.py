"""The machine that the figures are of, and the other systems on it."""

import datetime
import os
import pathlib
import platform
import subprocess

PEERS = (
    "nginx-light", "curl", "rsync", "aria2", "python3-libtorrent", "redis-server", "iproute2", "openssl", "gcc",
    "libc6-dev",
)


def describe(directory):
    """One line: processor, memory, kernel, file system, time and what else the machine does."""
    processor = next(
        (line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    system = subprocess.check_output(["stat", "-f", "-c", "%T", directory], text=True).strip()
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        f"{os.cpu_count()} cores {processor}, {memory:.0f} GiB, Linux {platform.release()}, {system}, "
        f"{now:%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}"
    )


def install_peers():
    """With apt, as root. Debian starts none of them where no init system runs; elsewhere some run as services then."""
    become_root = [] if os.geteuid() == 0 else ["sudo"]
    environment = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*environment, "apt-get", "update"], check=True)
    subprocess.run([*environment, "apt-get", "install", "-y", "--no-install-recommends", *PEERS], check=True)
