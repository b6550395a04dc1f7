"""What every benchmark needs: the programs, a directory of its own, how often to run, where figures go."""

import pathlib
import shutil
import subprocess
import sys

from process import Failure, Skipped
from table import Table

SYSTEMS = pathlib.Path(__file__).resolve().parent / "systems"


class Bench:
    def __init__(self, programs, runs, quick):
        self.programs, self.runs, self.quick = programs, runs, quick
        self.directory, self.label = None, ""
        self.table, self.failures = Table(), 0

    def size(self, full, quick):
        """A size or a number of things; the second with --quick."""
        return quick if self.quick else full

    def add(self, what, **cells):
        self.table.add(self.label, what, **cells)

    def fail(self, reason):
        self.failures += 1
        print(f"  {self.label}: {reason}", file=sys.stderr, flush=True)
        self.add("FAILED, no figure: see above")

    def skip(self, what, reason):
        self.add(f"skipped {what}: {reason}")

    def c_program(self, name, *libraries):
        """Builds one of the C programs beside the systems, once in each benchmark's directory."""
        program = self.directory / name
        if not program.exists():
            compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
            if not compiler:
                raise Failure(f"{name}.c needs a C compiler, and there is no cc, gcc or clang")
            subprocess.run(
                [compiler, "-O2", "-Wall", "-Wextra", "-o", program, SYSTEMS / f"{name}.c", *libraries], check=True)
        return program

    def need(self, *programs):
        """The paths of other systems' programs; skips what needs them when one is not installed."""
        paths = [shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") for name in programs]
        missing = [name for name, path in zip(programs, paths) if not path]
        if missing:
            raise Skipped(f"no {' and no '.join(missing)}; see --install-peers")
        return paths[0] if len(paths) == 1 else paths

    def available(self, ways):
        """Those of the ways, each a name and a function that makes it, that can be made here."""
        made = []
        for name, make in ways:
            try:
                made.append(make())
            except Skipped as skipped:
                self.skip(name, skipped)
        return made
