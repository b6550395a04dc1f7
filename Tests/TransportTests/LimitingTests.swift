import Content
import Foundation
import Posix
import Reactor
import Testing
import Wire

@testable import Transport

/// Rate limits over real sockets. What is asserted of time is that not too much passed: a busy machine only makes less.
struct LimitingTests {
    private static let rate = ByteRate(bytesPerSecond: 8 << 20)

    /// Sends pieces of a file on a connection for as long as there is room, in answer to `hasRoom`.
    private final class Source {
        let transport: Transport<Never>
        let id: ConnectionID
        let sample: SampleFile
        var pieceLength: Int
        var left: Int

        init(_ transport: Transport<Never>, _ id: ConnectionID, _ sample: SampleFile, pieceLength: Int, count: Int) {
            (self.transport, self.id, self.sample) = (transport, id, sample)
            (self.pieceLength, left) = (pieceLength, count)
        }

        func fill() {
            while left > 0, transport.hasRoom(id) {
                transport.send(piece: 0, of: sample.file, offset: 0, length: pieceLength, on: id)
                left -= 1
            }
        }
    }

    private func seconds(_ work: () throws -> Void) throws -> Double {
        let start = MonotonicClock.nanoseconds()
        try work()
        return Double(MonotonicClock.nanoseconds() - start) / 1e9
    }

    private func most(_ seconds: Double, burst: Bool = true) -> Double {
        guard let rate = Self.rate else { return 0 }
        return Double(rate.bytesPerSecond) * seconds + (burst ? Double(TransportLimits.burst(of: rate)) : 0)
    }

    /// A sending end with a file, and connections to ends that take all pieces.
    private struct Crowd {
        let loop: Loop
        let near: End
        let sample: SampleFile
        var far: [End] = []
        var sources: [Source] = []
        var farIDs: [ConnectionID] = []

        init(_ count: Int, near rates: RateLimits, far farRates: RateLimits = .init(), pieces: Int, length: Int) throws
        {
            loop = try Loop()
            near = loop.end()
            near.transport.setRates(rates)
            sample = try SampleFile(length: length)
            let port = try near.transport.listen(on: .loopback(0))
            for _ in 0..<count {
                let end = loop.end()
                end.transport.setRates(farRates)
                end.takePieces()
                farIDs.append(try end.transport.dial(.loopback(port), from: nil))
                far.append(end)
                let (near, known) = (near, sources.count)
                try #require(try loop.run { near.accepted.count > known })
                sources.append(
                    Source(near.transport, near.accepted[known], sample, pieceLength: length, count: pieces))
            }
            let sources = sources
            near.onRoom = { id in for source in sources where source.id == id { source.fill() } }
        }

        func begin() { for source in sources { source.fill() } }
        var received: Int { far.reduce(0) { $0 + $1.progress } }
    }

    // MARK: Sending

    @Test("What is sent keeps to the limit, and all of it comes", arguments: [1, 4])
    func limitsSending(_ count: Int) throws {
        let crowd = try Crowd(count, near: .init(upload: Self.rate), pieces: 8 / count, length: 1 << 20)
        let took = try seconds { () throws in
            crowd.begin()
            #expect(try crowd.loop.run(30) { crowd.received == 8 << 20 })
        }
        #expect(Double(8 << 20) <= most(took))
        #expect(crowd.far.flatMap(\.pieces).allSatisfy { $0 == Bytes(crowd.sample.bytes) })
        #expect(crowd.near.transport.fileBytesSent == 8 << 20)
    }

    @Test("Two connections get the same, though one has far more ready and in larger pieces")
    func sharesSending() throws {
        let crowd = try Crowd(2, near: .init(upload: Self.rate), pieces: 10_000, length: 1 << 20)
        crowd.sources[1].pieceLength = 10_000
        crowd.begin()
        try crowd.loop.run(for: 0.2)
        let before = crowd.far.map(\.progress)
        try crowd.loop.run(for: 1.2)
        let gained = zip(crowd.far, before).map { Double($0.progress - $1) }
        #expect(abs(gained[0] - gained[1]) < 0.1 * max(gained[0], gained[1]), "\(gained)")
    }

    @Test("A peer with three connections gets as much as one with one")
    func sharesAmongPeers() throws {
        let crowd = try Crowd(4, near: .init(upload: Self.rate), pieces: 10_000, length: 1 << 20)
        for source in crowd.sources[..<3] { crowd.near.transport.set(PeerID(high: 0, low: 1), of: source.id) }
        crowd.near.transport.set(PeerID(high: 0, low: 2), of: crowd.sources[3].id)
        crowd.begin()
        try crowd.loop.run(for: 0.2)
        let before = crowd.far.map(\.progress)
        try crowd.loop.run(for: 1.2)
        let gained = zip(crowd.far, before).map { Double($0.progress - $1) }
        #expect(abs(gained[..<3].reduce(0, +) - gained[3]) < 0.2 * gained[3], "\(gained)")
    }

