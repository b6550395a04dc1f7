"""Files to move: never constant, the same at every run."""

import os
import pathlib
import random
import shutil
import struct
import subprocess
import time

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
    """Another holder's share: the same file or files, linked, so that the page cache holds them once."""
    directory, source = pathlib.Path(directory), pathlib.Path(source)
    directory.mkdir(parents=True)
    if source.is_dir():
        shutil.copytree(source, directory / source.name, copy_function=os.link)
    else:
        os.link(source, directory / source.name)


def warm(path):
    for each in files_below(path):
        with open(each, "rb", buffering=0) as file:
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


def files_below(path):
    """All files below a directory; of a file, itself."""
    path = pathlib.Path(path)
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def length_of(path):
    """Bytes of a file, or of all files below a directory."""
    return sum(each.stat().st_size for each in files_below(path))


def write_and_delete(path, length):
    """Leaves `length` bytes of memory free that were in use a moment ago."""
    block = bytes(MIB)
    with open(path, "wb", buffering=0) as file:
        for _ in range(0, length, MIB):
            file.write(block)
    os.unlink(path)


def same(left, right):
    """The same bytes; in two directories, the same names with the same bytes."""
    compare = ["diff", "-rq"] if pathlib.Path(left).is_dir() else ["cmp", "-s"]
    return subprocess.run([*compare, left, right], check=False, capture_output=True).returncode == 0


def put_away(path):
    """Deletes a file; a directory stays until the benchmark ends: ext4 is slow to make new files for minutes after
    many were deleted, since it looks for inodes that were not used recently.
    """
    if path.is_dir():
        path.rename(path.with_name(f"{path.name}.{time.monotonic_ns()}"))
    else:
        path.unlink(missing_ok=True)


def need_room(directory, length):
    """Room for `length` bytes, and 2 GiB besides."""
    if not has_room(directory, length):
        raise Failure(f"{directory} has no room for {length / GIB:.1f} GiB; name another disk with --directory")


def has_room(directory, length):
    return shutil.disk_usage(directory).free > length + 2 * GIB
