import Content
import Testing
import Wire

@testable import Transport

/// What all connections of a daemon may hold together.
struct SumsTests {
    /// A message of some 64 KiB.
    private static let page = Message.hashes(
        FileRoot(digest: .zero, length: 1 << 34), first: 0, Array(repeating: .zero, count: 2000))

    @Test("When too much waits for all together, those who do not read are dropped, and those who do are not")
    func dropsHoarders() throws {
        let wired = try RawWired(receiveBuffer: 4096) { limits in
            (limits.queueTotalMax, limits.queueShare) = (400_000, 10_000)
        }
        let others = try (0..<4).map { _ in try RawSocket(to: wired.port, receiveBuffer: 4096) }
        try wired.loop.run { wired.end.accepted.count == 5 }
        for connection in wired.end.accepted {
            for _ in 0..<3 { wired.end.transport.send(Self.page, on: connection) }
        }
        try wired.loop.run(for: 0.1)
        #expect(wired.end.transport.queuedBytes <= 400_000 + Self.page.encoded.count)
        let reader = try RawSocket(to: wired.port)
        try wired.loop.run { wired.end.accepted.count == 6 }
        for _ in 0..<20 { wired.end.transport.send(Samples.hello(), on: wired.end.accepted[5]) }
        var heard = 0
        try wired.loop.run {
            heard += reader.read().count
            return heard == 20 * Samples.hello().encoded.count
        }
        #expect(heard == 20 * Samples.hello().encoded.count)
        #expect(!wired.end.closed.isEmpty && !wired.end.closed.map(\.connection).contains(wired.end.accepted[5]))
        withExtendedLifetime(others) {}
    }

    @Test("When too much waits for all together, those that read slowly are dropped after a while, others not")
    func dropsSlow() throws {
        let wired = try RawWired(receiveBuffer: 4096) { limits in
            (limits.queueTotalMax, limits.queueSpan) = (1_000_000, .seconds(2))
        }
        let reader = try RawSocket(to: wired.port)
        try wired.loop.run { wired.end.accepted.count == 2 }
        for _ in 0..<200 { wired.end.transport.send(Self.page, on: wired.end.accepted[0]) }
        let start = ContinuousClock.now
        try wired.loop.run {
            // A byte now and then.
            _ = wired.raw.read(atMost: 1)
            wired.end.transport.send(Samples.hello(), on: wired.end.accepted[1])
            _ = reader.read()
            return !wired.end.closed.isEmpty
        }
        #expect(wired.end.closed.map(\.connection) == [wired.end.accepted[0]])
        #expect(wired.end.closed.first?.reason.hasPrefix("reads too slowly") == true)
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(wired.end.transport.queuedBytes < 1_000_000)
    }

    @Test("What waits is counted down when it is read, and when its connection ends")
    func countsDown() throws {
        let wired = try RawWired(receiveBuffer: 4096)
        let transport = wired.end.transport
        transport.send(Self.page, on: wired.id)
        #expect(transport.queuedBytes == Self.page.encoded.count)
        var read = 0
        try wired.loop.run {
            read += wired.raw.read().count
            return read == Self.page.encoded.count
        }
        #expect(transport.queuedBytes == 0)
        for _ in 0..<50 { transport.send(Self.page, on: wired.id) }
        #expect(transport.queuedBytes > 0)
        _ = transport.close(wired.id)
        try wired.loop.run { transport.count == 0 }
        #expect(transport.queuedBytes == 0)
    }

    @Test("When too many frames are unfinished, those that hold most of them are dropped")
    func dropsUnfinished() throws {
        let wired = try RawWired { limits in (limits.unfinishedTotalMax, limits.unfinishedShare) = (100_000, 20_000) }
        let begun = Array(Self.page.encoded.prefix(40_000))
        let others = try (0..<4).map { _ in try RawSocket(to: wired.port) }
        let small = try RawSocket(to: wired.port)
        try wired.loop.run { wired.end.accepted.count == 6 }
        small.write(Array(begun.prefix(1000)))
        for other in others { other.write(begun) }
        try wired.loop.run { wired.end.closed.count >= 2 }
        #expect(wired.end.closed.count == 2)
        #expect(wired.end.closed.allSatisfy { $0.reason.hasPrefix("too many frames are unfinished") })
        #expect(wired.end.transport.unfinishedBytes == 2 * 40_000 + 1000)
        small.write(Array(Self.page.encoded.dropFirst(1000)))
        try wired.loop.run { wired.end.messages == [Self.page] }
        #expect(wired.end.messages == [Self.page])
        #expect(wired.end.transport.unfinishedBytes == 2 * 40_000)
    }

    @Test("However many connections flood, a tick handles no more than its share, and everybody comes to their turn")
    func boundsMessagesOfAll() throws {
        let wired = try RawWired { ($0.messagesPerTick, $0.messagesPerTickTotal) = (10, 40) }
        let others = try (0..<9).map { _ in try RawSocket(to: wired.port) }
        try wired.loop.run { wired.end.accepted.count == 10 }
        let frames = Array(repeatElement(Message.leftPeer.encoded, count: 1000).joined())
        for raw in [wired.raw] + others { raw.write(frames) }
        var counts: [ConnectionID: Int] = [:]
        wired.end.onReceived = { _, connection in counts[connection, default: 0] += 1 }
        var (most, before, widest) = (0, 0, 0)
        try wired.loop.run {
            most = max(most, wired.end.messages.count - before)
            before = wired.end.messages.count
            if counts.count == 10 { widest = max(widest, (counts.values.max() ?? 0) - (counts.values.min() ?? 0)) }
            return before == 10_000
        }
        #expect(before == 10_000)
        #expect(most <= 40)
        #expect(widest <= 40)
    }
}
