"""Disks that are full, that fail, and that are not there any more."""

import pathlib
import signal
import subprocess
import time

from injection import Injection
from matrix import fault
from process import Failure
from world import MIB, NAME, command, expect


def error_shown(world):
    """What `p2pctl downloads` says of the only download."""
    downloads = world.downloads()
    return downloads[0]["state"], downloads[0].get("cause", "")


@fault(
    "full-disk",
    "a file that does not fit: 74 with ENOSPC; in the background it waits, and goes on when there is room")
def full_disk(world):
    world.swarm(holders=1, length=24 * MIB, seconds=3)
    world.fetcher.kill(signal.SIGTERM)
    world.tmpfs(world.fetcher.share, 48 * MIB)
    ballast = world.fetcher.share.parent / "fetcher" / "ballast"
    ballast.write_bytes(bytes(30 * MIB))
    world.fetcher.start()
    world.await_roster()
    code, event = world.request().result()
    expect(code == 74 and event.get("errno") == 28, f"74 and errno 28, not {code} and {event}")
    world.request("--background")
    paused = world.time(lambda: world.downloads()[0]["state"] == "paused", "the download waits for room", 20)
    needs = world.downloads()[0].get("needs", 0)
    ballast.unlink()
    whole = world.await_file(30)
    return (
        f"{event['message']}; waiting after {paused:.1f} s, missing {needs:,} bytes; "
        f"whole {whole:.1f} s after there was room")


@fault(
    "full-state",
    "no room in the state directory while a file comes: 0, or 74 and req goes on with what came")
