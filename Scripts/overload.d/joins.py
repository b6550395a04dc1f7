"""An honest peer that joins while the manager is attacked."""

import time

from battle import Battle

# It connects and introduces itself, and the manager connects back; one attempt may come to nothing.
JOINING_SECONDS_MAX = 5


class Joins(Battle):
    def prepare(self, attack):
        super().prepare(attack)
        self.joined = 0
        self.newcomer = self.world.peer("newcomer")

    def await_end(self, attack):
        start = time.monotonic()
        self.newcomer.start()
        self.world.time(lambda: self.newcomer.knows([self.asked]), "the newcomer has joined")
        self.joined = time.monotonic() - start
        super().await_end(attack)

    def failures(self, attack, *measured):
        yield from super().failures(attack, *measured)
        if self.joined > JOINING_SECONDS_MAX:
            yield f"an honest peer joined in {self.joined:.1f} s"

    def describe(self, stats, after):
        return f"{super().describe(stats, after)}, an honest peer joined in {self.joined:.1f} s"
