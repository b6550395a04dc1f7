"""rsync from its daemon, whole files."""

import os

from cost import measure
from data import length_of
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
        self.program, port = bench.need("rsync"), free_port()
        self.directory, self.length = bench.directory, length_of(source)
        configuration = bench.directory / "rsyncd.conf"
        # As root it would become nobody, who may not read the directory.
        user = "uid = 0\ngid = 0" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(user=user, root=source.parent))
        self.sender = Daemon(
            [self.program, "--daemon", "--no-detach", f"--config={configuration}", "--address=127.0.0.1",
             f"--port={port}"],
            bench.directory / "rsync.log")
        self.url = f"rsync://127.0.0.1:{port}/files/{source.name}"
        self.options = ["--whole-file"]
        if source.is_dir():
            self.url += "/"
            self.options.append("--recursive")
        wait_until(lambda: accepts(port), "rsync listens", [self.sender])

    def fetch(self, target):
        command = [self.program, *self.options, self.url, target]
        return measure(target, self.length, lambda: run(command, self.directory), [self.sender])
