"""Whether a large file takes as long for each byte as a small one."""

import table
from cost import checked_fetch, median
from data import GIB, MIB, has_room, make_sparse_file, need_room
from process import Skipped
from systems.bare import Verified
from systems.p2pd import P2PD, Swarm


def flat(bench):
    """Nanoseconds for each byte of a fetch at 64 MiB and at 64 GiB (a sparse file), beside the verified bound."""
    large = bench.size(64 * GIB, GIB)
    if not has_room(bench.directory, large):
        large = 16 * GIB
        need_room(bench.directory, large)
        bench.skip("64 GiB", f"{bench.directory} has no room for that; see --directory. 16 GiB it is")
    small = fetches(bench, 64 * MIB, 4 * bench.runs)
    many = fetches(bench, large, 1)
    ratio = many["p2pd"] / small["p2pd"]
    bench.add(
        f"p2pd: a byte of {large // GIB} GiB to one of 64 MiB", ratio=f"{ratio:.2f} x", goal=table.at_most(ratio, 1.1))
    if "bound" in many:
        bench.add("the bound, likewise", ratio=f"{many['bound'] / small['bound']:.2f} x")


def fetches(bench, length, runs):
    """Medians of nanoseconds a byte, alternating."""
    source = bench.directory / f"{length >> 20}.bin"
    make_sparse_file(source, length)
    swarm = Swarm(bench, source, 1, name=f"{length >> 20}-")
    ways = {"p2pd": P2PD(swarm, "--no-sync")}
    try:
        ways["bound"] = Verified(bench, source)
        swarm.check_root(ways["bound"].root)
    except Skipped as skipped:
        bench.skip("the bound", skipped)
    costs = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            costs[name].append(checked_fetch(way, source, bench.directory / "result.bin"))
    return {name: report(bench, ways[name], length, costs[name]) for name in ways}


def report(bench, way, length, costs):
    nanoseconds = [1e9 * cost.seconds / length for cost in costs]
    size = f"{length // GIB} GiB" if length >= GIB else f"{length // MIB} MiB"
    peaks = [max(getattr(cost, f"{side}_peak_mib") for cost in costs) for side in ("sender", "receiver")]
    bench.add(
        f"{size}, {way.name}", **table.spread(nanoseconds, " ns/B", 3),
        goal=table.at_most(max(peaks), 64, " MiB") if isinstance(way, P2PD) else "",
        cpu=" + ".join(
            f"{median(getattr(cost, f'{side}_cpu_seconds') for cost in costs):.2f}" for side in ("sender", "receiver")),
        memory=f"{peaks[0]:.1f} / {peaks[1]:.1f}")
    return median(nanoseconds)
