import Content
import Posix
import Reactor
import TestSupport
import Testing
import Transport
import Wire

@testable import Node

/// A loop with two transports and a connection between them: one serves, the other hears what comes.
final class Served: ReactorHandler {
    typealias Completion = PeerCompletion

    let reactor: PeerReactor
    let transport: PeerTransport
    private(set) var connections: [ConnectionID] = []
    private var known = 0
    private(set) var fetchers: [Fetcher] = []
    /// Hears what the serving transport tells.
    var onRoom: (ConnectionID) -> Void = { _ in }
    var onDue: (ConnectionID) -> Message? = { _ in nil }
    let port: UInt16

    init() throws {
        SignalDescriptor.ignoreBrokenPipes()
        reactor = try PeerReactor()
        transport = PeerTransport(reactor: reactor, limits: TransportLimits(queueMax: 1 << 20))
        port = try transport.listen(on: PeerAddress(ipv4: 0x7F00_0001, port: 0))
    }

    /// Another end that fetches.
    func connect() throws -> (ConnectionID, Fetcher) {
        let fetcher = Fetcher(PeerTransport(reactor: reactor, limits: TransportLimits(queueMax: 1 << 20)))
        fetchers.append(fetcher)
        _ = try fetcher.transport.dial(PeerAddress(ipv4: 0x7F00_0001, port: port), from: nil)
        return (try awaitConnection(), fetcher)
    }

    /// The next that connects.
    func awaitConnection() throws -> ConnectionID {
        let count = known
        known += 1
        try #require(try run { connections.count > count })
        return connections[count]
    }

    func run(_ seconds: Double = 5, until isDone: () -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while !isDone() {
            guard !deadline.isOver else { return false }
            try reactor.tick(self, waitingAtMost: 5_000_000)
        }
        return true
    }

    func ready(_ token: Token, _ mask: EventPoll.Mask) {
        if transport.ready(token, mask, self) { return }
        for fetcher in fetchers where fetcher.transport.ready(token, mask, fetcher) { return }
    }

    func completed(_ completion: PeerCompletion) {}
    func received(signal: Int32) {}

    func fired(_ timer: TimerID) {
        if transport.fired(timer, self) { return }
        for fetcher in fetchers where fetcher.transport.fired(timer, fetcher) { return }
    }

    func endOfTick() {
        transport.flush(self)
        for fetcher in fetchers { fetcher.transport.flush(fetcher) }
    }
}

extension Served: TransportHandler {
    func accepted(_ connection: ConnectionID, from address: PeerAddress) { connections.append(connection) }
    func dialed(_ connection: ConnectionID, failure: String?) {}
    func received(_ message: Message, on connection: ConnectionID) {}
    func progressed(_ connection: ConnectionID, bytes: Int) {}
    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {}
    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {}
    func hasRoom(_ connection: ConnectionID) { onRoom(connection) }
    func due(_ connection: ConnectionID) -> Message? { onDue(connection) }
    func truncated(_ file: OpenFile) {}
}

/// An end that takes every piece, and records what came in words.
final class Fetcher: TransportHandler {
    let transport: PeerTransport
    private(set) var heard: [String] = []
    private(set) var bytes: [UInt8] = []
    /// What each `busy` asked for, milliseconds.
    private(set) var retries: [UInt32] = []

    init(_ transport: PeerTransport) { self.transport = transport }

    func accepted(_ connection: ConnectionID, from address: PeerAddress) {}
    func dialed(_ connection: ConnectionID, failure: String?) {}

    func received(_ message: Message, on connection: ConnectionID) {
        switch message {
        case .piece(let index, let length):
            heard.append("piece \(index)")
            let buffer = PieceBuffer(capacity: length)
            transport.receive(.init(download: 0, index: index, length: length, buffer: buffer), on: connection)
        case .busy(let first, let retryAfter):
            heard.append("busy \(first)")
            retries.append(retryAfter)
        case .endOfChunk(let first, let end): heard.append("end \(first) \(end)")
        default: heard.append("\(message)")
        }
    }

    func progressed(_ connection: ConnectionID, bytes: Int) {}

    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {
        bytes += piece.buffer.memory[..<piece.length]
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) { heard.append("closed") }
    func hasRoom(_ connection: ConnectionID) {}
    func truncated(_ file: OpenFile) {}
}
