import Content
import Posix
import Testing
import Wire

@testable import Transport

/// Ends that do not read, and closing with something left to say.
struct QueueTests {
    /// A message of some 256 KiB.
    private static let page = Message.hashes(
        FileRoot(digest: .zero, length: 1 << 34), first: 0,
        Array(repeating: .zero, count: WireLimits.digestsPerFrameMax))

    @Test("An end that does not read is dropped when more waits for it than the cap")
    func dropsNonReader() throws {
        let wired = try RawWired(receiveBuffer: 4096) { $0.queueMax = 1 << 20 }
        try wired.loop.run {
            wired.end.transport.send(Self.page, on: wired.id)
            return !wired.end.closed.isEmpty
        }
        #expect(wired.end.closed.first?.reason.hasPrefix("does not read: ") == true)
        #expect(wired.end.transport.count == 0)
    }

    @Test("What is queued within one tick is bounded too, and its excess closes the connection")
    func boundsQueueWithinTick() throws {
        let wired = try RawWired { limits in
            limits.queueMax = 1 << 20
            limits.bytesPerTick = 64 << 20
        }
        // The other end would read all of it, but that shows only at the end of the tick.
        for _ in 0..<200 { wired.end.transport.send(Self.page, on: wired.id) }
        var read = 0
        try wired.loop.run {
            read += wired.raw.read().count
            return !wired.end.closed.isEmpty
        }
        while case let bytes = wired.raw.read(), !bytes.isEmpty { read += bytes.count }
        #expect(wired.end.closed.first?.reason.hasPrefix("does not read: ") == true)
        #expect(read <= 1 << 20 + Self.page.encoded.count)
    }

    @Test("An end that takes its bytes by the handful is not dropped, and gets them all")
    func servesSlowReader() throws {
        let wired = try RawWired(receiveBuffer: 4096) { $0.queueMax = 2 << 20 }
        let expected = Self.page.encoded
        wired.end.transport.send(Self.page, on: wired.id)
        var read: [UInt8] = []
        try wired.loop.run {
            read += wired.raw.read(atMost: 1000)
            return read.count >= expected.count
        }
        #expect(Bytes(read) == Bytes(expected))
        #expect(wired.end.closed.isEmpty)
    }

    @Test("An end that reads nothing at all for the drain time is dropped")
    func dropsStuckReader() throws {
        let wired = try RawWired(receiveBuffer: 4096) { $0.drain = .milliseconds(300) }
        for _ in 0..<20 { wired.end.transport.send(Self.page, on: wired.id) }
        #expect(try wired.loop.run(4) { !wired.end.closed.isEmpty })
        #expect(wired.end.closed.first?.reason.hasPrefix("read nothing for") == true)
    }

    // MARK: Closing

    @Test("Closing sends what is queued first, and the handler hears nothing of it")
    func closeFlushes() throws {
        let wired = try RawWired()
        let expected = Self.page.encoded + Self.page.encoded
        wired.end.transport.send(Self.page, on: wired.id)
        wired.end.transport.send(Self.page, on: wired.id)
        #expect(wired.end.transport.close(wired.id) == nil)
        var read: [UInt8] = []
        try wired.loop.run {
            read += wired.raw.read()
            return wired.raw.isAtEnd
        }
        #expect(Bytes(read) == Bytes(expected))
        try wired.loop.run { wired.end.transport.count == 0 }
        #expect(wired.end.closed.isEmpty)
    }

    @Test("Closing waits no longer than the linger time for an end that does not read")
    func closeGivesUp() throws {
        let wired = try RawWired(receiveBuffer: 4096) { $0.linger = .milliseconds(100) }
        for _ in 0..<40 { wired.end.transport.send(Self.page, on: wired.id) }
        _ = wired.end.transport.close(wired.id)
        #expect(wired.end.transport.count == 1)
        #expect(try wired.loop.run(3) { wired.end.transport.count == 0 })
    }

    @Test("A closing connection reads no more messages")
    func closingIsDeaf() throws {
        let wired = try RawWired(receiveBuffer: 4096)
        for _ in 0..<40 { wired.end.transport.send(Self.page, on: wired.id) }
        _ = wired.end.transport.close(wired.id)
        wired.raw.write(Message.leftPeer.encoded)
        try wired.loop.run(for: 0.05)
        #expect(wired.end.messages.isEmpty)
    }

    @Test("Closing with file data queued is immediate")
    func closeDropsFiles() throws {
        let sample = try SampleFile(length: 1 << 20)
        let wired = try RawWired(receiveBuffer: 4096)
        wired.end.transport.send(piece: 0, of: sample.file, offset: 0, length: 1 << 20, on: wired.id)
        _ = wired.end.transport.close(wired.id)
        #expect(wired.end.transport.count == 0)
    }

    @Test("Stopping to listen keeps the connections there are")
    func closesListeners() throws {
        let wired = try Wired()
        wired.far.transport.closeListeners()
        wired.near.transport.send(.leftPeer, on: wired.nearID)
        #expect(try wired.loop.run { wired.far.messages == [.leftPeer] })
    }
}