def full_state(world):
    world.swarm(length=48 * MIB, seconds=5)
    world.fetcher.kill(signal.SIGTERM)
    state = world.tmpfs(world.fetcher.state, 2 * MIB)
    world.fetcher.start()
    world.await_roster()
    request = world.request()
    world.await_part(0.2)
    with open(state / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            pass
    code, event = request.result()
    expect(code in (0, 74), f"0 or 74, not {code}: {event}")
    (state / "ballast").unlink()
    if code != 0:
        world.finish(world.request(), 30)
    world.check_file()
    twice = world.fetched() - world.original.stat().st_size
    expect(twice < 16 * MIB, f"what came is kept, but {twice:,} bytes came twice")
    return (
        f"p2pctl ended with {code} {event.get('message', '')}; {twice:,} bytes came twice; "
        f"{world.fetcher.log().count('warning')} warnings")


@fault("read-error", "EIO at one of two holders: 0 by the other, which is not banned; it serves again afterwards")
def read_error(world):
    world.swarm(holders=2, seconds=5)
    first, second = world.holders
    request = world.request()
    world.await_part(0.3)
    with Injection(world, first.pid, "pread64,preadv2,sendfile", "EIO") as injection:
        whole = world.finish(request)
    expect(injection.injected() > 0, "calls failed")
    expect(world.fetcher.ask("status")["bans"] == 0, "nobody is banned")
    second.kill(signal.SIGTERM)
    world.holders.remove(second)
    (world.fetcher.share / NAME).unlink()
    world.await_offer(first)
    again = world.finish(world.request())
    return f"whole after {whole:.1f} s with {injection.injected()} failed calls; alone it served all in {again:.1f} s"


@fault("unreadable-file", "EIO while a new file is indexed: listed with its cause; offered by itself afterwards")
def unreadable_file(world):
    world.swarm()
    holder = world.holders[0]
    # What cannot be mapped is read.
    calls = "mmap,pread64,preadv2"
    with Injection(world, holder.pid, calls, "EIO", path=holder.share / "new.bin") as injection:
        world.put(holder, "new.bin")
        shown = []

        def is_shown():
            shown[:] = [f for f in holder.ask("files")["files"] if f["name"] == "new.bin" and f["state"] == "error"]
            return bool(shown)

        world.time(is_shown, "the file is listed with an error", 20)
    expect(injection.injected() > 0, "calls failed")
    back = world.time(lambda: "new.bin" in holder.files(), "the file is offered", 60)
    return f"`{shown[0]['cause']}`; offered {back:.1f} s after the disk was well again"


@fault("write-error", "EIO: 74 with the errno, nothing in the share; what came is kept, and req goes on with it")
def write_error(world):
    world.swarm(seconds=5)
    request = world.request()
    world.await_part(0.4)
    with Injection(world, world.fetcher.pid, "pwrite64,pwritev,pwritev2", "EIO", path=partial(world)) as injection:
        code, event = request.result()
        expect(code == 74 and event.get("errno") == 5, f"74 and errno 5, not {code} and {event}")
        shown = error_shown(world)
    expect(injection.injected() > 0, "calls failed")
    expect(not (world.fetcher.share / NAME).exists(), "nothing is in the share")
    before = world.fetched()
    whole = world.finish(world.request())
    again = world.fetched() - before
    expect(again < world.original.stat().st_size * 0.7, f"what came is kept, but {again:,} bytes came again")
    return f"{event['message']}; listed as {shown[0]}; req again: whole in {whole:.1f} s, {again:,} bytes fetched"


def partial(world):
    found = [*world.fetcher.state.glob("partial/**/*"), *world.fetcher.share.glob(".p2pd/partial*/**/*")]
    files = [path for path in found if path.is_file() and path.stat().st_size > 0]
    if not files:
        raise Failure("there is no partial file")
    return files[0]


@fault(
    "sync-error",
    "one fsync fails with EIO: what it was for is fetched again, or the download fails; never taken for good")
def sync_error(world):
    world.swarm(length=48 * MIB, seconds=5)
    request = world.request()
    world.await_part(0.3)
    calls = "fsync,fdatasync,sync_file_range"
    with Injection(world, world.fetcher.pid, calls, "EIO", path=partial(world), when=":when=1") as injection:
        world.time(lambda: injection.injected() == 1, "a sync failed", 20)
    code, event = request.result()
    if code != 0:
        expect(code == 74 and event.get("errno") == 5, f"74 and errno 5, not {code} and {event}")
        world.finish(world.request())
    world.check_file()
    twice = world.fetched() - world.original.stat().st_size
    expect(twice > 0, "what was written since the last good sync came a second time")
    return f"p2pctl ended with {code}; {twice:,} bytes were fetched a second time, and the file is right"


@fault("sync-errors", "every fsync fails: 74 with EIO, nothing delivered or offered; req goes on when the disk is well")
def sync_errors(world):
    world.swarm(length=32 * MIB, seconds=4)
    request = world.request()
    world.await_part(0.3)
    with Injection(world, world.fetcher.pid, "fsync,fdatasync,sync_file_range", "EIO") as injection:
        code, event = request.result()
        expect(code == 74 and event.get("errno") == 5, f"74 and errno 5, not {code} and {event}")
        expect(not (world.fetcher.share / NAME).exists(), "nothing is in the share")
        expect(NAME not in world.fetcher.files(), "nothing is offered")
    expect(injection.injected() > 0, "calls failed")
    whole = world.finish(world.request())
    return f"{event['message']}; whole {whole:.1f} s after req was said again"


@fault(
    "share-unmounted",
    "the share's file system goes away: 74, or 69 if the daemon begins anew before, or 0 if all was through; a new mount "
    "is taken up")
def share_unmounted(world):
    world.swarm(seconds=4)
    world.fetcher.kill(signal.SIGTERM)
    share = world.tmpfs(world.fetcher.share, 64 * MIB)
    world.fetcher.start()
    world.await_roster()
    request = world.request()
    world.await_part(0.3)
    command("umount", "-l", str(share))
    code, event = request.result()
    is_there = code == 0 and (share / NAME).exists()
    expect(code in (69, 74) or is_there, f"69 or 74 for what is nowhere, not {code}: {event}")
    world.tmpfs(share, 64 * MIB)

    def has_begun_anew():
        return "the share was unmounted" in world.fetcher.log() and world.fetcher.is_ready()

    back = world.time(has_begun_anew, "the daemon has begun anew", 20)
    world.await_roster()
    whole = world.finish(world.request(), 60)
    return (
        f"{code}: {event.get('message', '')}; "
        f"back {back:.1f} s after the mount, a file asked for then took {whole:.1f} s")


@fault(
    "holder-unmounted",
    "a holder's share goes away: its files are withdrawn, others serve; offered again when it is back")
def holder_unmounted(world):
    world.swarm(holders=2, seconds=5)
    first = world.holders[0]
    first.kill(signal.SIGTERM)
    share = world.tmpfs(first.share, 64 * MIB)
    world.put(first)
    first.start()
    world.await_offer(first)
    world.await_roster()
    request = world.request()
    world.await_part(0.3)
    command("umount", "-l", str(share))
    whole = world.finish(request)

    def offers():
        return first.is_ready() and NAME in first.files()

    gone = world.time(lambda: not offers(), "what is not there is not offered", 20)
    world.tmpfs(share, 64 * MIB)
    (share / NAME).parent.mkdir()
    (share / NAME).write_bytes(world.original.read_bytes())
    back = world.time(offers, "it is offered again", 30)
    return (
        f"whole {whole:.1f} s after the unmount; withdrawn {gone:.1f} s after that; "
        f"offered {back:.1f} s after the mount")
