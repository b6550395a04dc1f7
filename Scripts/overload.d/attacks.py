"""The attacks, and an honest transfer beside each."""

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
# Deadlines of 10 s are looked at four times a second, on a machine that is busy.
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


ATTACKS = [
    Attack("idle", "10,000 connections that say nothing", "idle", 10_000, ends_soon=True),
    Attack("idle-at-manager", "10,000 connections that say nothing", "idle", 10_000, "manager", ends_soon=True),
    Attack("greeted", "10,000 connections that say hello and no more", "greeted", 10_000),
    Attack("half-open", "5,000 connections with half a hello", "halfopen", 5_000, ends_soon=True),
    Attack("half-open-at-manager", "5,000 connections with half a hello", "halfopen", 5_000, "manager", ends_soon=True),
    Attack("slowloris", "500 connections with a byte a second", "slowloris", 500, ends_soon=True),
    Attack("slowloris-at-manager", "500 connections with a byte a second", "slowloris", 500, "manager", ends_soon=True),
    Attack("connects", "connections opened and closed, as fast as can be", "connects", 500),
    Attack("connects-at-manager", "the same", "connects", 500, "manager"),
    Attack("requests", "50 connections ask for names without end", "requests", 50),
    Attack("unread-requests", "50 connections ask for names without end, and read no answer", "unreadrequests", 50),
    Attack("tiny-chunks", "50 connections ask for chunks of one byte without end", "chunks", 50, file=TINY),
    Attack("cancels", "20 connections ask for chunks and cancel them without end", "cancels", 20, file=NAME),
    Attack("unread-pieces", "50 connections ask for pieces and digests, and read nothing", "unread", 50, file=NAME),
    Attack("unreachable", "2,000 peers join that nobody can reach, again and again", "unreachable", 2_000, "manager"),
    Attack("members", "5,000 peers that do nothing else join", "members", 5_000, "manager"),
    Attack("unread-members", "2,000 peers join and read nothing", "unreadmembers", 2_000, "manager"),
]


class Battle:
    def __init__(self, programs, directory, seconds):
        self.world = World(programs, directory, seed=0)
        self.directory = pathlib.Path(directory)
        self.seconds = seconds

    def close(self):
        self.world.close()

    def fight(self, attack):
        world = self.world
        world.swarm(length=RATE * self.seconds, seconds=self.seconds)
        holder = world.holders[0]
        world.put(holder, TINY, b"1")
        world.await_offer(holder, TINY)
        alone = self.transfer()
        victim = world.manager if attack.victim == "manager" else holder
        attacker = self.attack(attack, victim, holder)
        with Answers(holder) as answers:
            time.sleep(2)
            beside = self.transfer()
            if attack.ends_soon:
                time.sleep(GREETING_SECONDS_MAX)
        attacker.send_signal(signal.SIGTERM)
        stats = json.loads(attacker.communicate(timeout=60)[0] or "{}")
        peak = victim.daemon.memory_mib("VmHWM")
        after = self.transfer()
        failures = list(self.failures(attack, alone, beside, answers, peak, stats))
        return Result(
            attack.name, f"{alone:.1f}", f"{beside:.1f}", f"{beside / alone:.0%}", f"{answers.p99 * 1000:.1f} ms",
            f"{peak:.0f}", "; ".join(failures) or "ok", self.describe(stats, after))

    def attack(self, attack, victim, holder):
        command = [sys.executable, str(ATTACKER), attack.kind, victim.address, str(attack.count), SOURCE]
        if attack.file:
            [file] = [file for file in holder.ask("files")["files"] if file["name"] == attack.file]
            command += [f"root={file['root']}", f"length={file['length']}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.world.cleanup.callback(process.kill)
        return process

    def transfer(self):
        """Fetches the file; returns MiB/s."""
        fetcher = self.world.fetcher
        start = time.monotonic()
        self.world.finish(self.world.request("--no-sync"), 120)
        seconds = time.monotonic() - start
        (fetcher.share / NAME).unlink()
        self.world.time(lambda: NAME not in fetcher.files(), "the fetcher has forgotten the file")
        return self.world.original.stat().st_size / MIB / seconds

    @staticmethod
    def describe(stats, after):
        words = [f"{value:,} {name}" for name, value in stats.items() if name != "longest_seconds" and value]
        return ", ".join([*words, f"longest {stats.get('longest_seconds', 0)} s", f"{after:.1f} MiB/s afterwards"])

    def failures(self, attack, alone, beside, answers, peak, stats):
        if beside < KEPT_MIN * alone:
            yield f"the honest transfer kept {beside / alone:.0%}"
        if answers.p99 > STATUS_SECONDS_MAX or answers.failures:
            yield f"status took {answers.p99 * 1000:.0f} ms, and failed {answers.failures} times"
        if peak > MEMORY_MIB_MAX:
            yield f"{peak:.0f} MiB were in use"
        if attack.ends_soon and stats.get("longest_seconds", 0) > GREETING_SECONDS_MAX:
            yield f"a connection that said no hello stood for {stats['longest_seconds']} s"
        for daemon in list(Daemon.running):
            if daemon.process.poll() is not None:
                yield f"{daemon.log.stem} ended with {daemon.process.returncode}"
