import Content
import Posix
import Reactor
import Transport
import Wire

/// Many peers that only join: one connection each, and of the roster no more than proves that it is whole.
final class JoinBurst: ReactorHandler, TransportHandler {
    typealias Completion = Never

    /// Connections being opened at one time: a listen backlog's worth.
    private static let dialsMax = 1024

    private let count: Int
    private let manager: PeerAddress
    private let reactor: Reactor<Never>
    private let transport: Transport<Never>
    private var members: [ConnectionID: JoinedPeer] = [:]
    private let ids: [PeerID]
    private let whole: RosterSketch
    private var dialed = 0
    private var connected = 0
    private var started: UInt64 = 0
    private(set) var informed = 0
    private(set) var failure: String?
    private(set) var seconds: Double?

    init(count: Int, manager: PeerAddress, reactor: Reactor<Never>) {
        self.count = count
        self.manager = manager
        self.reactor = reactor
        transport = Transport(reactor: reactor, limits: TransportLimits(queueMax: 1 << 20))
        var random = SystemRandomNumberGenerator()
        ids = (0..<count).map { _ in PeerID.random(using: &random) }
        whole = ids.reduce(into: RosterSketch()) { $0.add($1) }
    }

    var isComplete: Bool { informed == count }

    func begin() throws(SystemError) {
        started = MonotonicClock.nanoseconds()
        try dialMore()
    }

    private func dialMore() throws(SystemError) {
        while dialed < count, dialed - connected < Self.dialsMax {
            let connection = try transport.dial(manager, from: nil)
            members[connection] = JoinedPeer(number: dialed)
            dialed += 1
        }
    }

    func dialed(_ connection: ConnectionID, failure: String?) {
        if let failure { return self.failure = failure }
        connected += 1
        guard let member = members[connection] else { return }
        transport.send(.hello(Hello(id: ids[member.number], role: .peer)), on: connection)
        transport.send(.newPeer(port: UInt16(1 + member.number), label: "bench"), on: connection)
        do throws(SystemError) { try dialMore() } catch { self.failure = "\(error)" }
    }

    func received(_ message: Message, on connection: ConnectionID) {
        switch message {
        case .rosterSnapshot(let page): members[connection]?.apply(page)
        case .rosterDelta(let delta): members[connection]?.apply(delta)
        case .ping: transport.send(.pong(epoch: 0), on: connection)
        case .refused(_, let reason): failure = "the manager refused: \(reason)"
        default: break
        }
        guard let member = members[connection], !member.isInformed, member.sketch == whole else { return }
        members[connection]?.isInformed = true
        informed += 1
        if isComplete { seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9 }
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {
        failure = "a connection was closed: \(reason)"
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

/// What one of the peers knows.
private struct JoinedPeer {
    let number: Int
    var sketch = RosterSketch()
    var isInformed = false

    init(number: Int) {
        self.number = number
    }

    mutating func apply(_ page: RosterPage) {
        if page.first == 0 { sketch = RosterSketch() }
        for entry in page.entries { sketch.add(entry.id) }
    }

    mutating func apply(_ delta: RosterDelta) {
        for id in delta.left { sketch.remove(id) }
        for entry in delta.joined { sketch.add(entry.id) }
    }
}

/// A set of peer ids by its size and the sum of its hashes: ten thousand rosters of ten thousand entries would not fit
/// into memory, and two sets that agree in both are the same set for all practical purposes.
private struct RosterSketch: Equatable {
    private var count = 0
    private var sum: UInt64 = 0

    mutating func add(_ id: PeerID) {
        count += 1
        sum &+= UInt64(truncatingIfNeeded: id.hashValue)
    }

    mutating func remove(_ id: PeerID) {
        count -= 1
        sum &-= UInt64(truncatingIfNeeded: id.hashValue)
    }
}
