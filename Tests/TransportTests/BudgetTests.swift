import Content
import Posix
import Testing
import Wire

@testable import Transport

/// What one busy connection may take of a tick.
struct BudgetTests {
    @Test(
        "However many frames wait, a tick handles no more of one connection than its share",
        arguments: [Message.leftPeer, .refused(.full, reason: String(repeating: "x", count: 200))])
    func boundsMessagesPerTick(_ message: Message) throws {
        let wired = try RawWired { $0.messagesPerTick = 100 }
        let sent = wired.raw.flood(message.encoded)
        try #require(sent > 5000)
        var (most, before) = (0, 0)
        try wired.loop.run {
            most = max(most, wired.end.messages.count - before)
            before = wired.end.messages.count
            return before >= sent
        }
        #expect(before == sent)
        #expect(most == 100)
    }

    @Test("A flood of tiny frames on one connection delays another's message by a few ticks at most")
    func floodDoesNotDelay() throws {
        let wired = try RawWired()
        let quiet = try RawSocket(to: wired.port)
        try wired.loop.run { wired.end.accepted.count == 2 }
        #expect(wired.raw.flood(Message.leftPeer.encoded) > 20_000)
        try wired.loop.tick()
        quiet.write(Samples.hello().encoded)
        let before = wired.end.messages.count
        try wired.loop.run { wired.end.messages.contains(Samples.hello()) }
        let ahead = try #require(wired.end.messages.firstIndex(of: Samples.hello())) - before
        #expect(ahead <= 3 * TransportLimits(queueMax: 0).messagesPerTick)
    }

    @Test("A tick reads no more of one connection than its budget and the piece under way")
    func boundsBytesPerTick() throws {
        let wired = try RawWired { $0.bytesPerTick = 100_000 }
        wired.end.takePieces()
        let length = 300_000
        let bytes = Samples.bytes(length)
        let stream = (0..<20).flatMap { Message.piece(index: $0, length: length).encoded + bytes }
        var (sent, most, before) = (wired.raw.write(stream), 0, 0)
        try wired.loop.run {
            most = max(most, wired.end.progress - before)
            before = wired.end.progress
            sent += wired.raw.write(stream, from: sent)
            return wired.end.pieces.count == 20
        }
        #expect(wired.end.pieces == Array(repeating: Bytes(bytes), count: 20))
        #expect(most <= 100_000 + length)
    }

    @Test("A tick writes no more of one connection than its budget and the frame under way")
    func boundsWritesPerTick() throws {
        let wired = try RawWired { $0.bytesPerTick = 10_000 }
        let page = Message.hashes(
            FileRoot(digest: .zero, length: 1 << 34), first: 0, Array(repeating: .zero, count: 200))
        let expected = Array(repeatElement(page.encoded, count: 50).joined())
        for _ in 0..<50 { wired.end.transport.send(page, on: wired.id) }
        let before = wired.loop.ticks
        var read: [UInt8] = []
        try wired.loop.run {
            read += wired.raw.read()
            return read.count == expected.count
        }
        #expect(Bytes(read) == Bytes(expected))
        #expect(wired.loop.ticks - before >= expected.count / 17_000)
    }
}
