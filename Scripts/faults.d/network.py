"""Links that break without a word, swarms that are cut in two, and lines that are slow and uneven."""

import time

from daemons import Manager
from matrix import fault
from proxy import Proxy
from segments import Network
from world import MIB, NAME, expect, need_tool

# The silence deadline of 15 s, a broadcast or a sweep, and a look of ours.
NOTICED_SECONDS = 16
HEALING_SECONDS = 10


class Lan:
    """The world's swarm with each daemon on a host of its own."""

    def __init__(self, world, holders, seconds):
        self.network = Network(world)
        length = 32 * MIB
        world.make_original(length)
        manager = self.network.host()
        world.manager = Manager(world.programs, world.directory, host=manager.address, wrapper=manager.wrapper)
        self.holders = [self.network.host() for _ in range(holders)]
        for host in self.holders:
            world.holder(host=host.address, wrapper=host.wrapper)
        self.fetcher = self.network.host()
        world.fetcher = world.peer(
            "fetcher", "--max-download", str(length // seconds), host=self.fetcher.address,
            wrapper=self.fetcher.wrapper)
        world.fetcher.start()
        world.await_roster()


def is_joined(peer):
    return peer.ask("status")["manager"]["state"] == "joined"


@fault(
    "half-open",
    "noticed by manager, fetcher and the peer itself within 15 s; a connection whose other end was not reading is closed "
    "within 30 s; all is well within 10 s after the end")
def half_open(world):
    lan = Lan(world, holders=1, seconds=5)
    holder = world.holders[0]
    request = world.request(seconds=120)
    world.await_part(0.3)
    lan.holders[0].unplug()
    waits = world.time(lambda: world.downloads()[0]["state"] == "waiting", "the download waits", NOTICED_SECONDS)
    gone = waits + world.time(
        lambda: not world.fetcher.knows([holder]), "it is off the roster", NOTICED_SECONDS - waits)
    own = gone + world.time(lambda: not is_joined(holder), "it knows that it is alone", max(0.5, NOTICED_SECONDS - gone))
    closed = own + world.time(lambda: holder.ask("status")["connections"] == 0, "it has no connection", 33 - own)
    time.sleep(10)
    lan.holders[0].plug()
    back = world.await_roster(HEALING_SECONDS)
    whole = back + world.finish(request, HEALING_SECONDS)
    return (
        f"the download waited after {waits:.1f} s, the roster knew after {gone:.1f} s, the holder after {own:.1f} s, "
        f"its last connection was closed after {closed:.1f} s; back {back:.1f} s after the end, whole after {whole:.1f} s")


@fault(
    "blackhole-route",
    "between two peers only: its pieces come from the other holder; p2pctl ends with 0; noticed at both ends within 15 s")
def blackhole(world):
    lan = Lan(world, holders=2, seconds=5)
    request = world.request()
    world.await_part(0.3)
    holder = world.holders[0]
    lan.fetcher.run("ip", "route", "add", "blackhole", lan.holders[0].address)
    whole = world.finish(request, NOTICED_SECONDS)
    closed = whole + world.time(
        lambda: holder.ask("status")["connections"] <= 1, "the holder has closed it", NOTICED_SECONDS - whole)
    return f"whole {whole:.1f} s after the cut; the holder had closed the connection after {closed:.1f} s"


@fault(
    "sockets-killed",
    "ss -K of every connection of the fetcher, five times: all are opened again, p2pctl ends with 0")
def sockets_killed(world):
    need_tool("ss")
    lan = Lan(world, holders=2, seconds=5)
    request = world.request()
    killed = 0
    for part in range(1, 6):
        world.await_part(part * 0.15)
        killed += len(lan.fetcher.run("ss", "-H", "-K", "dst", "10.77.0.0/24").splitlines())
    expect(killed >= 10, f"connections were killed, not {killed}")
    whole = world.finish(request, 30)
    joined = world.time(lambda: is_joined(world.fetcher), "the fetcher has joined again", HEALING_SECONDS)
    return f"{killed} killed; whole {whole:.1f} s after the last; joined {joined:.1f} s after that"


@fault("partition", "both halves go on; rosters and waiting downloads are whole within 10 s after 60 s of it")
def partition(world):
    network = Network(world)
    world.make_original(8 * MIB)
    host = network.host()
    world.manager = Manager(world.programs, world.directory, host=host.address, wrapper=host.wrapper)
    hosts = [network.host(segment) for segment in ("left", "right", "left", "right")]
    for host in hosts[:2]:
        world.holder(host=host.address, wrapper=host.wrapper)
    near, far = world.holders
    left, right = (world.peer(f"fetcher-{h.port}", host=h.address, wrapper=h.wrapper) for h in hosts[2:])
    world.put(near, "near.bin"), world.put(far, "far.bin")
    everybody = [near, far, left, right]
    left.start(), right.start()
    world.time(lambda: all(peer.knows(everybody) for peer in everybody), "everybody knows everybody")
    for peer, name in ((near, "near.bin"), (far, "far.bin")):
        world.await_offer(peer, name)
    # Slow enough not to be through when the cable is cut.
    for peer in (left, right):
        peer.ask("limit", download="1M")
    crossing = [
        world.request(peer=peer, name=name, seconds=300) for peer, name in ((left, "far.bin"), (right, "near.bin"))
    ]
    world.time(lambda: min(peer.ask("status")["bytesIn"] for peer in (left, right)) > MIB, "both have begun")
    network.cut_cable()
    start = time.monotonic()
    inside = []
    for peer in (left, right):
        peer.ask("limit", download="none")
        code, event = world.request(peer=peer).result()
        expect(code == 0, f"{peer.name} fetches within its half: {event}")
        inside.append(event["seconds"])
        world.check_file(peer)
    gone = world.time(lambda: left.ask("status")["peers"] == 2, "the far half is off the roster", NOTICED_SECONDS)
    time.sleep(max(0, start + 60 - time.monotonic()))
    network.join_cable()
    start = time.monotonic()
    back = world.time(
        lambda: all(is_joined(p) and p.ask("status")["peers"] == 4 for p in everybody), "one swarm again",
        HEALING_SECONDS)
    for request in crossing:
        code, event = request.result(max(0.1, start + HEALING_SECONDS - time.monotonic()))
        expect(code == 0, f"the download that crossed ended well: {event}")
    whole = time.monotonic() - start
    world.check_file(left, "far.bin"), world.check_file(right, "near.bin")
    return (
        f"within the halves {inside[0]:.1f} s and {inside[1]:.1f} s; rosters right after {gone:.1f} s; "
        f"one swarm {back:.1f} s after the end, what had crossed was whole after {whole:.1f} s")


@fault("delay-and-jitter", "20 to 150 ms on every read of every line: whole, with nobody taken for dead")
def delay(world):
    world.make_original(16 * MIB)
    world.manager = Manager(world.programs, world.directory)
    line = Proxy(world, world.manager.address, delay=(0.02, 0.15))
    world.manager.address = line.address
    # Peers are known by the proxy's address with their own ports: there more proxies listen, for the manager's probe too.
    holder = world.holder(host="127.0.0.2")
    data = Proxy(world, holder.address, delay=(0.02, 0.15), listen=holder.address.replace("127.0.0.2", "127.0.0.1"))
    holder.address = data.address
    fetcher = world.fetcher = world.peer("fetcher", host="127.0.0.3")
    Proxy(world, fetcher.address, delay=(0.02, 0.15), listen=fetcher.address.replace("127.0.0.3", "127.0.0.1"))
    fetcher.start()
    world.await_roster()
    request = world.request()
    whole = world.finish(request)
    lost = world.fetcher.log().count("holder lost") + world.fetcher.log().count("no manager")
    expect(lost == 0, f"nobody was taken for dead: {world.fetcher.daemon.log_end()}")
    expect(NAME in world.fetcher.files(), "the file is offered")
    return f"whole after {whole:.1f} s through {data.connections} connections; {data.bytes:,} bytes delayed"
