"""The benchmarks, by their names on the command line."""

from benchmarks.crowd import crowd
from benchmarks.limited import crowd20
from benchmarks.manager import manager
from benchmarks.memory import memory
from benchmarks.reactor import reactor
from benchmarks.restart import restart
from benchmarks.single import four, single
from benchmarks.slow import slow
from benchmarks.small import small

BENCHMARKS = {
    function.__name__: function
    for function in (single, four, small, slow, crowd, crowd20, memory, restart, manager, reactor)
}
