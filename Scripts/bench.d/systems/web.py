"""What fetches from web servers: curl, aria2c."""

import hashlib
import pathlib

from cost import measure
from process import Daemon, accepts, free_port, run, wait_until

NGINX = """\
daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
events {{}}
http {{
    access_log off; sendfile on;
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Nginx:
    """A number of servers with the same file."""

    def __init__(self, bench, source, count):
        program = bench.need("nginx")
        self.urls, self.daemons = [], []
        for index in range(count):
            directory, port = bench.directory / f"nginx{index}", free_port()
            directory.mkdir()
            configuration = pathlib.Path(directory, "nginx.conf")
            configuration.write_text(NGINX.format(directory=directory, port=port, root=source.parent))
            command = [program, "-p", directory, "-e", "stderr", "-c", configuration]
            daemon = Daemon(command, directory / "output.log")
            wait_until(lambda port=port: accepts(port), "nginx listens", [daemon])
            self.daemons.append(daemon)
            self.urls.append(f"http://127.0.0.1:{port}/{source.name}")


class Download:
    """A program that fetches the URLs of some servers."""

    def __init__(self, bench, source, servers):
        self.directory, self.length, self.servers = bench.directory, source.stat().st_size, servers

    def fetch(self, target):
        return measure(
            target, self.length, lambda: run(self.command(target), self.directory), self.servers.daemons)


class Curl(Download):
    name = "curl from nginx, unverified"

    def __init__(self, bench, source, servers):
        super().__init__(bench, source, servers)
        self.program = bench.need("curl")

    def command(self, target):
        return [self.program, "-fsS", "-o", target, self.servers.urls[0]]


class Aria2(Download):
    def __init__(self, bench, source, servers, checksum):
        super().__init__(bench, source, servers)
        self.program, count = bench.need("aria2c"), len(servers.urls)
        self.name = f"aria2c from {count} nginx, {'SHA-256 at the end' if checksum else 'unverified'}"
        with open(source, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest() if checksum else None
        self.checksum = [f"--checksum=sha-256={digest}"] if checksum else []

    def command(self, target):
        return [
            self.program, "--quiet", "--no-conf", f"--split={len(self.servers.urls)}", "--min-split-size=1M",
            "--file-allocation=none", "--allow-overwrite", "--auto-file-renaming=false", *self.checksum,
            f"--dir={target.parent}", f"--out={target.name}", *self.servers.urls,
        ]
