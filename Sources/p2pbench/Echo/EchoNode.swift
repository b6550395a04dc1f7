import Content
import Posix
import Reactor
import Transport
import Wire

/// Either end of the echo, on the daemons' own reactor and connections: it answers pings, and follows a pong by the next
/// ping. A pong must carry the number of the ping before it.
final class EchoNode: ReactorHandler, TransportHandler {
    typealias Completion = Never

    let reactor: Reactor<Never>
    let transport: Transport<Never>
    /// The number of the ping that is on its way, by connection.
    private var underWay: [ConnectionID: UInt64] = [:]
    private var toSend = 0
    private(set) var dialed = 0
    private(set) var pongs = 0
    private(set) var failure: String?

    init() throws(SystemError) {
        reactor = try Reactor()
        transport = Transport(reactor: reactor, limits: TransportLimits(queueMax: 1 << 20))
    }

    /// Sends a ping on each connection, and so on until there were as many as asked for.
    func begin(_ roundTrips: Int) {
        toSend = roundTrips
        for connection in underWay.keys { ping(connection) }
    }

    private func ping(_ connection: ConnectionID) {
        guard toSend > 0 else { return }
        toSend -= 1
        let number = UInt64(toSend)
        underWay[connection] = number
        transport.send(.ping(epoch: number, size: 0), on: connection)
    }

    func received(_ message: Message, on connection: ConnectionID) {
        switch message {
        case .ping(let epoch, _): transport.send(.pong(epoch: epoch), on: connection)
        case .pong(let epoch):
            guard underWay[connection] == epoch else { return failure = "a pong was not the last ping's" }
            pongs += 1
            ping(connection)
        default: failure = "a \(message.type) is no ping"
        }
    }

    func dialed(_ connection: ConnectionID, failure: String?) {
        if let failure { return self.failure = failure }
        underWay[connection] = .max
        dialed += 1
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {
        if underWay.removeValue(forKey: connection) != nil { failure = "a connection was closed: \(reason)" }
    }

    func accepted(_ connection: ConnectionID, from address: PeerAddress) {}
    func progressed(_ connection: ConnectionID, bytes: Int) {}
    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {}
    func hasRoom(_ connection: ConnectionID) {}
    func truncated(_ file: OpenFile) {}

    func ready(_ token: Token, _ mask: EventPoll.Mask) { _ = transport.ready(token, mask, self) }
    func fired(_ timer: TimerID) { _ = transport.fired(timer, self) }
    func completed(_ completion: Never) {}
    func received(signal: Int32) {}
    func endOfTick() { transport.flush(self) }
}
