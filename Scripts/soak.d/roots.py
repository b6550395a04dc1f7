"""A file's root, computed by other means than p2pd's; see "Identity" in ARCHITECTURE.md."""

import hashlib

LEAF = 16 * 1024
EMPTY = bytes(32)


def piece_size_log2(length):
    """Of a file of at most 64 GiB."""
    if not 8 << 20 < length <= 256 << 20:
        return 20
    return 18 if length <= 128 << 20 else 19


def piece_count(length):
    return -(-length >> piece_size_log2(length))


def root_of(path):
    """In hexadecimal."""
    with open(path, "rb") as file:
        return top(hashlib.sha256(leaf).digest() for leaf in iter(lambda: file.read(LEAF), b"")).hex()


def root_of_bytes(content):
    return top(leaves(content)).hex()


def layer_of_bytes(content):
    """The digests of the pieces of a file that has several."""
    row, filler = list(leaves(content)), EMPTY
    for _ in range(piece_size_log2(len(content)) - 14):
        row, filler = rise(row, filler)
    return row


def leaves(content):
    return (hashlib.sha256(content[start:start + LEAF]).digest() for start in range(0, len(content), LEAF))


def top(digests):
    row, filler = list(digests), EMPTY
    while len(row) > 1:
        row, filler = rise(row, filler)
    return row[0] if row else EMPTY


def rise(row, filler):
    """The row above; where it is short, what stands for nothing but filling comes in."""
    row += [filler] * (len(row) % 2)
    above = [hashlib.sha256(row[index] + row[index + 1]).digest() for index in range(0, len(row), 2)]
    return above, hashlib.sha256(filler + filler).digest()
