"""The benchmarks, by their names on the command line."""

from benchmarks.crowd import crowd
from benchmarks.flat import flat
from benchmarks.index import index
from benchmarks.latency import latency
from benchmarks.limited import crowd20
from benchmarks.manager import manager
from benchmarks.memory import memory
from benchmarks.reactor import reactor
from benchmarks.restart import restart
from benchmarks.single import four, single
from benchmarks.slow import slow
from benchmarks.small import small
from benchmarks.tick import tick

BENCHMARKS = {
    function.__name__: function
    for function in (
        single, four, small, slow, crowd, crowd20, memory, restart, manager, reactor, index, latency, tick, flat,
    )
}
