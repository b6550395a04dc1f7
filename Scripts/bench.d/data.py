"""Files to move: never constant, the same at every run."""

import os
import pathlib
import random
import shutil
import struct
import subprocess

MIB = 1 << 20
GIB = 1 << 30
LEAF = 16 * 1024


def make_file(path, length):
    """Random bytes that repeat every MiB, but for a number in each 16 KiB that tells it from all others."""
    block = bytearray(random.Random(length).randbytes(min(MIB, length)))
    with open(path, "wb") as file:
        for offset in range(0, length, MIB):
            for leaf in range(0, len(block) - 7, LEAF):
                struct.pack_into("<Q", block, leaf, offset + leaf)
            file.write(memoryview(block)[: min(MIB, length - offset)])


def make_files(directory, count, length):
    """`count` files of different bytes, a hundred in each of its directories."""
    generator = random.Random(count)
    for index in range(count):
        path = pathlib.Path(directory, f"{index // 100:03}", f"{index % 100:02}.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(generator.randbytes(length))


def share_with(directory, source):
    """Another holder's share: the same file, linked, so that the page cache holds it once."""
    pathlib.Path(directory).mkdir(parents=True)
    os.link(source, pathlib.Path(directory, pathlib.Path(source).name))


def warm(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(MIB):
            pass


def write_and_delete(path, length):
    """Leaves `length` bytes of memory free that were in use a moment ago."""
    block = bytes(MIB)
    with open(path, "wb", buffering=0) as file:
        for _ in range(0, length, MIB):
            file.write(block)
    os.unlink(path)


def same(left, right):
    return subprocess.run(["cmp", "-s", left, right], check=False).returncode == 0


def has_room(directory, length):
    """Room for `length` bytes, and 2 GiB besides."""
    return shutil.disk_usage(directory).free > length + (2 << 30)
