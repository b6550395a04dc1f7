#!/usr/bin/python3
"""Prints Tests/HashingTests/TorrentVectors.swift: roots and piece layers as libtorrent computes them.

Needs Debian's python3-libtorrent (2.0 or later). Run it from the repository's root:
    Tests/HashingTests/Vectors/torrent-vectors.py > Tests/HashingTests/TorrentVectors.swift
"""

import os
import struct
import tempfile

import libtorrent

MIB = 1 << 20
LEAF = 16 * 1024
LENGTHS = [
    1, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF + 1, 5 * LEAF, MIB - 1, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1,
    3 * MIB, 4 * MIB + LEAF, 5 * MIB + 12345, 8 * MIB, 8 * MIB + 1, 9 * MIB + 12345,
]


def piece_size(length):
    """As Sources/Content/PieceLayout.swift has it, for these lengths."""
    return MIB if length <= 8 * MIB else MIB // 4


def content(length):
    """Marsaglia's xorshift64 (shifts 13, 7, 17) started at length + 1, each state as eight little-endian bytes."""
    state, words = length + 1, []
    for _ in range(length // 8 + 1):
        state ^= state << 13 & (1 << 64) - 1
        state ^= state >> 7
        state ^= state << 17 & (1 << 64) - 1
        words.append(state)
    return struct.pack(f"<{len(words)}Q", *words)[:length]


def torrent(directory, length):
    with open(os.path.join(directory, "file"), "wb") as file:
        file.write(content(length))
    files = libtorrent.file_storage()
    files.add_file("file", length)
    creator = libtorrent.create_torrent(files, piece_size(length), libtorrent.create_torrent.v2_only)
    libtorrent.set_piece_hashes(creator, directory)
    return creator.generate()


def vector(directory, length):
    entry = torrent(directory, length)
    assert entry[b"info"][b"piece length"] == piece_size(length)
    root = entry[b"info"][b"file tree"][b"file"][b""][b"pieces root"]
    layer = entry[b"piece layers"].get(root, b"")
    print(f"        TorrentVector(\n            length: {length},\n            root: \"{root.hex()}\",")
    print("            pieceLayer: [" + ("" if layer else "]),"))
    for start in range(0, len(layer), 32):
        print(f"                \"{layer[start:start + 32].hex()}\",")
    if layer:
        print("            ]),")


print(f"""\
// Printed by Vectors/torrent-vectors.py with libtorrent {libtorrent.version}; see there how the files' bytes are made.

/// A file's identity as another implementation of BEP 52 computes it, with pieces as p2pd has them.
struct TorrentVector {{
    let length: Int
    let root: String
    /// Empty for a file of one piece: its root says all.
    let pieceLayer: [String]

    static let all = [""")
with tempfile.TemporaryDirectory() as directory:
    for length in LENGTHS:
        vector(directory, length)
print("    ]\n}")
