"""rsync from its daemon, whole files."""

import os

from cost import measure
from process import Daemon, accepts, free_port, run, wait_until

CONFIGURATION = """\
use chroot = no
{user}
log file = /dev/null
[files]
path = {root}
read only = yes
"""


class Rsync:
    name = "rsync daemon, whole file"

    def __init__(self, bench, source):
        """`source` is a file, or a directory of files."""
        self.program, port = bench.need("rsync"), free_port()
        self.directory, self.length = bench.directory, source.stat().st_size
        configuration = bench.directory / "rsyncd.conf"
        # As root it would become nobody, who may not read the directory.
        user = "uid = 0\ngid = 0" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(user=user, root=source.parent))
        self.sender = Daemon(
            [self.program, "--daemon", "--no-detach", f"--config={configuration}", "--address=127.0.0.1",
             f"--port={port}"],
            bench.directory / "rsync.log")
        self.url = f"rsync://127.0.0.1:{port}/files/{source.name}"
        wait_until(lambda: accepts(port), "rsync listens", [self.sender])

    def fetch(self, target):
        command = [self.program, "--whole-file", self.url, target]
        return measure(target, self.length, lambda: run(command, self.directory), [self.sender])

    def fetch_tree(self, target):
        """The directory, to be at `target`."""
        command = [self.program, "--whole-file", "--recursive", self.url + "/", f"{target}/"]
        return run(command, self.directory)
