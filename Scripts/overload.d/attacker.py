#!/usr/bin/python3
"""One attack, in a process of its own, until SIGTERM; then it prints what came of it as a JSON object."""

import collections
import itertools
import json
import os
import pathlib
import resource
import selectors
import signal
import socket
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "soak.d")]
sys.dont_write_bytecode = True

import wire  # noqa: E402
from roots import piece_count  # noqa: E402

# Connections being opened at one time.
DIALS_MAX = 500


class Connection:
    def __init__(self, attacker):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.bind((next(attacker.sources), 0))
        self.socket.connect_ex(attacker.target)
        self.opened = time.monotonic()
        self.is_connected = False
        self.sent = 0
        self.waiting = b""
        # The last bytes that came: a frame's beginning may be among them.
        self.tail = b""


class Attacker:
    """Keeps `count` connections to the target open, and does on them what a subclass says."""

    reads = True

    def __init__(self, target, count, source, **details):
        host, port = target.split(":")
        self.target, self.count, self.source, self.details = (host, int(port)), count, source, details
        # From one address, or from some behind it.
        network, _, last = source.rpartition(".")
        self.sources = itertools.cycle(
            f"{network}.{int(last) + number}" for number in range(int(details.get("addresses", 1))))
        self.selector = selectors.DefaultSelector()
        self.connections, self.dialing = set(), 0
        self.stats = collections.Counter()
        self.lifetimes = []
        self.ended = False
        signal.signal(signal.SIGTERM, self.end)

    def end(self, *_):
        self.ended = True

    def run(self):
        while not self.ended:
            self.open_more()
            for key, mask in self.selector.select(0.05):
                self.handle(key.data, mask)
            for connection in list(self.connections):
                self.tick(connection)
        held = [time.monotonic() - connection.opened for connection in self.connections if connection.is_connected]
        self.stats["held"] = len(held)
        longest = max(self.lifetimes + held, default=0)
        print(json.dumps({**self.stats, "longest_seconds": round(longest, 1)}))

    def open_more(self):
        while len(self.connections) < self.count and self.dialing < DIALS_MAX:
            try:
                connection = Connection(self)
            except OSError:
                self.stats["could not open"] += 1
                return
            self.connections.add(connection)
            self.dialing += 1
            self.selector.register(connection.socket, selectors.EVENT_WRITE, connection)

    def handle(self, connection, mask):
        try:
            if not connection.is_connected:
                self.connected(connection)
            elif mask & selectors.EVENT_READ:
                self.read(connection)
            if mask & selectors.EVENT_WRITE and connection in self.connections:
                self.write(connection)
        except OSError:
            self.close(connection)

    def connected(self, connection):
        error = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.dialing -= 1
        connection.is_connected = True
        connection.opened = time.monotonic()
        if error:
            raise OSError(error, "connect")
        self.stats["connected"] += 1
        connection.waiting = self.first(connection)
        self.watch(connection)

    def watch(self, connection):
        mask = (selectors.EVENT_READ if self.reads else 0) | (selectors.EVENT_WRITE if connection.waiting else 0)
        try:
            self.selector.unregister(connection.socket)
        except KeyError:
            pass
        if mask:
            self.selector.register(connection.socket, mask, connection)

    def read(self, connection):
        data = connection.socket.recv(1 << 16)
        self.stats["bytes read"] += len(data)
        if not data:
            raise ConnectionResetError
        self.heard(connection, data)

    def write(self, connection):
        while connection.waiting:
            try:
                count = connection.socket.send(connection.waiting)
            except BlockingIOError:
                return
            connection.sent += count
            self.stats["bytes sent"] += count
            connection.waiting = connection.waiting[count:] or self.more(connection)
            if connection.sent % (1 << 18) < count:
                return
        self.watch(connection)

    def close(self, connection):
        if not connection.is_connected:
            self.dialing -= 1
        else:
            self.stats["closed by it"] += 1
            self.lifetimes.append(time.monotonic() - connection.opened)
        try:
            self.selector.unregister(connection.socket)
        except KeyError:
            pass
        connection.socket.close()
        self.connections.discard(connection)

    # What a kind of attack is.

    def first(self, connection):
        """What is said at once."""
        return b""

    def more(self, connection):
        """What is said when all before has gone out; nothing for no more."""
        return b""

    def heard(self, connection, data):
        pass

    def tick(self, connection):
        pass


class Idle(Attacker):
    """Says nothing."""


class Greeted(Attacker):
    """Says hello, and nothing more."""

    def first(self, connection):
        return wire.hello()


class HalfOpen(Attacker):
    """Half a hello."""

    def first(self, connection):
        return wire.hello()[:16]


