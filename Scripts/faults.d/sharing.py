"""Shared files that change under the feet of whoever sends them."""

import os

from matrix import fault
from world import NAME, expect


def spoiled(world, spoil):
    """One of two holders loses its file's content while it is sent."""
    world.swarm(holders=2, seconds=5)
    first, second = world.holders
    request = world.request()
    world.await_part(world.random.uniform(0.1, 0.6))
    spoil(first.share / NAME)
    whole = world.finish(request)
    root = second.files()[NAME]
    renewed = world.time(lambda: first.files().get(NAME) != root, "it is not offered as what it was")
    expect(world.fetcher.ask("status")["bans"] == 0, "an honest holder is not banned")
    expect(first.daemon.process.poll() is None, "the holder goes on")
    return f"whole {whole:.1f} s later; no longer offered as what it was {renewed:.1f} s after that; nobody banned"


EXPECTED = "0 by the other holder; the file is not offered as what it was, and its holder is not banned"


@fault("truncated-while-sent", EXPECTED)
def truncated(world):
    return spoiled(world, lambda path: os.truncate(path, world.random.randrange(path.stat().st_size // 2)))


@fault("replaced-while-sent", EXPECTED)
def replaced(world):
    def replace(path):
        other = path.with_name("other.bin")
        other.write_bytes(world.random.randbytes(path.stat().st_size))
        other.rename(path)

    return spoiled(world, replace)


@fault("overwritten-while-sent", EXPECTED)
def overwritten(world):
    def overwrite(path):
        with open(path, "r+b") as file:
            for offset in range(0, path.stat().st_size, 1 << 18):
                file.seek(offset)
                file.write(b"other")

    return spoiled(world, overwrite)


@fault("removed-while-sent", EXPECTED)
def removed(world):
    return spoiled(world, os.unlink)
