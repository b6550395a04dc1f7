"""A fetch beside others, and what may come of it."""

import json
import time

from fetching import Lost, Wrong
from process import Failure
from published import is_tree
from request import Request

TIMEOUT_SECONDS = 20
# A p2pctl that nothing has happened to for so long has been forgotten.
FORGOTTEN_SECONDS = 180
BACKGROUND_SECONDS = 90

# Exit codes of p2pctl.
DONE, INTEGRITY, NOT_FOUND, UNREACHABLE, EXISTS = 0, 65, 66, 69, 73
GONE, CONFLICT, TIMED_OUT, INTERRUPTED = 75, 76, 124, 130


class Fetch:
    def __init__(self, peer, name, options, published):
        self.peer, self.name, self.published = peer, name, published
        self.begin = self.last = time.monotonic()
        # What has happened to it meanwhile: its daemon, or its user.
        self.was_disturbed = self.was_stopped = False
        self.is_background = "--background" in options
        self.request = Request(peer, name + "/" * is_tree(name), *options, seconds=TIMEOUT_SECONDS)
        published.unsettle(peer, name, BACKGROUND_SECONDS)

    def disturb(self):
        self.was_disturbed, self.last = True, time.monotonic()

    def outcome(self, holders):
        """None while it waits. `holders` are peers to which nothing happened."""
        if self.request.process.poll() is None:
            if time.monotonic() > self.last + FORGOTTEN_SECONDS:
                self.request.end()
                raise Lost(f"{self.peer.name} still waits for {self.name}: {self.request.path.read_text()[-300:]}")
            return None
        code, event = self.request.result()
        self.request.path.unlink()
        if not self.is_background:
            self.published.unsettle(self.peer, self.name)
        if code == DONE:
            return "in the background" if self.is_background else self.delivered(event)
        return self.excuse(code, event, holders)

    def delivered(self, event):
        found = self.published.check(self.peer, self.name)
        if not is_tree(self.name) and found.get(self.name) != event["root"]:
            raise Wrong(f"{self.name} at {self.peer.name} has another root than p2pctl said: {found} {event}")
        # Of a directory that was here as a version there are no counts.
        if len(found) < event.get("files", {"total": 1})["total"]:
            raise Wrong(f"{self.name} at {self.peer.name} has {len(found)} files: {event}")
        return "already here" if event["already"] else "delivered"

    def excuse(self, code, event, holders):
        """Why it failed, if that was to be expected."""
        is_sure = not self.was_disturbed and any(
            holder is not self.peer and self.published.has_surely(holder, self.name, self.begin) for holder in holders)
        versions = len(self.published.roots[self.name])
        excuses = {
            INTEGRITY: not is_sure,
            NOT_FOUND: not is_sure,
            GONE: not is_sure,
            TIMED_OUT: not is_sure,
            UNREACHABLE: self.was_disturbed,
            EXISTS: versions > 1 or is_tree(self.name),
            CONFLICT: versions > 1 or is_tree(self.name),
            INTERRUPTED: self.was_stopped,
        }
        if not excuses.get(code, False):
            raise Failure(f"{self.name} at {self.peer.name} ended with {code}: {json.dumps(event)}")
        failed = event.get("files", {}).get("failed", [])
        return failed[0]["cause"] if failed else event.get("cause", f"code {code}")