    @Test("Addresses in exempt networks are not limited and take nothing from the limit")
    func exempts() throws {
        let slow = ByteRate(bytesPerSecond: 1 << 10)
        let network = try #require(Network("127.0.0.0/8"))
        let crowd = try Crowd(
            2, near: .init(upload: slow, exempt: [network]), far: .init(download: slow, exempt: [network]), pieces: 8,
            length: 1 << 20)
        crowd.begin()
        #expect(try crowd.loop.run(30) { crowd.received == 16 << 20 })
    }

    @Test("Another network's exemption changes nothing")
    func exemptsOnlyThose() throws {
        let network = try #require(Network("10.0.0.0/8"))
        let crowd = try Crowd(
            1, near: .init(upload: Self.rate, exempt: [network]), pieces: 4, length: 1 << 20)
        let took = try seconds { () throws in
            crowd.begin()
            #expect(try crowd.loop.run(30) { crowd.received == 4 << 20 })
        }
        #expect(Double(4 << 20) <= most(took))
    }

    @Test("A limit that is lifted in the middle of a piece lets it go on at once, and so does an exemption")
    func lifts() throws {
        let slow = RateLimits(upload: ByteRate(bytesPerSecond: 2 << 10), download: ByteRate(bytesPerSecond: 1 << 10))
        let network = try #require(Network("127.0.0.1"))
        for free in [RateLimits(), RateLimits(upload: slow.upload, download: slow.download, exempt: [network])] {
            let crowd = try Crowd(2, near: slow, far: slow, pieces: 8, length: 1 << 20)
            crowd.begin()
            try crowd.loop.run(for: 0.3)
            #expect(crowd.received < 400_000)
            crowd.near.transport.setRates(free)
            for end in crowd.far { end.transport.setRates(free) }
            #expect(try crowd.loop.run(30) { crowd.received == 16 << 20 })
        }
    }

    @Test("A limit that is set in the middle of a piece holds from then on")
    func setsWhileSending() throws {
        let crowd = try Crowd(1, near: .init(), pieces: 1000, length: 1 << 20)
        crowd.begin()
        try crowd.loop.run { crowd.received > 4 << 20 }
        crowd.near.transport.setRates(.init(upload: Self.rate))
        let before = crowd.near.transport.fileBytesSent
        let took = try seconds { try crowd.loop.run(for: 0.5) }
        let sent = Double(crowd.near.transport.fileBytesSent - before)
        // The tick in which the limit was set may have begun a while ago.
        #expect(sent <= most(took + 0.02, burst: false) && sent > 0)
        crowd.near.transport.setRates(.init(upload: ByteRate(bytesPerSecond: 1 << 20)))
        let then = crowd.near.transport.fileBytesSent
        let tookThen = try seconds { try crowd.loop.run(for: 0.5) }
        #expect(Double(crowd.near.transport.fileBytesSent - then) <= tookThen * Double(1 << 20) + 65_536 + 1)
    }

    @Test("Waiting for a limit costs few ticks", arguments: [64 << 10, 8 << 20, 64 << 20])
    func doesNotSpin(_ bytesPerSecond: UInt64) throws {
        let wired = try RawWired()
        wired.end.transport.setRates(.init(upload: ByteRate(bytesPerSecond: bytesPerSecond)))
        let sample = try SampleFile(length: 1 << 20)
        let source = Source(wired.end.transport, wired.id, sample, pieceLength: 1 << 20, count: .max)
        wired.end.onRoom = { _ in source.fill() }
        source.fill()
        let (before, start) = (wired.loop.ticks, MonotonicClock.nanoseconds())
        var read = 0
        while MonotonicClock.nanoseconds() - start < 1_000_000_000 {
            try wired.loop.tick(waitingAtMost: 100_000_000)
            while case let bytes = wired.raw.read(), !bytes.isEmpty { read += bytes.count }
        }
        #expect(read > 0)
        #expect(wired.loop.ticks - before < 200)
    }

