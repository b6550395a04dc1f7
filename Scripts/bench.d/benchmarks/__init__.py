"""The benchmarks, by their names on the command line."""

from benchmarks.crowd import crowd
from benchmarks.limited import crowd20
from benchmarks.memory import memory
from benchmarks.restart import restart
from benchmarks.single import four, single
from benchmarks.slow import slow
from benchmarks.small import small

BENCHMARKS = {
    function.__name__: function
    for function in (single, four, small, slow, crowd, memory, restart, crowd20)
}
