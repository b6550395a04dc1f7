"""A holder that is of no use."""

import table
from cost import compare
from data import MIB, make_file
from network import Network
from swarm import events
from systems.p2pd import P2PD, Swarm

# Of each good holder, so that what a holder less would cost is known: a third.
GOOD = "--max-upload=20M"
SLOW_BYTES_PER_SECOND = 1_000


def slow(bench):
    """Three good holders (20 MiB/s each) and one on a link of 1 KB/s, beside the three alone; 256 MiB."""
    source = bench.directory / "source.bin"
    make_file(source, bench.size(256 * MIB, 64 * MIB))
    with Network() as network:
        hub = network.hub()
        three = P2PD(Swarm(bench, source, 3, GOOD, name="three-", host=hub), "--no-sync")
        four = WithSlowHolder(Swarm(bench, source, 3, GOOD, name="four-", host=hub), "--no-sync")
        four.add_slow_holder(network)
        compare(bench, [three, four], source, bound=three, to="three alone", goal=(four, 1.1))
        four.report(bench)


class WithSlowHolder(P2PD):
    def add_slow_holder(self, network):
        self.network, host = network, network.host(rate=SLOW_BYTES_PER_SECOND)
        self.slow = self.swarm.add_holder(host)
        self.known, self.bytes = [], []
        self.name = "p2pd, 3 holders and one at 1 KB/s, --no-sync"

    def fetch(self, target):
        # The last run's packets still wait for the link.
        self.network.wait_until_idle()
        return super().fetch(target)

    def request(self, fetcher):
        finished, done = fetcher.request(self.swarm.name, *self.options)
        found = [event["holders"] for event in events(finished) if event["event"] == "found"]
        self.known.append(any(self.slow.address in holders for holders in found))
        self.bytes.append(
            sum(holder["bytes"] for holder in done["holders"] if holder["address"] == self.slow.address))
        return finished

    def report(self, bench):
        """What became of the slow holder, of which a fetch that never heard of it says nothing."""
        bench.add(f"the slow one was known when the fetch began in {sum(self.known)} of {len(self.known)} runs")
        bench.add("bytes that the slow one brought", **table.spread(self.bytes, "", 0))
