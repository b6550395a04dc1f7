"""What peers say to each other, byte by byte; see "The wire" in ARCHITECTURE.md."""

import os
import struct

PEER = 1
HELLO, NEW_PEER, PONG, WELCOME, PING = 1, 16, 18, 32, 35
REQ, HASHES_REQUEST, CHUNK, END_OF_CHUNK, CANCEL, BUSY = 48, 51, 53, 55, 56, 60


def frame(kind, body=b""):
    return struct.pack("<IB", 1 + len(body), kind) + body


def text(words):
    data = words.encode()
    return struct.pack("<H", len(data)) + data


def hello(identity=None):
    return frame(HELLO, b"P2PD" + struct.pack("<HI", 1, 0) + (identity or os.urandom(16)) + bytes([PEER]))


def new_peer(port, label="attacker"):
    return frame(NEW_PEER, struct.pack("<H", port) + text(label))


def pong(epoch=0):
    return frame(PONG, struct.pack("<Q", epoch))


def req(number, name):
    return frame(REQ, struct.pack("<IB", number, 0) + text(name))


def pieces(kind, root, length, first, count):
    return frame(kind, root + struct.pack("<QII", length, first, count))

