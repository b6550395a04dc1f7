import Content
import Posix
import Testing
import Wire

@testable import Transport

/// Messages from one end to the other.
struct MessageTests {
    @Test("Messages arrive in order, whole, both ways")
    func roundTrip() throws {
        let wired = try Wired()
        let messages = try Samples.messages()
        for message in messages {
            wired.near.transport.send(message, on: wired.nearID)
            wired.far.transport.send(message, on: wired.farID)
        }
        try wired.loop.run {
            wired.near.messages.count == messages.count && wired.far.messages.count == messages.count
        }
        #expect(wired.far.messages == messages)
        #expect(wired.near.messages == messages)
    }

    @Test("Messages arrive whole when they come a byte at a time")
    func everySplit() throws {
        let wired = try RawWired()
        let messages = try Samples.messages()
        for byte in messages.flatMap(\.encoded) {
            wired.raw.write([byte])
            try wired.loop.tick()
        }
        try wired.loop.run { wired.end.messages.count == messages.count }
        #expect(wired.end.messages == messages)
    }

    @Test("The largest message arrives")
    func largest() throws {
        let wired = try Wired()
        let digests = Array(repeating: Digest.zero, count: WireLimits.digestsPerFrameMax)
        let message = Message.hashes(FileRoot(digest: .zero, length: 1 << 34), first: 5, digests)
        wired.near.transport.send(message, on: wired.nearID)
        try wired.loop.run { !wired.far.messages.isEmpty }
        #expect(wired.far.messages == [message])
    }

    @Test("A broken frame closes its connection with a reason, which the sender is told")
    func violation() throws {
        let wired = try RawWired()
        wired.raw.write([255, 255, 255, 255, 1])
        try wired.loop.run { !wired.end.closed.isEmpty }
        #expect(
            wired.end.closed.map(\.reason) == ["sent a frame of type 1 with 4294967295 bytes, at most 27 are allowed"])
        #expect(wired.end.transport.count == 0)
        var decoder = FrameDecoder()
        wired.raw.read().withUnsafeBytes { decoder.append($0) }
        guard case .refused(.violation, let reason) = try decoder.next() else {
            Issue.record("no refusal")
            return
        }
        #expect(reason.contains("4294967295"))
    }

    @Test("Nothing that follows a broken frame is handled")
    func nothingAfterViolation() throws {
        let wired = try RawWired()
        wired.raw.write(Message.leftPeer.encoded + [0, 0, 0, 0, 0] + Message.leftPeer.encoded)
        try wired.loop.run { !wired.end.closed.isEmpty }
        try wired.loop.run(for: 0.05)
        #expect(wired.end.messages == [.leftPeer])
        #expect(wired.end.closed.count == 1)
    }

    @Test("A handler that closes the connection on a message hears nothing more of it")
    func closeWithinHandler() throws {
        let wired = try RawWired()
        wired.end.onReceived = { _, id in _ = wired.end.transport.close(id) }
        wired.raw.write(Message.leftPeer.encoded + Message.leftPeer.encoded)
        try wired.loop.run { !wired.end.messages.isEmpty }
        try wired.loop.run(for: 0.05)
        #expect(wired.end.messages.count == 1)
        #expect(wired.end.closed.isEmpty)
        #expect(wired.end.transport.count == 0)
    }

    @Test("The end of the stream, and a reset, close the connection", arguments: [false, true])
    func otherEndCloses(_ byReset: Bool) throws {
        let wired = try RawWired()
        if byReset { wired.raw.reset() } else { wired.raw.endSending() }
        try wired.loop.run { !wired.end.closed.isEmpty }
        #expect(wired.end.closed.map(\.connection) == [wired.id])
        #expect(wired.end.transport.count == 0)
    }

    @Test("A connection that is gone takes no more calls")
    func deadConnection() throws {
        let wired = try RawWired()
        wired.raw.endSending()
        try wired.loop.run { !wired.end.closed.isEmpty }
        wired.end.transport.send(.leftPeer, on: wired.id)
        wired.end.transport.pause(wired.id)
        wired.end.transport.discard(5, on: wired.id)
        #expect(wired.end.transport.close(wired.id) == nil)
        #expect(!wired.end.transport.hasRoom(wired.id))
        try wired.loop.run(for: 0.02)
        #expect(wired.end.closed.count == 1)
    }
}
