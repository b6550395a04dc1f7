"""A line between two ends of TCP that takes its time, and not always the same."""

import collections
import contextlib
import heapq
import itertools
import selectors
import socket
import threading
import time

BLOCK = 64 * 1024
# Bytes on their way in one direction; more are not read.
UNDERWAY_MAX = 4 << 20


class Way:
    """One direction: bytes that come out later than they went in, in order."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()
        self.bytes = 0
        self.last = 0.0

    def put(self, data, due):
        self.last = max(self.last, due)
        self.waiting.append((self.last, data))
        self.bytes += len(data)
        return self.last


class Proxy:
    """Accepts on an address of its own and carries everything to `target` and back, each read after a drawn delay."""

    def __init__(self, world, target, delay, listen="127.0.0.1:0"):
        host, port = target.split(":")
        self.target, self.delay, self.random = (host, int(port)), delay, world.random
        host, port = listen.split(":")
        self.listener = socket.create_server((host, int(port)), backlog=128)
        self.address = "{}:{}".format(*self.listener.getsockname())
        self.connections = self.bytes = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.due, self.numbers, self.ended = [], itertools.count(), False
        threading.Thread(target=self.run, daemon=True).start()
        world.cleanup.callback(self.stop)

    def stop(self):
        self.ended = True

    def run(self):
        while not self.ended:
            wait = max(0, self.due[0][0] - time.monotonic()) if self.due else 0.1
            for key, _ in self.selector.select(min(wait, 0.1)):
                self.accept() if key.data is None else self.read(key.data)
            while self.due and self.due[0][0] <= time.monotonic():
                self.deliver(heapq.heappop(self.due)[2])
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(self.target, 5)
        except OSError:
            return near.close()
        self.connections += 1
        for way in (Way(near, far), Way(far, near)):
            self.selector.register(way.source, selectors.EVENT_READ, way)

    def read(self, way):
        try:
            data = way.source.recv(BLOCK)
        except OSError:
            data = b""
        self.bytes += len(data)
        due = way.put(data, time.monotonic() + self.random.uniform(*self.delay))
        heapq.heappush(self.due, (due, next(self.numbers), way))
        if not data or way.bytes > UNDERWAY_MAX:
            self.selector.unregister(way.source)

    def deliver(self, way):
        _, data = way.waiting.popleft()
        was_full = way.bytes > UNDERWAY_MAX
        way.bytes -= len(data)
        try:
            # The other end reads, or this line is as slow as it is.
            way.target.sendall(data) if data else way.target.shutdown(socket.SHUT_WR)
        except OSError:
            return self.close(way)
        if was_full and way.bytes <= UNDERWAY_MAX and way.source.fileno() >= 0:
            self.selector.register(way.source, selectors.EVENT_READ, way)

    def close(self, way):
        for end in (way.source, way.target):
            if end.fileno() >= 0:
                with contextlib.suppress(KeyError):
                    self.selector.unregister(end)
                end.close()
