"""Daemons are stopped for 30 s (SIGSTOP) and go on (SIGCONT)."""

import signal
import time

from matrix import fault
from process import wait_until

STOP_SECONDS = 30
# The manager's silence deadline of 15 s, a broadcast, and a loaded machine.
SILENCE_SECONDS = 17
HEALING_SECONDS = 10


class Stopped:
    """A daemon that stands still for STOP_SECONDS from the start of the block, or longer if the block takes longer."""

    def __init__(self, peer):
        self.process = peer.daemon.process

    def __enter__(self):
        self.since = time.monotonic()
        self.process.send_signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        time.sleep(max(0, self.since + STOP_SECONDS - time.monotonic()))
        self.process.send_signal(signal.SIGCONT)


def await_departure(world, peer, since):
    """Returns how long after `since` a peer was off the roster, at the latest when its silence ends."""
    def is_gone():
        return peer.address not in {entry["address"] for entry in world.fetcher.ask("peers")["peers"]}

    world.time(is_gone, f"{peer.name} is off the roster", max(0.1, since + SILENCE_SECONDS - time.monotonic()))
    return time.monotonic() - since


@fault("stop-holder", "the other holder makes up for it; off the roster within 15 s, back within 10 s after SIGCONT")
def stop_holder(world):
    world.swarm(holders=2)
    request = world.request()
    world.await_part(0.3)
    with Stopped(world.holders[0]) as stopped:
        whole = world.finish(request, STOP_SECONDS - 5)
        gone = await_departure(world, world.holders[0], stopped.since)
    back = world.await_roster(HEALING_SECONDS)
    return f"whole {whole:.1f} s after the stop; off the roster after {gone:.1f} s; back after {back:.1f} s"


@fault("stop-only-holder", "the download waits, and ends with 0 within 10 s after SIGCONT and the rest of the transfer")
def stop_only_holder(world):
    world.swarm()
    request = world.request()
    world.await_part(0.3)
    with Stopped(world.holders[0]):
        waits = world.time(lambda: world.downloads()[0]["state"] == "waiting", "the download waits", SILENCE_SECONDS)
    whole = world.finish(request, HEALING_SECONDS + 4)
    return f"waiting after {waits:.1f} s; whole {whole:.1f} s after SIGCONT"


@fault("stop-fetcher", "the download goes on after SIGCONT and ends with 0; back on the roster within 10 s")
def stop_fetcher(world):
    world.swarm(holders=2)
    request = world.request()
    world.await_part(0.3)
    with Stopped(world.fetcher):
        pass
    whole = world.finish(request)

    def is_back():
        return world.holders[0].knows([world.fetcher])

    back = whole + world.time(is_back, "the fetcher is back on the roster", max(0.1, HEALING_SECONDS - whole))
    return f"whole {whole:.1f} s after SIGCONT; back on the roster after {back:.1f} s"


@fault("stop-manager", "transfers go on without it; all are on the roster within 10 s after SIGCONT")
def stop_manager(world):
    world.swarm(holders=2)
    with Stopped(world.manager):
        time.sleep(20)
        whole = world.finish(world.request(), STOP_SECONDS)
    peers = [world.fetcher, *world.holders]

    def is_whole():
        return all(
            peer.ask("status")["manager"]["state"] == "joined" and peer.ask("status")["peers"] == len(peers)
            for peer in peers)

    back = world.time(is_whole, "all are on the roster", HEALING_SECONDS)
    wait_until(lambda: world.fetcher.knows(world.holders), "the rosters are right", world.daemons, HEALING_SECONDS)
    return f"a file asked for after 20 s was whole {whole:.1f} s later; all back {back:.1f} s after SIGCONT"
