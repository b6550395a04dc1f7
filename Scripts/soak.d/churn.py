"""A swarm in which everything comes and goes for long, while a few daemons that stay are watched."""

import collections
import os
import random
import signal
import subprocess
import time

from daemons import Manager, Peer
from fetches import Fetch
from fetching import Lost
from guests import FAULTS, Guest
from process import Failure, wait_until
from published import Published, is_tree
from vitals import Vitals

STEADY, GUESTS = 2, 4
FETCHES_MAX = 6
# So that transfers last long enough to be met by something.
RATES = ["8M", "16M"]
STEP_SECONDS = 0.1
# What happens so many times a second.
PUBLICATIONS, FAULTS_A_SECOND, STOPS, SWEEPS = 0.8, 0.25, 0.3, 0.1
SETTLED_SECONDS = 120


def named(download):
    """As p2pctl takes it."""
    return download["name"] + "/" * (download["kind"] == "tree")


class Churn:
    def __init__(self, programs, directory, seed):
        # How full the disk is besides is no matter here.
        os.environ.setdefault("P2PD_MIN_FREE", "256M")
        self.random = random.Random(seed)
        self.published = Published(self.random, directory)
        self.manager = Manager(programs, directory)
        self.steady = [self.make(Peer, programs, directory, f"steady{index}") for index in range(STEADY)]
        self.guests = [self.make(Guest, programs, directory, f"guest{index}") for index in range(GUESTS)]
        self.fetches, self.outcomes, self.faults, self.stops = [], *(collections.Counter() for _ in range(3))
        for peer in self.steady:
            peer.start()
        for guest in self.guests:
            guest.come()
        self.vitals = Vitals([self.manager, *self.steady])

    def make(self, kind, programs, directory, name):
        return kind(programs, directory, name, self.manager, "--max-download", self.random.choice(RATES))

    @property
    def peers(self):
        return [*self.steady, *self.guests]

    @property
    def up(self):
        return [*self.steady, *(guest for guest in self.guests if guest.standing == "up")]

    def run(self, minutes):
        """Raises what was wrong; returns whether all that was watched stayed flat."""
        end = time.monotonic() + 60 * minutes
        try:
            while time.monotonic() < end:
                self.step()
                time.sleep(STEP_SECONDS)
            self.settle()
        finally:
            for guest in self.guests:
                if guest.standing == "stopped":
                    guest.daemon.process.send_signal(signal.SIGCONT)
            for fetch in self.fetches:
                fetch.request.end()
        return all(self.vitals.is_flat(daemon.name) for daemon in self.vitals.daemons)

    def step(self):
        self.follow()
        self.vitals.step()
        for chance, deed in [
            (PUBLICATIONS, self.publish), (FAULTS_A_SECOND, self.hurt), (STOPS, self.stop), (SWEEPS, self.sweep),
        ]:
            if self.random.random() < chance * STEP_SECONDS:
                deed()
        if len(self.fetches) < FETCHES_MAX:
            self.fetch()

    def follow(self):
        """Looks at all that goes on by itself."""
        for daemon in [self.manager, *self.steady]:
            daemon.daemon.check()
        for guest in self.guests:
            guest.step()
        for fetch in list(self.fetches):
            if outcome := fetch.outcome(self.steady):
                self.outcomes[outcome] += 1
                self.fetches.remove(fetch)

    def is_free(self, peer, name):
        """Nobody waits for that name there, so that what lies there may be touched."""
        return not any(fetch.peer is peer and fetch.name == name for fetch in self.fetches)

    # MARK: What happens

    def publish(self):
        peer = self.random.choice(self.peers)
        here = [name for name in self.published.here(peer) if name in self.published.names and self.is_free(peer, name)]
        deed = self.random.choices(["add", "copy", "replace", "change", "remove"], [10, 3, 2, 2, 2])[0]
        if deed == "add" or not here:
            return self.published.publish(peer, self.published.new_name())
        name = self.random.choice(here)
        if deed == "copy":
            other = self.random.choice([other for other in self.peers if other is not peer])
            if self.is_free(other, name):
                self.published.copy(peer, other, name)
        else:
            {"replace": self.published.publish, "change": self.published.change,
             "remove": self.published.remove}[deed](peer, name)

    def fetch(self):
        peer = self.random.choice(self.up)
        if not self.published.names:
            return
        name = self.random.choice(self.published.names)
        if (peer.share / name).exists() and self.random.random() < 0.9 or not self.is_free(peer, name):
            return
        options = [option for option, chance in [
            ("--newest", 0.7), ("--no-sync", 0.4), ("--background", 0.1),
        ] if self.random.random() < chance]
        if self.random.random() < 0.5:
            options += ["--force", "--no-backup"]
        self.fetches.append(Fetch(peer, name, options, self.published))
        self.outcomes["begun"] += 1

    def hurt(self):
        guests = [guest for guest in self.guests if guest.standing == "up"]
        if not guests:
            return
        guest, fault = self.random.choice(guests), self.random.choice(FAULTS)
        self.faults[fault] += 1
        for fetch in self.fetches:
            if fetch.peer is guest:
                fetch.disturb()
        guest.suffer(fault, self.random.choice([self.random.uniform(0, 3), self.random.uniform(3, 20)]))

    def stop(self):
        """Somebody changes his mind."""
        fetches = [fetch for fetch in self.fetches if fetch.peer in self.up]
        if fetches:
            fetch, deed = self.random.choice(fetches), self.random.choice(["pause", "resume", "cancel"])
            fetch.was_stopped = True
            self.tell(fetch.peer, deed, fetch.name + "/" * is_tree(fetch.name))

    def sweep(self):
        """Keeps the disks and the lists of failed downloads from growing."""
        for peer in self.peers:
            if (name := self.published.excess(peer)) and self.is_free(peer, name):
                self.published.remove(peer, name)
        peer = self.random.choice(self.up)
        for download in peer.ask("downloads")["downloads"]:
            if download["state"] in ("failed", "kept", "paused", "waiting"):
                for fetch in self.fetches:
                    fetch.was_stopped |= fetch.peer is peer and fetch.name == download["name"]
                is_resumed = download["state"] == "paused" and self.random.random() < 0.5
                self.tell(peer, "resume" if is_resumed else "cancel", named(download))

    def tell(self, peer, deed, name):
        self.stops[deed] += 1
        # It may be over already.
        subprocess.run([*peer.ctl, deed, name], check=False, capture_output=True, timeout=60)

    # MARK: The end

    def settle(self):
        """No more faults: all comes back, every download that can end does, and nothing is left over."""
        wait_until(self.is_over, "all fetches end", [], 2 * SETTLED_SECONDS)
        for peer in self.peers:
            subprocess.run([*peer.ctl, "resume", "--all"], check=False, capture_output=True, timeout=60)
        try:
            wait_until(lambda: not self.unfinished(), "every download that can end does", [], SETTLED_SECONDS)
        except Failure as failure:
            raise Lost(f"{failure}: {self.unfinished()}") from failure
        for peer in self.peers:
            for download in peer.ask("downloads")["downloads"]:
                self.tell(peer, "cancel", named(download))
            for name in self.published.here(peer):
                self.published.check(peer, name)
        self.vitals.due = 0
        self.vitals.step()

    def is_over(self):
        for guest in self.guests:
            guest.due = 0
        self.follow()
        self.vitals.step()
        return not self.fetches and len(self.up) == len(self.peers)

    def unfinished(self):
        """Downloads of files that somebody else offers, and such as go on."""
        offered = {peer.name: set(peer.files().values()) for peer in self.peers}
        return [
            f"{download['name']} at {peer.name} is {download['state']}: {download.get('cause')}"
            for peer in self.peers for download in peer.ask("downloads")["downloads"]
            if download["state"] not in ("failed", "kept", "paused", "done") and (
                download["bytesPerSecond"] > 0
                or any(download.get("root") in offered[other.name] for other in self.peers if other is not peer))
        ]

    def report(self):
        def words(counts):
            return ", ".join(f"{count} {what}" for what, count in counts.most_common()) or "none"

        return (
            f"shares: {words(self.published.counts)}\nfetches: {words(self.outcomes)}\n"
            f"users: {words(self.stops)}\nfaults: {words(self.faults)}\n\n{self.vitals.table()}")
