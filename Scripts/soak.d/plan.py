"""What a seed stands for: what is fetched, who is killed, when and how, and what happens to the disk meanwhile."""

import dataclasses
import random
import signal

KIB = 1 << 10
MIB = 1 << 20
PIECE = MIB


@dataclasses.dataclass
class Kill:
    signal: int
    # The share of all there is to do that is done when it comes, or seconds after the victim was ready.
    fraction: float | None
    seconds: float | None
    pause: float
    # Of the fetcher's partial file, while nobody runs: "", "tampered", "tampered in secret" or "truncated".
    damage: str

    def __str__(self):
        when = f"at {self.fraction:.0%}" if self.seconds is None else f"after {self.seconds:.2f} s"
        return f"{signal.Signals(self.signal).name} {when}" + (f", {self.damage}" if self.damage else "")


@dataclasses.dataclass
class Plan:
    seed: int
    # "fetcher", "holder", "manager", or "indexer": a peer that indexes many files.
    victim: str
    length: int
    holders: int
    # How long the rate limit makes the transfer.
    seconds: float
    kills: list[Kill]
    # For what is decided while it runs: which bytes are damaged, which files are changed.
    random: random.Random

    @property
    def rate(self):
        """Bytes a second."""
        return max(64 * KIB, int(self.length / self.seconds))

    def __str__(self):
        what = "2,000 files" if self.victim == "indexer" else f"{self.length:,} bytes from {self.holders}"
        return f"{what}; {self.victim}: {'; '.join(map(str, self.kills))}"


def make_plan(seed, length=None):
    generator = random.Random(seed)
    [victim] = generator.choices(["fetcher", "holder", "manager", "indexer"], [12, 3, 2, 3])
    seconds = generator.choice([generator.uniform(0.3, 2), generator.uniform(2, 5)])
    kills = [make_kill(generator, victim, seconds) for _ in range(generator.choice([1, 1, 1, 2, 3]))]
    return Plan(seed, victim, length or make_length(generator), generator.randint(1, 3), seconds, kills, generator)


def make_length(generator):
    """Around the edges of leaves and pieces as well as anywhere; most have several pieces."""
    edge = generator.choice([1, 16 * KIB, PIECE, 3 * PIECE, 8 * PIECE, 16 * PIECE]) + generator.randint(-1, 1)
    return generator.choice([
        max(1, edge), generator.randint(1, PIECE), generator.randint(PIECE, 8 * PIECE),
        generator.randint(8 * PIECE, 64 * PIECE), generator.randint(8 * PIECE, 64 * PIECE),
    ])


def make_kill(generator, victim, seconds):
    by_time = generator.random() < 0.4
    damages = ["", "", "", "", "tampered", "tampered in secret", "truncated"]
    return Kill(
        signal=generator.choice([signal.SIGKILL] * 4 + [signal.SIGTERM]),
        fraction=None if by_time else generator.random(),
        seconds=generator.uniform(0, 1.2 * seconds) if by_time else None,
        pause=generator.choice([0, generator.uniform(0, 0.5)]),
        damage=generator.choice(damages) if victim == "fetcher" else "",
    )
