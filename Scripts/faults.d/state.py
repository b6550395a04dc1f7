"""Two daemons that want the same, sockets that nobody answers, and a state directory that cannot be written to."""

import shutil
import signal
import socket
import subprocess

from matrix import fault
from world import MIB, command, expect


def refused(world, peer):
    """A daemon that does not start: returns its exit code and what it says."""
    peer.launch()
    code = peer.daemon.process.wait(20)
    said = " ".join(peer.log().split())
    type(peer.daemon).running.discard(peer.daemon)
    expect(code == 71, f"{peer.name} ends with 71, not {code}: {said}")
    return code, said


@fault("two-daemons", "the second ends with 71 and names the process that holds the state; the first goes on")
def two_daemons(world):
    world.swarm()
    second = world.peer("second")
    second.command[second.command.index(str(second.state))] = str(world.fetcher.state)
    code, said = refused(world, second)
    expect(f"process {world.fetcher.pid}" in said, f"the holder of the state is named: {said}")
    whole = world.finish(world.request())
    return f"{code}: {said}; the first fetched a file in {whole:.1f} s"


@fault(
    "stale-sockets",
    "after kill -9 the socket is replaced; one that is answered, or no socket, is left alone with 71")
def stale_sockets(world):
    world.swarm(length=MIB, seconds=1)
    world.fetcher.kill(signal.SIGKILL)
    code = subprocess.run([*world.fetcher.ctl, "status"], capture_output=True, check=False).returncode
    expect(code == 69, f"p2pctl ends with 69 when nobody answers, not {code}")
    world.fetcher.start()
    world.await_roster()
    world.finish(world.request())
    second = world.peer("second")
    second.command[second.command.index(second.socket)] = world.fetcher.socket
    _, said = refused(world, second)
    with open(second.socket, "w") as file:
        file.write("somebody's notes")
    second.command[second.command.index(world.fetcher.socket)] = second.socket
    _, other = refused(world, second)
    expect(open(second.socket).read() == "somebody's notes", "a file at the socket's path is left alone")
    world.fetcher.ask("status")
    return f"replaced; answered: {said}; a file: {other}"


@fault(
    "stale-manager-port",
    "a port in use ends a manager with 71; connections that time out in the kernel do not hold it")
def port_in_use(world):
    world.swarm(length=MIB, seconds=1)
    with socket.create_connection(world.manager.address.split(":")):
        world.manager.kill(signal.SIGKILL)
        world.manager.start()
    second = subprocess.run(world.manager.command, capture_output=True, text=True, check=False)
    expect(second.returncode == 71, f"a second manager ends with 71, not {second.returncode}")
    world.await_roster()
    return f"started again at once on its port; a second one: {' '.join(second.stderr.split())}"


@fault("read-only-state", "the daemon does not start: 71, and the message names the directory")
def read_only_state(world):
    world.swarm(length=MIB, seconds=1)
    world.fetcher.kill(signal.SIGKILL)
    kept = world.directory / "kept"
    shutil.copytree(world.fetcher.state, kept)
    world.tmpfs(world.fetcher.state, MIB * 8)
    shutil.copytree(kept, world.fetcher.state, dirs_exist_ok=True)
    command("mount", "-o", "remount,ro", str(world.fetcher.state))
    _, said = refused(world, world.fetcher)
    expect(str(world.fetcher.state) in said, f"the directory is named: {said}")
    command("mount", "-o", "remount,rw", str(world.fetcher.state))
    world.fetcher.start()
    world.await_roster()
    world.finish(world.request())
    return f"{said}; writable again, it started and fetched"
