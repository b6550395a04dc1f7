"""What else a peer can do while it reads its disk."""

import statistics

import table
from answers import Answers
from data import GIB, MIB, cool_tree, length_of, make_file, need_room, same
from process import Failure
from systems.p2pd import Swarm


def tick(bench):
    """A peer serves 4 GiB of cold files and hashes 2 GiB of new ones: how long its loop and answers take meanwhile."""
    length = bench.size(GIB, 64 * MIB)
    need_room(bench.directory, 11 * length)
    cold, new = bench.directory / "cold", bench.directory / "new"
    for directory in (cold, new):
        directory.mkdir()
    for number in range(4):
        make_file(cold / f"{number}.bin", length, seed=number)
    for number in range(32):
        make_file(new / f"{number}.bin", length // 16, seed=100 + number)
    swarm = Swarm(bench, cold, 1)
    p50, p99, answers = [], [], []
    for _ in range(bench.runs):
        ticks, seconds = serve(swarm, new)
        p50.append(ticks["p50"] / 1000)
        p99.append(ticks["p99"] / 1000)
        answers += seconds
    bench.add("its loop's ticks: median, an upper bound", **table.spread(p50, " ms", 3))
    bench.add(
        "its loop's ticks: 99th percentile, an upper bound", **table.spread(p99, " ms", 3),
        goal=table.at_most(statistics.median(p99), 5, " ms"))
    answers.sort()
    bench.add(
        f"{len(answers)} answers to status meanwhile: 99th percentile",
        median=f"{1000 * answers[len(answers) * 99 // 100]:.2f} ms",
        range=f"{1000 * answers[0]:.2f} to {1000 * answers[-1]:.2f} ms")


def serve(swarm, new):
    """One fetch, from a holder that has just been started; the new files are put into its share when it begins."""
    holder, cold = swarm.holders[0], swarm.source
    holder.daemon.stop()
    cool_tree(cold)
    cool_tree(new)
    holder.start()
    holder.wait_for_files(4)
    fetcher = swarm.fetcher()
    before = holder.daemon.bytes_read("read_bytes")
    added = holder.share / "new"
    new.rename(added)
    with Answers(holder) as answers:
        fetcher.request(swarm.name, "--no-sync")
        holder.wait_for_files(4 + 32)
    if answers.failures:
        raise Failure(f"{answers.failures} times the holder did not answer")
    ticks = holder.ask("status")["ticks"]
    read = holder.daemon.bytes_read("read_bytes") - before
    if read < length_of(cold) + length_of(added):
        raise Failure(f"only {read / GIB:.1f} GiB came from the disk: the files were not cold, and this says nothing")
    if not same(cold, fetcher.share / cold.name):
        raise Failure("what was fetched differs from the source")
    fetcher.remove()
    added.rename(new)
    return ticks, answers.times
