"""The benchmarks, by their names on the command line."""

from benchmarks.memory import memory
from benchmarks.restart import restart
from benchmarks.single import four, single

BENCHMARKS = {
    function.__name__: function
    for function in (single, four, memory, restart)
}
