"""A manager that is known by a name, and name servers that do not answer."""

import signal
import socket
import struct
import threading
import time

from matrix import fault
from world import MIB, Skipped, command, expect, need_root, need_tool

NAME_SERVER = "127.0.0.53"
HOST = "manager.p2pd-faults.test"


class NameServer:
    """Hears every question, and answers with 127.0.0.1 once it is told to."""

    def __init__(self, world):
        need_root("port 53")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((NAME_SERVER, 53))
        except OSError as error:
            raise Skipped(f"port 53 of {NAME_SERVER}: {error}") from error
        self.socket.settimeout(0.2)
        self.answers, self.asked, self.ended = False, 0, False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        world.cleanup.callback(self.stop)

    def stop(self):
        self.ended = True
        self.thread.join()
        self.socket.close()

    def serve(self):
        while not self.ended:
            try:
                question, client = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if self.answers:
                self.socket.sendto(self.answer(question), client)

    @staticmethod
    def answer(question):
        """A record for questions of type A, an empty answer for others."""
        kind = struct.unpack(">H", question[-4:-2])[0] if len(question) > 16 else 0
        end = question.index(b"\0", 12) + 5
        kind = struct.unpack(">H", question[end - 4:end - 2])[0]
        count = 1 if kind == 1 else 0
        header = question[:2] + struct.pack(">HHHHH", 0x8180, 1, count, 0, 0)
        record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        return header + question[12:end] + (record if count else b"")


def with_resolver(world):
    """The command by which a process is run that asks our name server and no other."""
    need_tool("unshare")
    need_root("a mount namespace")
    resolver = world.directory / "resolv.conf"
    resolver.write_text(f"nameserver {NAME_SERVER}\n")
    order = world.directory / "nsswitch.conf"
    order.write_text("hosts: files dns\n")
    script = f'mount --bind {resolver} /etc/resolv.conf && mount --bind {order} /etc/nsswitch.conf && exec "$@"'
    wrapper = ["unshare", "-m", "sh", "-c", script, "sh"]
    command(*wrapper, "true")
    return wrapper


@fault(
    "silent-name-server",
    "status answers at once, what is in the share is served, SIGTERM ends it; it joins when names are answered")
def silent_name_server(world):
    world.swarm(length=16 * MIB, seconds=1)
    server = NameServer(world)
    named = world.peer("named", "--workers", "1", wrapper=with_resolver(world))
    address = world.manager.address
    named.command[named.command.index(address)] = address.replace("127.0.0.1", HOST)
    world.put(named, "its-own.bin")
    named.start()
    world.time(lambda: server.asked > 0, "the name server is asked")
    slowest = 0
    for _ in range(20):
        start = time.monotonic()
        state = named.ask("status")["manager"]["state"]
        slowest = max(slowest, time.monotonic() - start)
        expect(state != "joined", "there is no manager yet")
        time.sleep(0.1)
    indexed = world.time(lambda: "its-own.bin" in named.files(), "its own file is indexed meanwhile", 20)
    start = time.monotonic()
    named.kill(signal.SIGTERM)
    ended = time.monotonic() - start
    named.start()
    world.time(lambda: named.ask("status")["manager"].get("error"), "the lookup fails", 90)
    error = named.ask("status")["manager"]["error"]
    server.answers = True
    joined = world.time(lambda: named.ask("status")["manager"]["state"] == "joined", "it joins", 60)
    code, event = world.request(peer=named).result()
    expect(code == 0, f"it fetches: {event}")
    world.check_file(named)
    expect(slowest < 2, f"status is answered at once, not in {slowest:.1f} s")
    expect(ended < 6, f"SIGTERM ends it in {ended:.1f} s")
    return (
        f"status within {slowest * 1000:.0f} ms; indexed after {indexed:.1f} s; SIGTERM ended it in {ended:.1f} s; "
        f"`{error}`; joined {joined:.1f} s after names were answered")
