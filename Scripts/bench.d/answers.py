"""How soon a daemon answers its user while it is busy."""

import threading
import time

from process import Failure


class Answers:
    """Asks a daemon for its status again and again, in a thread; `p99` is in seconds."""

    PAUSE_SECONDS = 0.01

    def __init__(self, peer):
        self.peer, self.times, self.failures = peer, [], 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.wait(self.PAUSE_SECONDS):
            start = time.monotonic()
            try:
                self.peer.ask("status")
            except (OSError, Failure, ValueError):
                self.failures += 1
            self.times.append(time.monotonic() - start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    @property
    def p99(self):
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else float("inf")
