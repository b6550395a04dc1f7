"""An attack, and an honest transfer beside it."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import sys
import time

from answers import Answers
from process import Daemon
from results import Result
from world import MIB, NAME, World

ATTACKER = pathlib.Path(__file__).with_name("attacker.py")
SOURCE = "127.0.0.66"
# Bytes a second of the honest transfer.
RATE = 24 * MIB
TINY = "tiny.bin"
KEPT_MIN = 0.9
STATUS_SECONDS_MAX = 0.05
# Of the attacked daemon. A peer: piece buffers 24 MiB, 64 MiB of messages, and itself.
MEMORY_MIB_MAX = 160
# A peer waits 3 s for answers of those who are silent, on a machine that is busy.
ASKING_SECONDS_MAX = 4
# To say hello. Deadlines are looked at four times a second, on a machine that is busy.
GREETING_SECONDS = 10
GREETING_SECONDS_MAX = 12


@dataclasses.dataclass
class Attack:
    name: str
    what: str
    kind: str
    count: int
    # "holder" or "manager"
    victim: str = "holder"
    # Of what file the attacker is told root and length.
    file: str = ""
    # Every one of its connections must be closed in time.
    ends_soon: bool = False
    # What the attacker must have counted, and how much of it at least, for the attack to have taken place. Besides, it has
    # had as many connections as it was to hold.
    proof: dict = dataclasses.field(default_factory=dict)
    # Besides, for the attacker.
    details: tuple = ()
    # How it is fought: a kind of Battle; Battle itself if nothing is said.
    battle: type | None = None
    memory_mib_max: int = MEMORY_MIB_MAX


class Battle:
    def __init__(self, programs, directory, seconds):
        self.world = World(programs, directory, seed=0)
        self.directory = pathlib.Path(directory)
        self.seconds = seconds
        self.asking_seconds = 0

    def close(self):
        self.world.close()

    def fight(self, attack):
        self.prepare(attack)
        alone = self.alone()
        attacker = self.attack(attack)
        with Answers(self.asked) as answers:
            time.sleep(2)
            beside = self.transfer()
            self.await_end(attack)
        asking_seconds = self.asking_seconds
        attacker.send_signal(signal.SIGTERM)
        stats = json.loads(attacker.communicate(timeout=60)[0] or "{}")
        stats["exit code"] = attacker.returncode
        peak = self.victim.daemon.memory_mib("VmHWM")
        after = self.transfer()
        failures = list(self.failures(attack, alone, beside, answers, peak, stats))
        if asking_seconds > ASKING_SECONDS_MAX:
            failures.append(f"it took {asking_seconds:.1f} s to ask who has the file")
        return Result(
            attack.name, f"{alone:.1f}", f"{beside:.1f}", f"{beside / alone:.0%}", f"{answers.p99 * 1000:.1f} ms",
            f"{peak:.0f}", "; ".join(failures) or "ok",
            f"{self.describe(stats, after)}, asked for {asking_seconds:.1f} s beside it")

    # What a kind of battle may do in its own way.

    def prepare(self, attack):
        """Makes the swarm; sets who is attacked, and whose user asks for its status."""
        world = self.world
        world.swarm(length=RATE * self.seconds, seconds=self.seconds)
        self.asked = world.holders[0]
        world.put(self.asked, TINY, b"1")
        world.await_offer(self.asked, TINY)
        self.victim = world.manager if attack.victim == "manager" else self.asked

    def alone(self):
        """MiB/s without an attack."""
        return self.transfer()

    def attack(self, attack):
        command = [ATTACKER, attack.kind, self.victim.address, attack.count, SOURCE, *attack.details]
        if attack.file:
            [file] = [file for file in self.asked.ask("files")["files"] if file["name"] == attack.file]
            command += [f"root={file['root']}", f"length={file['length']}"]
        return self.launch(command)

    def await_end(self, attack):
        if attack.ends_soon:
            time.sleep(GREETING_SECONDS_MAX)

    def launch(self, command):
        process = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.PIPE)
        self.world.cleanup.callback(process.kill)
        return process

    def transfer(self):
        """Fetches the file; returns MiB/s, from when it is known who has it."""
        fetcher = self.world.fetcher
        start = time.monotonic()
        request = self.world.request("--no-sync")
        begin = time.monotonic()
        self.asking_seconds = begin - start
        self.world.finish(request, 120)
        seconds = time.monotonic() - begin
        (fetcher.share / NAME).unlink()
        self.world.time(lambda: NAME not in fetcher.files(), "the fetcher has forgotten the file")
        return self.world.original.stat().st_size / MIB / seconds

    def proof(self, attack):
        # Some have been held until their time was over, and were not refused at once.
        held = {"longest_seconds": GREETING_SECONDS} if attack.ends_soon else {}
        return {"connected": attack.count, **held, **attack.proof}

    @staticmethod
    def describe(stats, after):
        words = [f"{value:,} {name}" for name, value in stats.items() if name != "longest_seconds" and value]
        return ", ".join([*words, f"longest {stats.get('longest_seconds', 0)} s", f"{after:.1f} MiB/s afterwards"])

    def failures(self, attack, alone, beside, answers, peak, stats):
        if stats["exit code"]:
            yield f"the attacker ended with {stats['exit code']}"
        for what, least in self.proof(attack).items():
            if stats.get(what, 0) < least:
                yield f"there was no attack: {stats.get(what, 0):,} {what}, not {least:,}"
        if beside < KEPT_MIN * alone:
            yield f"the honest transfer kept {beside / alone:.0%}"
        if answers.p99 > STATUS_SECONDS_MAX or answers.failures:
            yield f"status took {answers.p99 * 1000:.0f} ms, and failed {answers.failures} times"
        if peak > attack.memory_mib_max:
            yield f"{peak:.0f} MiB were in use"
        if attack.ends_soon and stats.get("longest_seconds", 0) > GREETING_SECONDS_MAX:
            yield f"a connection that said no hello stood for {stats['longest_seconds']} s"
        for daemon in list(Daemon.running):
            if daemon.process.poll() is not None:
                yield f"{daemon.log.stem} ended with {daemon.process.returncode}"
