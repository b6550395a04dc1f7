"""Processes, and what they cost: seconds, processor seconds, MiB resident."""

import dataclasses
import os
import pathlib
import socket
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A benchmark that cannot give a figure, with the reason."""


def memory_mib(pid, field):
    """`VmHWM`, `VmRSS` or `RssAnon` of a process (proc_pid_status(5)); 0 for one that has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


class Daemon:
    """A process that runs until `stop`. Its output goes to a log, whose end is shown when something fails."""

    running = set()

    def __init__(self, command, log):
        self.log = pathlib.Path(log)
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        Daemon.running.add(self)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, field):
        return memory_mib(self.process.pid, field)

    def check(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.log.stem} ended with {self.process.returncode}: {self.log_end()}")

    def log_end(self):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])

    @classmethod
    def stop_all(cls):
        for daemon in list(cls.running):
            daemon.stop()

    def stop(self):
        Daemon.running.discard(self)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclasses.dataclass
class Finished:
    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


def run(command, directory):
    """Runs a command to its end.

    The peak is sampled, not wait4's: that one counts what this script had resident when it started the command.
    """
    peak, ended = [0], threading.Event()

    def sample(pid):
        while True:
            peak[0] = max(peak[0], memory_mib(pid, "VmHWM"))
            if ended.wait(0.02):
                return

    with open(f"{directory}/output", "w+") as output, open(f"{directory}/errors", "w+") as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        sampler = threading.Thread(target=sample, args=[process.pid], daemon=True)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        sampler.join()
        output.seek(0), errors.seek(0)
        text = output.read()
        if process.returncode != 0:
            said = (errors.read() or text).splitlines()[-3:]
            raise Failure(f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {' | '.join(said)}")
        return Finished(seconds, usage.ru_utime + usage.ru_stime, peak[0], text)


def wait_until(condition, what, daemons, seconds=60):
    """Polls until `condition()` holds; fails at once when one of the daemons ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        for daemon in daemons:
            daemon.check()
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except ConnectionRefusedError:
        return False
