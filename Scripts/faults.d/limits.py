"""Too few descriptors, too little memory."""

import contextlib
import pathlib
import resource
import socket
import time

from injection import Injection
from matrix import fault
from process import memory_mib
from world import MIB, NAME, expect


@contextlib.contextmanager
def limited(pid, kind, value):
    """A limit of a running process, for the block."""
    old = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (value, old[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, kind, old)


def open_descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def crowd(peer, count):
    """Connections that nobody says anything on."""
    host, port = peer.address.split(":")
    sockets = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind(("127.0.0.66", 0))
        connection.connect_ex((host, int(port)))
        sockets.append(connection)
    return sockets


def cpu_shares(peers, seconds):
    before = [peer.daemon.cpu_seconds() for peer in peers]
    time.sleep(seconds)
    return [(peer.daemon.cpu_seconds() - spent) / seconds for peer, spent in zip(peers, before)]


@fault(
    "few-descriptors",
    "64 a daemon and 200 connects at each: files can still be opened, and the transfer ends with 0")
def few_descriptors(world):
    few = ["prlimit", "--nofile=64:64"]
    world.swarm(holders=0, seconds=4, wrapper=few)
    world.holder(wrapper=few)
    world.await_roster()
    request = world.request()
    sockets = crowd(world.holders[0], 200) + crowd(world.fetcher, 200)
    whole = world.finish(request, 30)
    for connection in sockets:
        connection.close()
    return f"whole after {whole:.1f} s"


@fault(
    "no-descriptors",
    "EMFILE at fetcher and holder amid 200 connects: nothing spins or ends, and all goes on afterwards")
def no_descriptors(world):
    world.swarm(seconds=8)
    holder = world.holders[0]
    request = world.request()
    world.await_part(0.2)
    with contextlib.ExitStack() as stack:
        for peer in (holder, world.fetcher):
            limit = open_descriptors(peer.pid) + 2
            stack.enter_context(limited(peer.pid, resource.RLIMIT_NOFILE, limit))
        sockets = crowd(holder, 200) + crowd(world.fetcher, 200)
        busy = max(cpu_shares((holder, world.fetcher), 5))
        for peer in (holder, world.fetcher):
            left = resource.prlimit(peer.pid, resource.RLIMIT_NOFILE)[0] - open_descriptors(peer.pid)
            expect(left <= 0, f"{peer.name} has run out of descriptors, and has not {left} left")
    for connection in sockets:
        connection.close()
    whole = world.finish(request)
    again = world.peer("again")
    again.start()
    world.time(lambda: again.knows([holder]), "a new peer joins")
    code, event = world.request(peer=again).result()
    expect(code == 0, f"a new peer fetches: {event}")
    world.check_file(again)
    expect(busy < 0.5, f"neither spins, but one used {busy:.0%} of a processor")
    return (
        f"whole {whole:.1f} s after the end; each used {busy:.0%} of a processor at most meanwhile; "
        f"a new peer fetched afterwards")


@fault("no-descriptors-at-manager", "EMFILE: members stay members, whoever waits joins afterwards")
def no_descriptors_at_manager(world):
    world.swarm(seconds=1)
    manager = world.manager
    late = world.peer("late")
    with limited(manager.pid, resource.RLIMIT_NOFILE, open_descriptors(manager.pid)):
        late.start()
        [busy] = cpu_shares([manager], 3)
        expect(late.ask("status")["manager"]["state"] != "joined", "it cannot join now")
        world.finish(world.request())
    joined = world.time(lambda: late.knows(world.holders), "it joins", 20)
    expect(busy < 0.5, f"the manager does not spin, but used {busy:.0%} of a processor")
    return f"joined {joined:.1f} s after there were descriptors; {busy:.0%} of a processor meanwhile"


@fault("no-files-in-the-system", "ENFILE on accept, socket and open for 5 s: nothing ends, all goes on afterwards")
def no_files(world):
    world.swarm(seconds=8)
    holder = world.holders[0]
    request = world.request()
    world.await_part(0.2)
    calls = "accept4,accept,socket,openat,openat2"
    fetcher = world.fetcher
    with Injection(world, holder.pid, calls, "ENFILE") as first, Injection(world, fetcher.pid, calls, "ENFILE") as second:
        sockets = crowd(holder, 20) + crowd(fetcher, 20)
        time.sleep(5)
    failed = first.injected(), second.injected()
    whole = world.finish(request)
    for connection in sockets:
        connection.close()
    expect(min(failed) > 0, f"calls failed at both, not {failed}")
    expect(world.fetcher.ask("status")["bans"] == 0, "nobody is banned")
    return f"{failed[0]} calls failed at the holder, {failed[1]} at the fetcher; whole {whole:.1f} s after the end"


def address_space(pid):
    return int(memory_mib(pid, "VmSize") * MIB)


@fault(
    "no-memory",
    "a hard limit on the address space: the daemon may end, but then a new start goes on, and nothing is lost")
def no_memory(world):
    world.swarm(length=64 * MIB, seconds=6, fetcher=("--workers", "2"))
    request = world.request()
    world.await_part(0.3)
    room = world.random.choice([0, 1, 4, 16]) * MIB
    with limited(world.fetcher.pid, resource.RLIMIT_AS, address_space(world.fetcher.pid) + room):
        sockets = crowd(world.fetcher, 2000)
        try:
            code = world.fetcher.daemon.process.wait(5)
        except Exception:
            code = None
        if code is None:
            request.result()
    for connection in sockets:
        connection.close()
    if code is None:
        world.check_file()
        return f"with {room // MIB} MiB more than it had, the daemon went on, and the file is right"
    type(world.fetcher.daemon).running.discard(world.fetcher.daemon)
    world.fetcher.start()
    if not (world.fetcher.share / NAME).exists() and not world.downloads():
        world.request("--background")
    whole = world.await_file()
    return (
        f"with {room // MIB} MiB more than it had, the daemon ended with {code}; "
        f"started again, whole after {whole:.1f} s")
