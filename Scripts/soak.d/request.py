"""A client that waits for a download."""

import itertools
import json
import subprocess
import time

from process import Failure

# Far longer than any download here takes.
PATIENCE_SECONDS = 60

numbers = itertools.count(1)


class Request:
    """A p2pctl that waits for the file; it ends with its daemon, the download does not."""

    def __init__(self, peer, name, *options, seconds=PATIENCE_SECONDS):
        self.path = peer.directory / f"{peer.name}.req.{next(numbers)}"
        with open(self.path, "wb") as output:
            command = [*peer.ctl, "req", name, "--json", "--timeout", str(seconds), *options]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.began = time.monotonic()

    def age(self):
        """Seconds since it was made."""
        return time.monotonic() - self.began

    def was_taken(self):
        """Whether the daemon has said that it fetches: from a moment later on the download is its to finish."""
        return '"event":"found"' in self.path.read_text()

    def result(self, seconds=PATIENCE_SECONDS):
        """Waits for its end. Returns its exit code and its last event."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"p2pctl req still waits after {seconds} s: {self.path.read_text()[-300:]}") from expired
        lines = [line for line in self.path.read_text().splitlines() if line.startswith("{")]
        return code, json.loads(lines[-1]) if lines else {}

    def end(self):
        self.process.kill()
        self.process.wait()
