"""A manager and a holder that say as much as the protocol lets them."""

import signal
import subprocess
import time
import types

from battle import ATTACKER, MEMORY_MIB_MAX, RATE, SOURCE, Battle
from daemons import Manager, port
from process import accepts, wait_until

HOSTILE = ATTACKER.with_name("hostile.py")
# A manifest is read into memory whole, 256 MiB at most; some bytes of each of its entries are kept besides.
MANIFEST_MIB_MAX = MEMORY_MIB_MAX + 256 + 200
DIRECTORY = "bomb"


class Lies(Battle):
    """The fetcher is attacked; meanwhile it fetches from an honest holder, whose limit is the narrowest place."""

    def proof(self, attack):
        return attack.proof

    def prepare(self, attack):
        world = self.world
        world.make_original(RATE * self.seconds)
        world.manager = Manager(world.programs, world.directory)
        world.holder("--max-upload", str(RATE))
        world.fetcher = self.asked = self.victim = world.peer("fetcher", manager=self.manager())
        world.fetcher.start()
        world.await_roster()


class Rosters(Lies):
    def manager(self):
        """It behaves, at first."""
        number = port()
        [holder] = self.world.holders
        self.attacker = self.launch(
            [HOSTILE, "rosters", "127.0.0.1", number, f"holder={holder.ask('status')['id']}@{holder.address}"])
        wait_until(lambda: accepts(number), "the hostile manager listens", [])
        return types.SimpleNamespace(address=f"127.0.0.1:{number}")

    def attack(self, attack):
        self.attacker.send_signal(signal.SIGUSR1)
        return self.attacker


class Manifests(Lies):
    # What becomes of it: its files are asked for, and waited for.
    ENDS = ("fetching", "waiting")

    def manager(self):
        return self.world.manager

    def attack(self, attack):
        number = port()
        process = self.launch([
            HOSTILE, attack.kind, SOURCE, number, f"manager={self.world.manager.address}", f"name={DIRECTORY}",
            *attack.details])
        place = f"{SOURCE}:{number}"
        fetcher = self.world.fetcher
        self.world.time(
            lambda: place in {peer["address"] for peer in fetcher.ask("peers")["peers"]}, "the hostile holder joins")
        subprocess.run([*fetcher.ctl, "req", f"{DIRECTORY}/", "--background"], check=True, capture_output=True)
        return process

    def await_end(self, attack):
        """Until the manifest has been refused, or its files have been asked for a while."""
        end = time.monotonic() + 30
        while time.monotonic() < end and self.state() != "failed":
            time.sleep(0.5)
        self.ended = self.state()

    def failures(self, attack, *measured):
        yield from super().failures(attack, *measured)
        if self.ended not in self.ENDS:
            yield f"the directory is {self.ended}, not {' or '.join(self.ENDS)}"

    def state(self):
        states = [
            download["state"] for download in self.world.fetcher.ask("downloads")["downloads"]
            if download["name"] == DIRECTORY]
        return states[0] if states else "gone"


class WrongManifests(Manifests):
    ENDS = ("failed",)
