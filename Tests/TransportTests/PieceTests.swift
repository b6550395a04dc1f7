import Content
import Posix
import Reactor
import Testing
import Wire

@testable import Transport

/// Pieces from a file into buffers.
struct PieceTests {
    /// Around the sizes of the decoder's and the transport's own blocks.
    static let lengths = [1, 5, 4_095, 4_096, 4_097, 65_536 - 9, 65_536, 200_003]

    @Test("Pieces in a row arrive byte for byte, with the messages between them")
    func piecesInARow() throws {
        let sample = try SampleFile(length: 3 << 20)
        let wired = try Wired()
        wired.far.takePieces()
        var (offset, expected) = (0, [Bytes]())
        for (index, length) in Self.lengths.enumerated() {
            wired.near.transport.send(
                piece: index, of: sample.file, offset: UInt64(offset), length: length, on: wired.nearID)
            wired.near.transport.send(.endOfChunk(first: index, .complete), on: wired.nearID)
            expected.append(Bytes(sample.bytes[offset..<offset + length]))
            offset += length
        }
        try wired.loop.run { wired.far.messages.count == 2 * expected.count }
        #expect(wired.far.pieces == expected)
        #expect(wired.far.progress == offset)
        #expect(wired.far.transport.pieceBytesReceived == UInt64(offset))
        #expect(wired.near.transport.fileBytesSent == UInt64(offset))
        #expect(wired.far.messages.last == .endOfChunk(first: expected.count - 1, .complete))
    }

    @Test("A piece and the next header arrive whole when they come a byte at a time", arguments: [1, 2, 700])
    func everySplit(_ length: Int) throws {
        let wired = try RawWired()
        wired.end.takePieces()
        let bytes = Samples.bytes(length)
        for byte in try PieceTests.stream([(0, bytes), (1, bytes)]) {
            wired.raw.write([byte])
            try wired.loop.tick()
        }
        try wired.loop.run { wired.end.pieces.count == 2 }
        #expect(wired.end.pieces == [Bytes(bytes), Bytes(bytes)])
    }

    @Test("A piece whose bytes come together with its header and the next one arrives whole", arguments: lengths)
    func together(_ length: Int) throws {
        let wired = try RawWired()
        wired.end.takePieces()
        let bytes = Samples.bytes(length)
        let stream = try PieceTests.stream([(0, bytes), (1, bytes), (2, bytes)]) + Message.leftPeer.encoded
        var sent = 0
        try wired.loop.run {
            sent += wired.raw.write(stream, from: sent)
            return wired.end.messages.last == .leftPeer
        }
        #expect(wired.end.pieces == Array(repeating: Bytes(bytes), count: 3))
        #expect(wired.end.progress == 3 * length)
    }

    @Test("A stream that was fast and then brings little is heard of all the same, and so is its end")
    func gathers() throws {
        let wired = try RawWired()
        wired.end.takePieces()
        let length = 3 << 20
        let stream = try PieceTests.stream([(0, Samples.bytes(length))])
        let fast = Array(stream[..<(2 << 20)])
        var sent = 0
        // Fast, until its socket gathers.
        try wired.loop.run {
            sent += wired.raw.write(fast, from: sent)
            return wired.end.transport.connections.values.contains { $0.threshold > 1 }
        }
        #expect(wired.end.transport.connections.values.contains { $0.threshold > 1 })
        let header = stream.count - length
        for _ in 0..<3 {
            let part = Array(stream[sent..<sent + 100])
            #expect(wired.raw.write(part) == 100)
            sent += 100
            #expect(try wired.loop.run { wired.end.progress == sent - header })
        }
        wired.raw.endSending()
        #expect(try wired.loop.run { !wired.end.closed.isEmpty })
    }

    private static func stream(_ pieces: [(index: Int, bytes: [UInt8])]) throws -> [UInt8] {
        pieces.flatMap { Message.piece(index: $0.index, length: $0.bytes.count).encoded + $0.bytes }
    }

    // MARK: Without a buffer

    @Test("A piece without a buffer is not read, and is whole once it has one", arguments: [100, 60_000, 3 << 20])
    func pauses(_ length: Int) throws {
        let wired = try RawWired()
        let bytes = Samples.bytes(length)
        wired.end.onReceived = { message, id in if case .piece = message { wired.end.transport.pause(id) } }
        let stream = try PieceTests.stream([(0, bytes)]) + Message.leftPeer.encoded
        var sent = wired.raw.write(stream)
        try wired.loop.run { !wired.end.messages.isEmpty }
        try wired.loop.run(for: 0.05)
        #expect(wired.end.messages.count == 1 && wired.end.pieces.isEmpty && wired.end.progress == 0)

        wired.end.transport.receive(.buffered(0, length), on: wired.id)
        try wired.loop.run {
            sent += wired.raw.write(stream, from: sent)
            return wired.end.messages.last == .leftPeer
        }
        #expect(wired.end.pieces == [Bytes(bytes)])
    }

