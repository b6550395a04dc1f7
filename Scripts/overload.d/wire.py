"""What peers say to each other, byte by byte; see "The wire" in ARCHITECTURE.md."""

import os
import struct

PEER = 1
HELLO, REFUSED, NEW_PEER, PONG, PING = 1, 2, 16, 18, 35
REQ, HAVE, HASHES_REQUEST, CHUNK, PIECE, END_OF_CHUNK, CANCEL, BUSY = 48, 49, 51, 53, 54, 55, 56, 60


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


def frames(data):
    """The whole frames at the beginning of `data`, as kind and body, and how many bytes they take. Raw bytes follow a
    piece: there it ends."""
    found, start = [], 0
    while len(data) - start >= 5:
        length, kind = struct.unpack_from("<IB", data, start)
        if len(data) - start < 4 + length:
            break
        found.append((kind, bytes(data[start + 5:start + 4 + length])))
        start += 4 + length
        if kind == PIECE:
            break
    return found, start
