"""Small messages on one thread."""

import json
import statistics

import table
from process import Daemon, Failure, Skipped, accepts, free_port, run, wait_until

CONNECTIONS = 50


def reactor(bench):
    """Round trips of a small message over 50 connections to one reactor thread, beside redis-benchmark's PING."""
    count = bench.size(1_000_000, 100_000)
    port = free_port()
    server = Daemon(
        [bench.programs / "p2pbench", "echo-server", "--listen", f"127.0.0.1:{port}"], bench.directory / "echo.log")
    wait_until(lambda: accepts(port), "the echo server listens", [server])
    try:
        redis = Redis(bench)
    except Skipped as skipped:
        redis = None
        bench.skip("redis", skipped)
    ours, theirs = [], []
    for _ in range(1 + bench.runs):
        ours.append(echo(bench, port, count))
        if redis:
            theirs.append(redis.ping(count))
    del ours[0], theirs[:1]
    cells = {}
    if theirs:
        middle = statistics.median(theirs)
        bench.add("redis PING, the faster of its two forms", **table.spread(theirs, " a second", 0))
        ratio = statistics.median(ours) / middle
        cells = {"ratio": f"{ratio:.2f} x redis", "goal": table.at_least(ratio, 1.2)}
    bench.add("p2pd's reactor, ping and pong", **table.spread(ours, " a second", 0), **cells)


def echo(bench, port, count):
    command = [
        bench.programs / "p2pbench", "echo", "--server", f"127.0.0.1:{port}", "--connections", str(CONNECTIONS),
        "--round-trips", str(count)]
    return json.loads(run(command, bench.directory).output)["per_second"]


class Redis:
    def __init__(self, bench):
        program, self.client = bench.need("redis-server", "redis-benchmark")
        self.directory, self.port = bench.directory, free_port()
        self.server = Daemon(
            [program, "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
             bench.directory], bench.directory / "redis.log")
        wait_until(lambda: accepts(self.port), "redis listens", [self.server])

    def ping(self, count):
        command = [
            self.client, "-p", str(self.port), "-c", str(CONNECTIONS), "-n", str(count), "-t", "ping", "--csv"]
        lines = [line.split(",") for line in run(command, self.directory).output.splitlines()]
        rates = [float(line[1].strip('"')) for line in lines if line[0].startswith('"PING')]
        if len(rates) != 2:
            raise Failure("redis-benchmark did not print two rates of PING")
        return max(rates)