    @Test("A piece that is not wanted any more while it waits for a buffer is passed over", arguments: [100, 60_000])
    func discardedWhilePaused(_ length: Int) throws {
        let wired = try RawWired()
        wired.end.onReceived = { message, id in if case .piece = message { wired.end.transport.pause(id) } }
        wired.raw.write(try PieceTests.stream([(0, Samples.bytes(length))]) + Message.leftPeer.encoded)
        try wired.loop.run { !wired.end.messages.isEmpty }
        wired.end.transport.discard(length, on: wired.id)
        #expect(try wired.loop.run { wired.end.messages.last == .leftPeer })
        #expect(wired.end.pieces.isEmpty && wired.end.closed.isEmpty)
    }

    @Test("The rest of a piece that is not wanted any more is passed over, and its buffer given back")
    func passedOver() throws {
        let wired = try RawWired()
        wired.end.takePieces()
        let bytes = Samples.bytes(50_000)
        let stream = try PieceTests.stream([(0, bytes), (1, bytes)]) + Message.leftPeer.encoded
        wired.raw.write(Array(stream[..<20_000]))
        #expect(try wired.loop.run { wired.end.progress > 0 })
        #expect(wired.end.transport.passOver(wired.id)?.index == 0)
        #expect(wired.end.transport.passOver(wired.id) == nil)
        wired.raw.write(Array(stream[20_000...]))
        #expect(try wired.loop.run { wired.end.messages.last == .leftPeer })
        #expect(wired.end.pieces == [Bytes(bytes)])
        #expect(wired.end.closed.isEmpty)
    }

    @Test("Waiting for a buffer costs no ticks, even when the other end is gone", arguments: [false, true])
    func pausedDoesNotSpin(_ byReset: Bool) throws {
        let wired = try RawWired()
        wired.end.onReceived = { message, id in if case .piece = message { wired.end.transport.pause(id) } }
        wired.raw.write(try PieceTests.stream([(0, Samples.bytes(50_000))]))
        try wired.loop.run { !wired.end.messages.isEmpty }
        if byReset { wired.raw.reset() } else { wired.raw.endSending() }
        let before = wired.loop.ticks
        try wired.loop.run(for: 0.2)
        // A tick of this loop waits 5 ms if nothing happens.
        #expect(wired.loop.ticks - before < 60)
        #expect(wired.end.closed.count == (byReset ? 1 : 0))
    }

    @Test("A discarded piece is passed over, and counts as a sign of life", arguments: lengths)
    func discards(_ length: Int) throws {
        let wired = try RawWired()
        wired.end.onReceived = { message, id in
            if case .piece(_, let length) = message { wired.end.transport.discard(length, on: id) }
        }
        let bytes = Samples.bytes(length)
        let stream = try PieceTests.stream([(0, bytes), (1, bytes)]) + Message.leftPeer.encoded
        var sent = 0
        try wired.loop.run {
            sent += wired.raw.write(stream, from: sent)
            return wired.end.messages.last == .leftPeer
        }
        #expect(wired.end.messages.count == 3 && wired.end.pieces.isEmpty)
        #expect(wired.end.progress == 2 * length)
        #expect(wired.end.transport.pieceBytesReceived == 0)
    }

    @Test("A piece whose connection ends in its middle is given back", arguments: [false, true])
    func givesBackUnfinished(_ isOwnClose: Bool) throws {
        let wired = try RawWired()
        wired.end.takePieces()
        wired.raw.write(Message.piece(index: 4, length: 1000).encoded + Samples.bytes(300))
        try wired.loop.run { wired.end.progress == 300 }
        if isOwnClose {
            #expect(wired.end.transport.close(wired.id)?.index == 4)
        } else {
            wired.raw.endSending()
            try wired.loop.run { !wired.end.closed.isEmpty }
            #expect(wired.end.closed.first?.unfinished?.index == 4)
        }
        #expect(wired.end.pieces.isEmpty)
    }

    // MARK: Sending

    @Test("A file that becomes shorter while it is sent closes the connection")
    func truncatedFile() throws {
        let sample = try SampleFile(length: 3 << 20)
        let wired = try Wired()
        wired.far.takePieces()
        wired.near.transport.send(piece: 0, of: sample.file, offset: 0, length: 3 << 20, on: wired.nearID)
        sample.shorten(to: 1 << 20)
        try wired.loop.run { !wired.near.closed.isEmpty && !wired.far.closed.isEmpty }
        #expect(wired.near.truncated == [sample.file.path])
        #expect(wired.near.closed.map(\.reason) == ["a file became shorter while it was sent"])
        #expect(wired.far.pieces.isEmpty)
        #expect(wired.far.closed.first?.unfinished?.index == 0)
    }

    @Test("File data is taken only so far ahead, and asked for again when it has gone out")
    func asksForMore() throws {
        let sample = try SampleFile(length: 1 << 20)
        let wired = try Wired(near: { $0.fileBytesAhead = 2 << 20 })
        wired.far.takePieces()
        for index in 0..<2 {
            #expect(wired.near.transport.hasRoom(wired.nearID))
            wired.near.transport.send(piece: index, of: sample.file, offset: 0, length: 1 << 20, on: wired.nearID)
        }
        #expect(!wired.near.transport.hasRoom(wired.nearID))
        try wired.loop.run { wired.far.pieces.count == 2 }
        #expect(wired.near.roomCount > 0)
        #expect(wired.near.transport.hasRoom(wired.nearID))
    }
}
