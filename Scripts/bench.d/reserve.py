"""Memory for a fetch to write into."""

import mmap
import pathlib
import threading
import time

PAGE = 4096
STEP = 4 << 20
# Above what is free before: a fetch takes no more than that between two looks, and no more of it is given back.
SPARE = 64 << 20
LOOK_SECONDS = 0.02
LENGTH_MAX = 4 << 30
REPORTING_SECONDS = 2.5


class Reserve:
    """In a `with`: whatever memory is taken meanwhile was in use until a moment ago.

    What a virtual machine has not used for a while it has to get back from its host, which takes several times as long
    as writing to it, and it gives free memory back two seconds after some was freed (Linux' free page reporting),
    during which it stands still. So memory is held here, and let go of as fast as it is used.
    """

    def __init__(self, length):
        length = min(LENGTH_MAX, length, memory("MemFree") // 2) + SPARE
        self.left = length - length % STEP
        self.pages = mmap.mmap(-1, self.left, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        # In large pages it costs next to nothing to let go of.
        self.pages.madvise(mmap.MADV_HUGEPAGE)
        for offset in range(0, self.left, PAGE):
            self.pages[offset] = 1
        # What was freed before is given back now, and not during the fetch.
        time.sleep(REPORTING_SECONDS)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.keep_up, daemon=True)

    def __enter__(self):
        self.release(SPARE)
        self.level = memory("MemFree")
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.pages.close()

    def keep_up(self):
        while not self.ended.wait(LOOK_SECONDS):
            self.release(self.level - memory("MemFree"))

    def release(self, length):
        length = min(self.left, length - length % STEP)
        if length > 0:
            self.left -= length
            self.pages.madvise(mmap.MADV_DONTNEED, self.left, length)


def memory(field):
    """Bytes, of /proc/meminfo (proc(5))."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) << 10
    return 0
