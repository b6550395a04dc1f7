#!/usr/bin/python3
"""A hostile manager or holder, in a process of its own, until SIGTERM; then it prints what came of it as JSON."""

import collections
import json
import os
import pathlib
import signal
import socket
import struct
import sys
import threading

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "soak.d")]
sys.dont_write_bytecode = True

import roots  # noqa: E402
import wire  # noqa: E402


class Hostile:
    """Listens, and speaks with each that connects in a thread of its own."""

    def __init__(self, host, port, **details):
        self.host, self.details = host, details
        self.stats = collections.Counter()
        self.listener = socket.create_server((host, int(port)), backlog=128)
        self.ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: self.ended.set())

    def run(self):
        threading.Thread(target=self.accept, daemon=True).start()
        while not self.ended.wait(0.1):
            pass
        print(json.dumps(self.stats), flush=True)
        os._exit(0)

    def accept(self):
        while True:
            other, _ = self.listener.accept()
            threading.Thread(target=self.converse, args=[other], daemon=True).start()

    def converse(self, other):
        with other:
            try:
                self.speak(other)
            except (OSError, EOFError):
                self.stats["connections ended"] += 1

    @staticmethod
    def frames(other):
        """The type and body of each that comes."""
        stream = other.makefile("rb")
        while header := stream.read(5):
            length, kind = struct.unpack("<IB", header)
            yield kind, stream.read(length - 1)


class Rosters(Hostile):
    """A manager: a roster with the holder, as it should be; from SIGUSR1 on, the largest there are without end."""

    PEERS, IN_FRAME, DELTAS = 65_536, 2048, 8
    LABEL = "x" * 64

    def __init__(self, host, port, **details):
        super().__init__(host, port, **details)
        identity, _, place = details["holder"].partition("@")
        holder_host, _, holder_port = place.partition(":")
        place = wire.address(holder_host, int(holder_port))
        self.holder = wire.entry(bytes.fromhex(identity), place, "holder")
        self.raging = threading.Event()
        signal.signal(signal.SIGUSR1, lambda *_: self.raging.set())
        self.peers = [self.stranger() for _ in range(self.PEERS - 1)]
        half = self.IN_FRAME // 2
        # Those of the first go, and come again by the second.
        come, go = [self.stranger() for _ in range(half)], self.peers[:half]
        self.deltas = [
            wire.delta(0, come, [peer[:16] for peer in go]), wire.delta(0, go, [peer[:16] for peer in come])]
        everybody = [self.holder, *self.peers]
        self.pages = [
            wire.snapshot(0, self.PEERS, first, everybody[first:first + self.IN_FRAME])
            for first in range(0, self.PEERS, self.IN_FRAME)]

    def stranger(self):
        return wire.entry(os.urandom(16), wire.address(self.host, 9), self.LABEL)

    def speak(self, other):
        other.sendall(wire.hello(role=wire.MANAGER))
        frames = self.frames(other)
        for kind, body in frames:
            if kind == wire.NEW_PEER:
                break
        else:
            return
        [port] = struct.unpack_from("<H", body)
        other.sendall(wire.welcome(wire.address(other.getpeername()[0], port)) + wire.snapshot(1, 1, 0, [self.holder]))
        threading.Thread(target=self.hear, args=[frames], daemon=True).start()
        while not self.raging.wait(2):
            other.sendall(wire.ping(1, 1))
        epoch = 1
        while True:
            epoch += 1
            for page in self.pages:
                other.sendall(at_epoch(page, epoch))
            self.stats["rosters"] += 1
            for index in range(self.DELTAS):
                epoch += 1
                other.sendall(at_epoch(self.deltas[index % 2], epoch))
                self.stats["deltas"] += 1
            other.sendall(wire.ping(epoch, self.PEERS))

    def hear(self, frames):
        try:
            for kind, _ in frames:
                self.stats["rosters asked for"] += kind == wire.ROSTER_REQUEST
        except OSError:
            pass


def at_epoch(frame, epoch):
    return frame[:5] + struct.pack("<Q", epoch) + frame[13:]


class Manifests(Hostile):
    """A holder of one directory whose manifest is as large as may be, and that has none of its files."""

    def __init__(self, host, port, **details):
        super().__init__(host, port, **details)
        self.identity, self.port = os.urandom(16), int(port)
        self.entries = int(details["entries"])
        self.manifest = self.make(self.entries, int(details["path"]), "wrong" in details)
        self.layer = roots.layer_of_bytes(self.manifest)
        self.root = roots.top(roots.leaves(self.manifest))
        threading.Thread(target=self.join, args=details["manager"].split(":"), daemon=True).start()

    @staticmethod
    def make(count, path_length, is_wrong):
        header = struct.Struct("<BHH")
        parts = [b"P2PT" + struct.pack("<HHI", 2, 0o755, count)]
        for index in range(count):
            number = 0 if is_wrong and index == count - 1 else index
            parts += [
                header.pack(1, 0o644, path_length), b"%0*d" % (path_length, number), struct.pack("<Q", 1),
                struct.pack("<Q", index) * 4]
        return b"".join(parts)

    def join(self, host, port):
        manager = socket.create_connection((host, int(port)), source_address=(self.host, 0))
        manager.sendall(wire.hello(self.identity) + wire.new_peer(self.port, "hostile"))
        for kind, _ in self.frames(manager):
            if kind == wire.PING:
                manager.sendall(wire.pong())

    def speak(self, other):
        other.sendall(wire.hello(self.identity))
        for kind, body in self.frames(other):
            if kind == wire.REQ:
                other.sendall(self.answer(body))
            elif kind == wire.HASHES_REQUEST:
                first, count = struct.unpack_from("<II", body, 40)
                digests = self.layer[first:first + count]
                other.sendall(wire.hashes(self.root, len(self.manifest), first, digests))
            elif kind == wire.CHUNK:
                first, count = struct.unpack_from("<II", body, 40)
                if body[:32] == self.root:
                    size = 1 << roots.piece_size_log2(len(self.manifest))
                    for index in range(first, first + count):
                        other.sendall(wire.piece(index, self.manifest[index * size:(index + 1) * size]))
                        self.stats["pieces"] += 1
                    other.sendall(wire.end_of_chunk(first))
                else:
                    self.stats["files asked for"] += 1
                    other.sendall(wire.end_of_chunk(first, wire.GONE))

    def answer(self, body):
        number, kind = struct.unpack_from("<IB", body)
        name = self.details["name"]
        if kind == wire.DIRECTORY and body[7:].decode() == name or kind == wire.ROOT and body[5:37] == self.root:
            return wire.have_directory(number, self.root, len(self.manifest), name, self.entries)
        return wire.not_have(number)


KINDS = {"rosters": Rosters, "manifests": Manifests}


def main():
    kind, host, port, *details = sys.argv[1:]
    KINDS[kind](host, port, **dict(word.split("=") for word in details)).run()


if __name__ == "__main__":
    main()
