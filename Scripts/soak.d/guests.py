"""Peers that come and go."""

import shutil
import signal
import subprocess
import time

from daemons import Peer
from process import Daemon, Failure

FAULTS = ["killed", "terminated", "stopped", "left", "killed and new"]


class Guest(Peer):
    """At any time it is `up`, `stopped`, `down` or `starting`; what happens next is due at a time."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.standing, self.due, self.since = "down", 0, 0

    def come(self):
        self.launch()
        self.stand("starting")

    def stand(self, standing, seconds=0):
        self.standing, self.since = standing, time.monotonic()
        self.due = self.since + seconds

    def suffer(self, fault, seconds):
        """Something happens to it, and for so long it is gone."""
        if fault == "stopped":
            self.daemon.process.send_signal(signal.SIGSTOP)
            return self.stand("stopped", seconds)
        if fault == "left":
            self.leave()
        else:
            self.kill(signal.SIGTERM if fault == "terminated" else signal.SIGKILL)
        if fault == "killed and new":
            shutil.rmtree(self.state)
        self.stand("down", seconds)

    def leave(self):
        subprocess.run([*self.ctl, "left"], check=True, capture_output=True, timeout=30)
        if self.daemon.process.wait(20) != 0:
            raise Failure(f"{self.name} ended with {self.daemon.process.returncode} after left")
        Daemon.running.discard(self.daemon)

    def step(self):
        """What is due is done."""
        if self.standing in ("up", "starting"):
            self.daemon.check()
        if self.standing == "starting" and self.is_ready():
            self.stand("up")
        if time.monotonic() < self.due:
            return
        if self.standing == "stopped":
            self.daemon.process.send_signal(signal.SIGCONT)
            self.stand("up")
        elif self.standing == "down":
            self.come()

    def heal(self):
        self.due = 0
        self.step()