    @Test("Frames pass while pieces wait for the limit, and go ahead of those that have not begun")
    func framesPass() throws {
        let crowd = try Crowd(
            1, near: .init(upload: ByteRate(bytesPerSecond: 64 << 10)), pieces: 0, length: 20_000)
        let (transport, id) = (crowd.near.transport, crowd.sources[0].id)
        for index in 0..<5 {
            transport.send(piece: index, of: crowd.sample.file, offset: 0, length: 20_000, on: id)
            transport.send(.endOfChunk(first: index, .complete), on: id)
        }
        try crowd.loop.run { crowd.received > 0 }
        transport.send(.leftPeer, on: id)
        #expect(try crowd.loop.run { crowd.far[0].messages.last == .endOfChunk(first: 4, .complete) })
        let heard = crowd.far[0].messages
        // Behind the piece under way, before the next one.
        #expect(heard[1] == .leftPeer, "\(heard)")
        #expect(
            heard.filter { $0 != .leftPeer }
                == (0..<5).flatMap { [.piece(index: $0, length: 20_000), .endOfChunk(first: $0, .complete)] })
    }

    @Test("A slow limit keeps little in the send queue")
    func keepsLittleAhead() throws {
        let crowd = try Crowd(1, near: .init(upload: Self.rate), pieces: 0, length: 1 << 20)
        let (transport, id) = (crowd.near.transport, crowd.sources[0].id)
        #expect(transport.hasRoom(id))
        transport.send(piece: 0, of: crowd.sample.file, offset: 0, length: 1 << 20, on: id)
        #expect(!transport.hasRoom(id))
    }

    @Test("A socket that is full waits for its reader, not for the limit, and takes nothing from the others")
    func blockedTakesNothing() throws {
        let wired = try RawWired(receiveBuffer: 4096)
        wired.end.transport.setRates(.init(upload: Self.rate))
        let sample = try SampleFile(length: 4 << 20)
        wired.end.transport.send(piece: 0, of: sample.file, offset: 0, length: 4 << 20, on: wired.id)
        #expect(
            try wired.loop.run {
                if case .blocked = wired.end.transport.outflow(wired.id) { true } else { false }
            })
        let other = try RawSocket(to: wired.port)
        try #require(try wired.loop.run { wired.end.accepted.count == 2 })
        let second = wired.end.accepted[1]
        wired.end.transport.send(piece: 0, of: sample.file, offset: 0, length: 4 << 20, on: second)
        var read = 0
        #expect(
            try wired.loop.run(20) {
                read += other.read().count
                return read >= 4 << 20
            })
        guard case .blocked = wired.end.transport.outflow(wired.id) else {
            Issue.record("\(wired.end.transport.outflow(wired.id))")
            return
        }
    }

    // MARK: Receiving

    @Test("What is received keeps to the limit, and all of it comes", arguments: [1, 4])
    func limitsReceiving(_ count: Int) throws {
        let loop = try Loop()
        let (near, far) = (loop.end(), loop.end())
        far.transport.setRates(.init(download: Self.rate))
        far.takePieces()
        let sample = try SampleFile(length: 1 << 20)
        let port = try far.transport.listen(on: .loopback(0))
        let ids = try (0..<count).map { _ in try near.transport.dial(.loopback(port), from: nil) }
        try #require(try loop.run { near.dialed.count == count && far.accepted.count == count })
        let took = try seconds { () throws in
            for id in ids {
                for index in 0..<8 / count {
                    near.transport.send(piece: index, of: sample.file, offset: 0, length: 1 << 20, on: id)
                }
            }
            #expect(try loop.run(30) { far.pieces.count == 8 })
        }
        // What lies behind a header that was read is counted afterwards.
        #expect(Double(8 << 20) <= most(took) + Double(count * 65_536))
        #expect(far.pieces.allSatisfy { $0 == Bytes(sample.bytes) })
    }

    @Test("Two connections are read alike, though one sends its bytes in larger pieces")
    func sharesReceiving() throws {
        let loop = try Loop()
        let (near, far) = (loop.end(), loop.end())
        far.transport.setRates(.init(download: Self.rate))
        var received: [ConnectionID: Int] = [:]
        far.takePieces()
        far.onProgress = { received[$0, default: 0] += $1 }
        let sample = try SampleFile(length: 1 << 20)
        let port = try far.transport.listen(on: .loopback(0))
        let ids = try (0..<2).map { _ in try near.transport.dial(.loopback(port), from: nil) }
        try #require(try loop.run { near.dialed.count == 2 && far.accepted.count == 2 })
        let sources = [
            Source(near.transport, ids[0], sample, pieceLength: 1 << 20, count: 100),
            Source(near.transport, ids[1], sample, pieceLength: 50_000, count: 2000),
        ]
        near.onRoom = { id in for source in sources where source.id == id { source.fill() } }
        for source in sources { source.fill() }
        try loop.run(for: 0.2)
        let before = received
        try loop.run(for: 1.2)
        let gained = far.accepted.map { Double(received[$0, default: 0] - before[$0, default: 0]) }
        #expect(abs(gained[0] - gained[1]) < 0.1 * max(gained[0], gained[1]), "\(gained)")
    }

    @Test("While pieces wait for the limit, messages on other connections come, and no tick is spent on waiting")
    func messagesFlow() throws {
        let wired = try RawWired()
        wired.end.transport.setRates(.init(download: ByteRate(bytesPerSecond: 64 << 10)))
        wired.end.takePieces()
        let quiet = try RawSocket(to: wired.port)
        try #require(try wired.loop.run { wired.end.accepted.count == 2 })
        let stream = Message.piece(index: 0, length: 4 << 20).encoded + Samples.bytes(4 << 20)
        var sent = wired.raw.write(stream)
        try wired.loop.run(for: 0.3)
        let (before, start) = (wired.loop.ticks, MonotonicClock.nanoseconds())
        for _ in 0..<5 {
            quiet.write(Message.leftPeer.encoded)
            sent += wired.raw.write(stream, from: sent)
            let heard = wired.end.messages.count
            #expect(try wired.loop.run(0.2) { wired.end.messages.count > heard })
        }
        while MonotonicClock.nanoseconds() - start < 1_000_000_000 {
            try wired.loop.tick(waitingAtMost: 100_000_000)
        }
        #expect(wired.loop.ticks - before < 260)
        #expect(wired.end.messages.filter { $0 == .leftPeer }.count == 5)
        #expect(wired.end.progress > 0 && wired.end.progress < 300_000)
    }

    @Test("A piece that is passed over counts as well")
    func limitsDiscarded() throws {
        let wired = try RawWired()
        wired.end.transport.setRates(.init(download: Self.rate))
        wired.end.onReceived = { message, id in
            if case .piece(_, let length) = message { wired.end.transport.discard(length, on: id) }
        }
        let stream = Message.piece(index: 0, length: 2 << 20).encoded + Samples.bytes(2 << 20)
        var sent = 0
        let took = try seconds { () throws in
            #expect(
                try wired.loop.run(20) {
                    sent += wired.raw.write(stream, from: sent)
                    return wired.end.progress == 2 << 20
                })
        }
        #expect(Double(2 << 20) <= most(took) + 65_536)
    }

    @Test("A connection that is reset while it waits for the limit is told as closed")
    func resetWhileWaiting() throws {
        let wired = try RawWired()
        wired.end.transport.setRates(.init(download: ByteRate(bytesPerSecond: 1 << 10)))
        wired.end.takePieces()
        wired.raw.write(Message.piece(index: 0, length: 4 << 20).encoded + Samples.bytes(1 << 20))
        try wired.loop.run(for: 0.1)
        wired.raw.reset()
        #expect(try wired.loop.run(5) { wired.end.closed.count == 1 })
        #expect(wired.end.closed.first?.unfinished?.index == 0)
    }

    // MARK: Places

    @Test("A reserved place is asked for when the pieces before it are gone, and not sooner")
    func asksWhenDue() throws {
        let crowd = try Crowd(1, near: .init(upload: Self.rate), pieces: 0, length: 1 << 20)
        let (transport, id) = (crowd.near.transport, crowd.sources[0].id)
        var sentWhenAsked: [UInt64] = []
        crowd.near.onDue = { _ in
            sentWhenAsked.append(transport.fileBytesSent)
            return .endOfChunk(first: sentWhenAsked.count, .complete)
        }
        for index in 0..<2 {
            transport.send(piece: index, of: crowd.sample.file, offset: 0, length: 200_000, on: id)
            transport.reserve(on: id)
        }
        transport.reserve(on: id)
        #expect(sentWhenAsked.isEmpty)
        #expect(try crowd.loop.run { crowd.far[0].messages.last == .endOfChunk(first: 3, .complete) })
        #expect(
            crowd.far[0].messages == [
                .piece(index: 0, length: 200_000), .endOfChunk(first: 1, .complete), .piece(index: 1, length: 200_000),
                .endOfChunk(first: 2, .complete), .endOfChunk(first: 3, .complete),
            ])
    }

    @Test("A handler that closes the connection when a place is due, or has nothing to say, is minded")
    func dueMayClose() throws {
        let crowd = try Crowd(2, near: .init(), pieces: 0, length: 100)
        let transport = crowd.near.transport
        crowd.near.onDue = { id in
            if id == crowd.sources[0].id { _ = transport.close(id) }
            return id == crowd.sources[0].id ? .endOfChunk(first: 0, .gone) : nil
        }
        for source in crowd.sources {
            transport.send(piece: 0, of: crowd.sample.file, offset: 0, length: 100, on: source.id)
            transport.reserve(on: source.id)
            transport.send(.endOfChunk(first: 7, .complete), on: source.id)
        }
        #expect(try crowd.loop.run { crowd.far[1].messages.last == .endOfChunk(first: 7, .complete) })
        #expect(crowd.far[1].messages.count == 2)
        #expect(try crowd.loop.run { crowd.far[0].closed.count == 1 })
        #expect(transport.count == 1)
    }
}
