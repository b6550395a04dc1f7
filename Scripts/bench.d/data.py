"""Files to move: never constant, the same at every run."""

import os
import pathlib
import random
import shutil
import struct
import subprocess

from process import Failure

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
LEAF = 16 * 1024


def make_file(path, length, seed=0):
    """Random bytes that repeat every MiB, but for a number in each 16 KiB that tells it from all others."""
    block = bytearray(random.Random(length + seed).randbytes(min(MIB, length)))
    with open(path, "wb") as file:
        for offset in range(0, length, MIB):
            for leaf in range(0, len(block) - 7, LEAF):
                struct.pack_into("<Q", block, leaf, offset + leaf)
            file.write(memoryview(block)[: min(MIB, length - offset)])


def make_files(directory, count, length):
    """`count` files of different bytes, a hundred in each of its directories."""
    generator = random.Random(count)
    for first in range(0, count, 100):
        part = pathlib.Path(directory, f"{first // 100:04}")
        part.mkdir(parents=True)
        for index in range(first, min(first + 100, count)):
            with open(part / f"{index % 100:02}.bin", "wb", buffering=0) as file:
                file.write(generator.randbytes(length))


def make_sparse_file(path, length):
    with open(path, "wb") as file:
        file.truncate(length)


def share_with(directory, source):
    """Another holder's share: the same file, linked, so that the page cache holds it once."""
    pathlib.Path(directory).mkdir(parents=True)
    os.link(source, pathlib.Path(directory, pathlib.Path(source).name))


def warm(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(MIB):
            pass


def cool_tree(directory):
    """Takes all files below a directory out of the page cache."""
    os.sync()
    for path in files_below(directory):
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if left := cached_bytes(directory):
        raise Failure(f"{left} bytes below {directory} stay in the page cache")


def cached_bytes(directory):
    """How much of the files below a directory is in the page cache."""
    command = ["xargs", "-0", "fincore", "--bytes", "--noheadings", "--raw", "--output", "RES"]
    names = b"".join(bytes(path) + b"\0" for path in files_below(directory))
    output = subprocess.run(command, input=names, check=True, capture_output=True).stdout
    return sum(map(int, output.split()))


def files_below(directory):
    return [path for path in pathlib.Path(directory).rglob("*") if path.is_file()]


def write_and_delete(path, length):
    """Leaves `length` bytes of memory free that were in use a moment ago."""
    block = bytes(MIB)
    with open(path, "wb", buffering=0) as file:
        for _ in range(0, length, MIB):
            file.write(block)
    os.unlink(path)


def same(left, right):
    return subprocess.run(["cmp", "-s", left, right], check=False).returncode == 0


def same_tree(left, right):
    """The same names with the same bytes below two directories."""
    return subprocess.run(["diff", "-rq", left, right], check=False, capture_output=True).returncode == 0


def need_room(directory, length):
    """Room for `length` bytes, and 2 GiB besides."""
    if not has_room(directory, length):
        raise Failure(f"{directory} has no room for {length / GIB:.1f} GiB; name another disk with --directory")


def has_room(directory, length):
    return shutil.disk_usage(directory).free > length + 2 * GIB
