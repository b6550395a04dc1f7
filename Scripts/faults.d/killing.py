"""Somebody is killed -9 when a drawn share of the bytes has come."""

import signal

import plan
from fetching import Fetching
from matrix import fault


def killed(world, victim):
    kills = [
        plan.Kill(signal.SIGKILL, fraction=world.random.random(), seconds=None, pause=world.random.random(), damage="")
        for _ in range(world.random.choice([1, 2]))
    ]
    length, seconds = plan.make_length(world.random), world.random.uniform(1, 4)
    chosen = plan.Plan(0, victim, length, world.random.randint(1, 3), seconds, kills, world.random)
    twice = Fetching(world.programs, world.directory, chosen).run()
    return f"{chosen}; {twice:,} bytes fetched twice"


EXPECTED = "the file comes whole by itself after the restart"


@fault("kill-fetcher", EXPECTED + ", and no more is fetched twice than one unsynced batch")
def kill_fetcher(world):
    return killed(world, "fetcher")


@fault("kill-holder", EXPECTED + ", and p2pctl ends with 0")
def kill_holder(world):
    return killed(world, "holder")


@fault("kill-manager", EXPECTED + ", and p2pctl ends with 0")
def kill_manager(world):
    return killed(world, "manager")
