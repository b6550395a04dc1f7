"""System calls of a running daemon that fail for a while: strace's injection, taken away again."""

import pathlib
import subprocess

from process import wait_until
from world import Skipped, need_tool


class Injection:
    """Lets `calls` of a process fail with `error` inside the block. `path`: only those about that file."""

    def __init__(self, world, pid, calls, error, path=None, when=""):
        need_tool("strace")
        self.pid = pid
        self.log = world.directory / f"strace.{pid}.{error}"
        self.command = ["strace", "-f", "-p", str(pid), "-o", str(self.log), "-e", f"trace={calls}"]
        self.command += ["-e", f"inject={calls}:error={error}{when}"]
        if path is not None:
            self.command += ["-P", str(path)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_until(lambda: self.is_attached() or self.process.poll() is not None, "strace is attached", [])
        if self.process.poll() is not None:
            raise Skipped(f"strace may not: {self.process.stderr.read().decode().strip()}")
        return self

    def is_attached(self):
        tasks = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)

    def __exit__(self, *_):
        # It lets go of the daemon, which goes on.
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()

    def injected(self):
        """How many calls failed."""
        return self.log.read_text().count("(INJECTED)")
