"""Processes, and what they cost: seconds, processor seconds, MiB resident."""

import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A benchmark that cannot give a figure, with the reason."""


class Skipped(Exception):
    """A benchmark that this machine does not allow, with the reason."""


def memory_mib(pid, field):
    """`VmHWM`, `VmRSS` or `RssAnon` of a process (proc_pid_status(5)); 0 for one that has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def family(pid):
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        try:
            for children in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        except OSError:
            pass
    return found


class PeakMemory:
    """The largest process of several families, sampled: some of them start and end while one looks.

    Not wait4's figure: that one counts what this script had resident when it started the command.
    """

    def __init__(self, pids):
        self.pids, self.mib, self.ended = list(pids), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def sample(self):
        for pid in self.pids:
            self.mib = max([self.mib, *(memory_mib(member, "VmHWM") for member in family(pid))])

    def watch(self):
        # A look at a process takes a tenth of a millisecond, which is not to be seen in what is measured.
        while not self.ended.wait(0.02 * max(1, len(self.pids))):
            self.sample()

    def __enter__(self):
        self.sample()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.sample()


class Daemon:
    """A process that runs until `stop`. Its output goes to a log, whose end is shown when something fails.

    With `talks`, its standard input and output are pipes instead, for `tell` and `hear`.
    """

    running = set()

    def __init__(self, command, log, talks=False):
        self.log = pathlib.Path(log)
        with open(log, "wb") as output:
            ways = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1} if talks else {
                "stdin": subprocess.DEVNULL, "stdout": output}
            self.process = subprocess.Popen(list(map(str, command)), stderr=output, **ways)
        Daemon.running.add(self)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def hear(self):
        """Its next line; a failure when it has ended instead."""
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(10)
            self.check()
        return line.rstrip("\n")

    def cpu_seconds(self):
        """Of the process and of those of its children that have ended."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS

    def memory_mib(self, field):
        return memory_mib(self.process.pid, field)

    def bytes_read(self, field):
        """`rchar`: read from anywhere; `read_bytes`: fetched from the disk for it (proc_pid_io(5))."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/io").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise Failure(f"this kernel does not count {field}")

    def check(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.log.stem} ended with {self.process.returncode}: {self.log_end()}")

    def log_end(self):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])

    @classmethod
    def stop_all(cls):
        stopping = list(cls.running)
        for daemon in stopping:
            daemon.process.terminate()
        for daemon in stopping:
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
    cpu_seconds: float = 0
    peak_mib: float = 0
    output: str = ""


def run(command, directory):
    """Runs a command to its end."""
    return run_together([command], directory)[0]


def run_together(commands, directory):
    """Starts commands at once and waits for all; the seconds of each count from the common start.

    The peak is that of the largest process of all.
    """
    logs = [(open(f"{directory}/output.{n}", "w+"), open(f"{directory}/errors.{n}", "w+"))
            for n in range(len(commands))]
    start = time.monotonic()
    processes = [
        subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        for command, (output, errors) in zip(commands, logs)
    ]
    ended = {}
    try:
        with PeakMemory(process.pid for process in processes) as peak:
            waiters = [threading.Thread(target=wait_for, args=[process, ended]) for process in processes]
            for waiter in waiters:
                waiter.start()
            for waiter in waiters:
                waiter.join()
    except BaseException:
        for process in processes:
            if process.pid not in ended:
                os.kill(process.pid, signal.SIGTERM)
        raise
    return [
        finished(command, *ended[process.pid], start, peak.mib, *log)
        for command, process, log in zip(commands, processes, logs)
    ]


def wait_for(process, ended):
    _, status, usage = os.wait4(process.pid, 0)
    ended[process.pid] = (time.monotonic(), status, usage)
    process.returncode = os.waitstatus_to_exitcode(status)


def finished(command, end, status, usage, start, peak_mib, output, errors):
    with output, errors:
        output.seek(0), errors.seek(0)
        text = output.read()
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            said = (errors.read() or text).splitlines()[-3:]
            raise Failure(f"{pathlib.Path(command[0]).name} ended with {code}: {' | '.join(said)}")
        return Finished(end - start, usage.ru_utime + usage.ru_stime, peak_mib, text)


def wait_until(condition, what, daemons, seconds=60, pause=0.05):
    """Polls until `condition()` holds; fails at once when one of the daemons ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        for daemon in daemons:
            daemon.check()
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(pause)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
