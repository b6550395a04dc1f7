"""The wall clock jumps, for one daemon: a shim that is loaded before the C library adds what a file says."""

import os
import pathlib
import struct
import time

from matrix import fault
from world import command, expect, need_tool

YEAR = 365 * 24 * 3600


class Clock:
    """The offset of a daemon's wall clock in seconds, which may be changed while it runs."""

    def __init__(self, world, name):
        need_tool("gcc")
        self.path = world.directory / f"{name}.clock"
        self.set(0)
        shim = world.directory / "shim.so"
        if not shim.exists():
            source = pathlib.Path(__file__).with_name("shim.c")
            command("gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(shim), str(source))
        self.wrapper = ["env", f"LD_PRELOAD={shim}", f"P2PD_FAULTS_CLOCK={self.path}"]

    def set(self, seconds):
        # In place: the daemon has it mapped.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(descriptor, struct.pack("<q", seconds), 0)
        os.close(descriptor)


def year_of_last_line(peer):
    return int(peer.log().splitlines()[-1][:4])


@fault(
    "clock-jumps",
    "a year forward, two back: no deadline notices, and the download ends with 0 as if nothing had been")
def clock_jumps(world):
    world.swarm(holders=0, seconds=6)
    holder_clock, clock = Clock(world, "holder"), Clock(world, "fetcher")
    world.holder(wrapper=holder_clock.wrapper)
    world.fetcher.kill(15)
    world.fetcher.wrapper = clock.wrapper
    world.fetcher.start()
    world.await_roster()
    request = world.request()
    jumps = [(0.2, YEAR), (0.5, -YEAR), (0.8, 0)]
    for part, offset in jumps:
        world.await_part(part)
        clock.set(offset), holder_clock.set(-offset)
    clock.set(-YEAR)
    whole = world.finish(request, 30)
    expect(year_of_last_line(world.fetcher) < time.gmtime().tm_year, "the daemon's own clock has jumped")
    for peer in (world.fetcher, *world.holders):
        expect("no manager" not in peer.log(), f"{peer.name} kept its manager")
    expect("holder lost" not in world.fetcher.log(), "the fetcher kept its holder")
    return f"whole {whole:.1f} s after the last jump; no connection was lost"
