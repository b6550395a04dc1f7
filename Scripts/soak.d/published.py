"""What was ever put into a share, and what lies there now: the truth that deliveries are compared with."""

import collections
import os
import pathlib
import shutil
import time

from data import files_below
from fetching import Wrong
from roots import root_of, root_of_bytes

MIB = 1 << 20
LENGTH_MAX = 64 * MIB
# Until a peer surely offers what was put into its share, on a machine that is busy.
SETTLING_SECONDS = 15
# Of one share; what is more is removed.
SHARE_MAX = 128 * MIB
# Names that may come again; older ones are left alone.
NAMES_KNOWN = 80


def is_tree(name):
    return name.startswith("tree")


class Published:
    """All is put into a share by one rename, or overwritten in one go, so that there are no versions in between."""

    def __init__(self, generator, directory):
        self.random = generator
        self.workshop = pathlib.Path(directory, "workshop")
        self.workshop.mkdir()
        self.names = collections.deque(maxlen=NAMES_KNOWN)
        # By path below a share: the roots of all its versions.
        self.roots = collections.defaultdict(set)
        # By peer and name: until when it is not certain what lies there.
        self.unsettled = {}
        self.counts = collections.Counter()

    def new_name(self):
        kind = "tree" if self.random.random() < 0.2 else "directory/file"
        self.names.append(f"{kind}{sum(self.counts.values())}")
        return self.names[-1]

    def draw_content(self, length_max):
        """Every order of magnitude is as likely as any other."""
        return self.random.randbytes(int(length_max ** self.random.random()))

    def here(self, peer):
        """The names that lie in a peer's share, also such as it has fetched."""
        names = [f"directory/{path.name}" for path in sorted(peer.share.glob("directory/*"))]
        return names + sorted(path.name for path in peer.share.glob("tree*"))

    # MARK: What happens to a share

    def publish(self, peer, name):
        """Puts a new version there, in place of what is there."""
        self.counts["replaced" if (peer.share / name).exists() else "added"] += 1
        made = self.workshop / "made"
        if is_tree(name):
            made.mkdir()
            for index in range(self.random.randint(1, 30)):
                path = f"{self.random.choice(['', 'a/', 'a/b/'])}{index}"
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                self.write(made / path, f"{name}/{path}", MIB)
            self.take_away(peer.share / name)
        else:
            self.write(made, name, LENGTH_MAX)
        self.put(made, peer, name)

    def copy(self, source, peer, name):
        """A second holder of what another peer has."""
        self.counts["copied"] += 1
        self.check(source, name)
        made = self.workshop / "made"
        copy = shutil.copytree if is_tree(name) else shutil.copyfile
        copy(source.share / name, made)
        self.take_away(peer.share / name)
        self.put(made, peer, name)

    def change(self, peer, name):
        """Overwrites a file where it is, or one of a directory, whoever may be reading it."""
        self.counts["changed in place"] += 1
        if files := sorted(files_below(peer.share / name)):
            path = self.random.choice(files)
            self.write(path, str(path.relative_to(peer.share)), MIB)
        self.unsettle(peer, name)

    def remove(self, peer, name):
        """Takes it away, after a look whether it was right, whoever brought it."""
        self.counts["removed"] += 1
        self.check(peer, name)
        self.take_away(peer.share / name)
        self.unsettle(peer, name)

    def write(self, path, name, length_max):
        content = self.draw_content(length_max)
        self.roots[name].add(root_of_bytes(content))
        path.write_bytes(content)

    def put(self, made, peer, name):
        (peer.share / name).parent.mkdir(exist_ok=True)
        os.rename(made, peer.share / name)
        self.unsettle(peer, name)

    def take_away(self, path):
        """In one go, too."""
        if path.exists():
            gone = self.workshop / "gone"
            os.rename(path, gone)
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()

    def unsettle(self, peer, name, seconds=SETTLING_SECONDS):
        self.unsettled[peer.name, name] = time.monotonic() + seconds

    # MARK: What is right

    def check(self, peer, name):
        """Every file of that name in the share is one that was published under it. Returns their roots by path."""
        found = {}
        for path in files_below(peer.share / name):
            key = str(path.relative_to(peer.share))
            found[key] = root_of(path)
            if found[key] not in self.roots[key]:
                raise Wrong(f"{key} at {peer.name} has the root {found[key]}, which was never published")
        return found

    def has_surely(self, peer, name, since):
        """Whether it has offered this file from then to now, of which there is one version."""
        return (
            len(self.roots[name]) == 1 and (peer.share / name).is_file()
            and self.unsettled.get((peer.name, name), 0) < since)

    def excess(self, peer):
        """A name to remove from a share that holds too much, if it does."""
        names = self.here(peer)
        sizes = sum(path.stat().st_size for name in names for path in files_below(peer.share / name))
        return self.random.choice(names) if sizes > SHARE_MAX else None