class Slowloris(Attacker):
    """A hello, a byte a second, and from its end on a frame that never ends."""

    def tick(self, connection):
        seconds = time.monotonic() - connection.opened
        if connection.is_connected and not connection.waiting and seconds > connection.sent:
            script = wire.hello() + bytes([7, 4, 0, 0, wire.REQ]) + bytes(1000)
            connection.waiting = script[connection.sent:connection.sent + 1]
            self.watch(connection)


class Connects(Attacker):
    """Connects and closes, as often as it can."""

    def connected(self, connection):
        super().connected(connection)
        self.close(connection)


class Flood(Attacker):
    """Says hello, then the same for ever."""

    block = b""

    def first(self, connection):
        return wire.hello() + self.block

    def more(self, connection):
        return self.block


class Requests(Flood):
    def __init__(self, *arguments, **details):
        super().__init__(*arguments, **details)
        self.block = b"".join(wire.req(number, f"nobody/has/{number}") for number in range(500))


class UnreadRequests(Requests):
    """Does not read the answers."""

    reads = False


class Chunks(Attacker):
    """Asks for a file of one byte again and again, as fast as it is answered, with as much waiting as is allowed."""

    waiting_max = 256

    def ask(self, count):
        root, length = bytes.fromhex(self.details["root"]), int(self.details["length"])
        return wire.pieces(wire.CHUNK, root, length, 0, 1) * count

    def first(self, connection):
        return wire.hello() + self.ask(self.waiting_max)

    def heard(self, connection, data):
        # An endOfChunk, or a busy, is answered by another; they are looked for by their first bytes.
        data, beginnings = connection.tail + data, (bytes([6, 0, 0, 0, wire.END_OF_CHUNK]), bytes([9, 0, 0, 0, wire.BUSY]))
        ends = sum(data.count(beginning) for beginning in beginnings)
        connection.tail = data[-(len(beginnings[0]) - 1):]
        self.stats["answers"] += ends
        connection.waiting += self.ask(ends)
        self.watch(connection)


class Cancels(Chunks):
    """Chunks of a long file, each cancelled at once."""

    waiting_max = 32

    def ask(self, count):
        root, length = bytes.fromhex(self.details["root"]), int(self.details["length"])
        return b"".join(
            wire.pieces(kind, root, length, first, 4) for first in range(count) for kind in (wire.CHUNK, wire.CANCEL))


class Greedy(Attacker):
    """Asks for whole files with all that may wait, and reads as fast as it comes.

    With `identities`, so many peers share its connections; else each is a peer of its own.
    """

    def __init__(self, *arguments, **details):
        super().__init__(*arguments, **details)
        self.identities = [os.urandom(16) for _ in range(int(details.get("identities", 0)))]

    def first(self, connection):
        root, length = bytes.fromhex(self.details["root"]), int(self.details["length"])
        count = piece_count(length)
        chunks = [wire.pieces(wire.CHUNK, root, length, first, min(64, count - first)) for first in range(0, count, 64)]
        identity = self.identities[self.stats["connected"] % len(self.identities)] if self.identities else None
        return wire.hello(identity) + b"".join(chunks * (256 // len(chunks)))


class Unread(Greedy):
    """Asks for all that it may, pieces and digests, and reads nothing."""

    reads = False

    def first(self, connection):
        root, length = bytes.fromhex(self.details["root"]), int(self.details["length"])
        count = piece_count(length)
        return super().first(connection) + wire.pieces(wire.HASHES_REQUEST, root, length, 0, count) * 2000


class Unreachable(Attacker):
    """Joins the manager, and listens nowhere."""

    port = 9

    def first(self, connection):
        return wire.hello() + wire.new_peer(self.port)

    def heard(self, connection, data):
        self.stats["welcomed"] += bytes([27, 0, 0, 0, wire.WELCOME]) in data
        if bytes([13, 0, 0, 0, wire.PING]) in data:
            connection.waiting += wire.pong()
            self.watch(connection)


class Members(Unreachable):
    """Joins the manager, and can be reached."""

    def __init__(self, *arguments, **details):
        super().__init__(*arguments, **details)
        self.listener = socket.create_server((self.source, 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            other, _ = self.listener.accept()
            with other:
                other.sendall(wire.hello())
            self.stats["probed"] += 1


class UnreadMembers(Members):
    """Joins, can be reached, and reads nothing ever."""

    reads = False


KINDS = {
    kind.__name__.lower(): kind
    for kind in [
        Idle, Greeted, HalfOpen, Slowloris, Connects, Requests, UnreadRequests, Chunks, Cancels, Greedy, Unread,
        Unreachable, Members, UnreadMembers,
    ]
}


def main():
    kind, target, count, source, *details = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(10)
    KINDS[kind](target, int(count), source, **dict(word.split("=") for word in details)).run()


if __name__ == "__main__":
    main()
