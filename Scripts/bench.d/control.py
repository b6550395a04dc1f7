"""A daemon's control socket, asked directly: it takes less time than a p2pctl that is started for it."""

import json
import selectors
import socket
import time

from process import Failure


def lines_of(path, method, params, seconds=20):
    """Every object that the daemon says until it has answered, the answer last."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(str(path))
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        connection.sendall(json.dumps(request).encode() + b"\n")
        for line in connection.makefile("rb"):
            said = json.loads(line)
            yield said
            if "id" in said:
                return


def ask_together(paths, method, params, seconds=300):
    """Asks several daemons at once.

    - Returns: of each, in that order, the answer, and the seconds that it took from when the first was asked.
    """
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n"
    answers, started = {}, time.monotonic()
    with selectors.DefaultSelector() as selector:
        for path in paths:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(path))
            connection.sendall(line)
            selector.register(connection, selectors.EVENT_READ, [path, b""])
        while len(answers) < len(paths):
            ready = selector.select(started + seconds - time.monotonic())
            if not ready:
                raise Failure(f"no answer to {method} in {seconds} s from {set(paths) - set(answers)}")
            for key, _ in ready:
                path, rest = key.data
                came = key.fileobj.recv(1 << 16)
                *lines, key.data[1] = (rest + came).split(b"\n")
                answer = next((said for said in map(json.loads, lines) if "id" in said), None)
                if answer or not came:
                    answers[path] = (answer or {}, time.monotonic() - started)
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    return [answers[path] for path in paths]


def ask(path, method, **params):
    """The result of one call."""
    answer = {}
    for answer in lines_of(path, method, params):
        pass
    if "result" not in answer:
        raise Failure(f"{path} answered {method} with {answer}")
    return answer["result"]
