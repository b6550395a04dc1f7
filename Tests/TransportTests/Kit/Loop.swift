import Content
import Posix
import Reactor
import TestSupport
import Testing
import Wire

@testable import Transport

/// One reactor with some transports on it, ticked by the test.
final class Loop: ReactorHandler {
    typealias Completion = Never

    let reactor: Reactor<Never>
    private(set) var ends: [End] = []
    private(set) var ticks = 0

    init() throws {
        SignalDescriptor.ignoreBrokenPipes()
        reactor = try Reactor<Never>()
    }

    /// Adds a transport.
    func end(_ adjust: (inout TransportLimits) -> Void = { _ in }) -> End {
        var limits = TransportLimits(queueMax: 16 << 20)
        adjust(&limits)
        let end = End(Transport(reactor: reactor, limits: limits))
        ends.append(end)
        return end
    }

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        for end in ends where end.transport.ready(token, mask, end) { return }
    }

    func completed(_ completion: Never) {}

    func fired(_ timer: TimerID) {
        for end in ends where end.transport.fired(timer, end) { return }
    }

    func received(signal: Int32) {}

    func endOfTick() {
        for end in ends { end.transport.flush(end) }
    }

    /// - Parameter limit: nanoseconds.
    func tick(waitingAtMost limit: UInt64 = 5_000_000) throws {
        ticks += 1
        try reactor.tick(self, waitingAtMost: limit)
    }

    /// Ticks until something is so.
    /// - Returns: false if it is still not after `seconds`.
    @discardableResult
    func run(_ seconds: Double = 10, until isDone: () -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while !isDone() {
            guard !deadline.isOver else { return false }
            try tick()
        }
        return true
    }

    func run(for seconds: Double) throws {
        let end = Deadline.now() + seconds
        while Deadline.now() < end { try tick() }
    }
}

/// A transport, and a record of what it told.
final class End: TransportHandler {
    let transport: Transport<Never>

    var accepted: [ConnectionID] = []
    var addresses: [PeerAddress] = []
    var dialed: [(connection: ConnectionID, failure: String?)] = []
    var messages: [Message] = []
    var pieces: [Bytes] = []
    var progress = 0
    var closed: [(connection: ConnectionID, reason: String, unfinished: IncomingPiece?)] = []
    var truncated: [String] = []
    var roomCount = 0

    var onReceived: (Message, ConnectionID) -> Void = { _, _ in }
    var onRoom: (ConnectionID) -> Void = { _ in }
    var onProgress: (ConnectionID, Int) -> Void = { _, _ in }
    var onDue: (ConnectionID) -> Message? = { _ in nil }

    init(_ transport: Transport<Never>) { self.transport = transport }

    func accepted(_ connection: ConnectionID, from address: PeerAddress) {
        accepted.append(connection)
        addresses.append(address)
    }

    func dialed(_ connection: ConnectionID, failure: String?) { dialed.append((connection, failure)) }

    func received(_ message: Message, on connection: ConnectionID) {
        messages.append(message)
        onReceived(message, connection)
    }

    func progressed(_ connection: ConnectionID, bytes: Int) {
        progress += bytes
        onProgress(connection, bytes)
    }

    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {
        pieces.append(Bytes(Array(piece.buffer.memory[..<piece.length])))
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {
        closed.append((connection, reason, unfinished))
    }

    func hasRoom(_ connection: ConnectionID) {
        roomCount += 1
        onRoom(connection)
    }

    func due(_ connection: ConnectionID) -> Message? { onDue(connection) }
    func truncated(_ file: OpenFile) { truncated.append(file.path) }

    /// Takes every piece into a buffer of its own as soon as it is announced.
    func takePieces() {
        onReceived = { [transport] message, connection in
            guard case .piece(let index, let length) = message else { return }
            transport.receive(.buffered(index, length), on: connection)
        }
    }
}

extension IncomingPiece {
    static func buffered(_ index: Int, _ length: Int) -> IncomingPiece {
        IncomingPiece(download: 1, index: index, length: length, buffer: PieceBuffer(capacity: length))
    }
}

extension PeerAddress {
    static func loopback(_ port: UInt16) -> PeerAddress { PeerAddress(ipv4: 0x7F00_0001, port: port) }
}

/// Two transports with one connection between them.
struct Wired {
    let loop: Loop
    let near: End
    let far: End
    let nearID: ConnectionID
    let farID: ConnectionID

    init(
        near adjustNear: (inout TransportLimits) -> Void = { _ in },
        far adjustFar: (inout TransportLimits) -> Void = { _ in }
    ) throws {
        loop = try Loop()
        (near, far) = (loop.end(adjustNear), loop.end(adjustFar))
        let port = try far.transport.listen(on: .loopback(0))
        nearID = try near.transport.dial(.loopback(port), from: nil)
        let (near, far) = (near, far)
        try #require(try loop.run { !near.dialed.isEmpty && !far.accepted.isEmpty })
        try #require(near.dialed[0].failure == nil)
        farID = far.accepted[0]
    }
}
