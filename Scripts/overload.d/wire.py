"""What peers say to each other, byte by byte; see "The wire" in ARCHITECTURE.md."""

import os
import socket
import struct

from roots import piece_size_log2

MANAGER, PEER = 0, 1
HELLO, NEW_PEER, PONG, ROSTER_REQUEST, WELCOME, SNAPSHOT, DELTA, PING = 1, 16, 18, 19, 32, 33, 34, 35
REQ, HAVE, NOT_HAVE, HASHES_REQUEST, HASHES, CHUNK, PIECE, END_OF_CHUNK, CANCEL, BUSY = (
    48, 49, 50, 51, 52, 53, 54, 55, 56, 60)

# What a req asks for; how a chunk ends.
ROOT, DIRECTORY = 1, 3
COMPLETE, GONE = 0, 2


def frame(kind, body=b""):
    return struct.pack("<IB", 1 + len(body), kind) + body


def text(words):
    data = words.encode()
    return struct.pack("<H", len(data)) + data


def hello(identity=None, role=PEER):
    return frame(HELLO, b"P2PD" + struct.pack("<HI", 1, 0) + (identity or os.urandom(16)) + bytes([role]))


def address(host, port):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(host) + struct.pack("<H", port)


def new_peer(port, label="attacker"):
    return frame(NEW_PEER, struct.pack("<H", port) + text(label))


def pong(epoch=0):
    return frame(PONG, struct.pack("<Q", epoch))


def entry(identity, place, label):
    return identity + place + text(label)


def welcome(place, heartbeat=5000, silence=15000):
    return frame(WELCOME, place + struct.pack("<II", heartbeat, silence))


def snapshot(epoch, total, first, entries):
    return frame(SNAPSHOT, struct.pack("<QIII", epoch, total, first, len(entries)) + b"".join(entries))


def delta(epoch, joined, left):
    return frame(DELTA, struct.pack("<QII", epoch, len(joined), len(left)) + b"".join(joined) + b"".join(left))


def ping(epoch, size):
    return frame(PING, struct.pack("<QI", epoch, size))


def have_directory(number, root, length, name, size):
    offer = struct.pack("<QBq", length, piece_size_log2(length), 1_700_000_000)
    holding = b"\x02" + struct.pack("<Q", size)
    return frame(HAVE, struct.pack("<I", number) + root + offer + text(name) + holding)


def not_have(number):
    return frame(NOT_HAVE, struct.pack("<IB", number, 0))


def hashes(root, length, first, digests):
    return pieces(HASHES, root, length, first, len(digests), b"".join(digests))


def piece(index, content):
    return frame(PIECE, struct.pack("<II", index, len(content))) + content


def end_of_chunk(first, end=COMPLETE):
    return frame(END_OF_CHUNK, struct.pack("<IB", first, end))


def req(number, name):
    return frame(REQ, struct.pack("<IB", number, 0) + text(name))


def pieces(kind, root, length, first, count, more=b""):
    return frame(kind, root + struct.pack("<QII", length, first, count) + more)

