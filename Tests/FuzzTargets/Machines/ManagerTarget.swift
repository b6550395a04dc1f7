import Content
import ManagerCore
import PeerCore
import Wire

/// A manager with at most a few dozen connections, which say anything at any time.
///
/// Checked after every step: each member holds the roster that was broadcast last, as the manager's own frames tell it;
/// nothing is sent on a connection after its end; whoever is probed has not joined, and is probed once at a time; the
/// manager keeps no more peers than it may.
enum ManagerTarget {
    static func run(_ input: [UInt8]) throws {
        var world = ManagerWorld(Choices(input))
        while !world.isDone { try world.step() }
        try world.end()
    }
}

private struct ManagerWorld: ~Copyable {
    private static let peersMax = 24
    private static let policy = ManagerPolicy(maxPeers: peersMax)

    private var choices: Choices
    private var machine = ManagerMachine(id: PeerID(high: 0, low: 1), policy: policy)
    private var now = Moment(nanoseconds: 0)
    private var wakeAt: Moment?
    private var lastConnection: UInt64 = 0
    private var open: [ConnectionID] = []
    /// What each member has been told.
    private var rosters: [ConnectionID: Roster] = [:]
    private var joined: Set<PeerID> = []
    /// Connections whose peers are being connected back to.
    private var probed: Set<ConnectionID> = []
    private var effects: [ManagerEffect] = []

    init(_ choices: Choices) {
        self.choices = choices
    }

    var isDone: Bool { choices.isEmpty }

    mutating func step() throws {
        switch choices.below(12) {
        case 0: try join()
        case 1: try connect()
        case 2: try say(.hello(Hello(id: peer(), role: choices.below(8) == 7 ? .manager : .peer)))
        case 3: try say(.newPeer(port: 1 + UInt16(choices.byte()), label: String(choices.byte() % 4)))
        case 4: try say(.leftPeer)
        case 5: try say(.pong(epoch: UInt64(choices.byte())))
        case 6: try say(.rosterRequest)
        case 7:
            guard let connection = choices.element(of: open) else { return }
            open.removeAll { $0 == connection }
            rosters[connection] = nil
            try feed(.closed(connection, reason: "reset"))
            try require(!probed.contains(connection), "\(connection) has gone, and is probed")
        case 8: try sayBytes()
        case 9: for connection in open { try feed(.received(connection, .pong(epoch: 0))) }
        case 10: try answerProbe(failure: choices.below(4) == 3 ? "nobody there" : nil)
        default: try pass(.milliseconds(UInt64(choices.byte()) * UInt64(choices.byte())))
        }
    }

    /// Whatever was still to be told is told; then all hold the same.
    mutating func end() throws {
        try pass(.seconds(1))
        for (connection, roster) in rosters where roster.isKnown {
            try require(roster.epoch == machine.epoch, "\(connection) is at epoch \(roster.epoch)")
            try require(Set(roster.entries.keys) == joined, "\(connection) holds \(roster.entries.keys)")
        }
    }

    // MARK: Inputs

    private mutating func peer() -> PeerID { PeerID(high: 1, low: UInt64(choices.below(32))) }

    private mutating func connect() throws {
        lastConnection += 1
        let connection = ConnectionID(rawValue: lastConnection)
        open.append(connection)
        try feed(.connected(connection, from: PeerAddress(ipv4: 0x0A00_0001, port: 1)))
    }

    private mutating func join() throws {
        try connect()
        let connection = ConnectionID(rawValue: lastConnection)
        for message in [.hello(Hello(id: peer(), role: .peer)), .newPeer(port: 7000, label: "")] as [Message]
        where open.contains(connection) {
            try feed(.received(connection, message))
        }
        if choices.below(4) > 0 { try answerProbe(failure: nil) }
    }

    /// What became of one of the probes.
    private mutating func answerProbe(failure: String?) throws {
        guard let connection = choices.element(of: probed.sorted { $0.rawValue < $1.rawValue }) else { return }
        probed.remove(connection)
        try feed(.probed(connection, failure: failure))
    }

    private mutating func say(_ message: Message) throws {
        guard let connection = choices.element(of: open) else { return }
        try feed(.received(connection, message))
    }

    private mutating func sayBytes() throws {
        guard let connection = choices.element(of: open) else { return }
        var decoder = FrameDecoder()
        choices.take(choices.below(256)).withUnsafeBytes { decoder.append($0) }
        while open.contains(connection), let message = try? decoder.next() {
            try feed(.received(connection, message))
        }
    }

    private mutating func pass(_ span: Span) throws {
        let end = now + span
        while let wake = wakeAt, wake <= end {
            wakeAt = nil
            now = max(now, wake)
            try feed(.wake)
        }
        now = end
    }

    // MARK: Effects

    private mutating func feed(_ input: ManagerInput) throws {
        machine.handle(input, now: now, effects: &effects)
        let wanted = effects
        effects.removeAll(keepingCapacity: true)
        for effect in wanted { try perform(effect) }
        try require(machine.memberCount <= Self.peersMax, "\(machine.memberCount) members")
        try require(machine.memberCount == joined.count, "\(machine.memberCount) members, \(joined.count) told of")
    }

    private mutating func perform(_ effect: ManagerEffect) throws {
        switch effect {
        case .send(let connection, let message):
            try require(open.contains(connection), "\(message.type) is sent after the end of \(connection)")
            try MessageTarget.check(message)
        case .sendEncoded(let connection, let bytes):
            try require(open.contains(connection), "something is sent after the end of \(connection)")
            try hear(bytes, on: connection)
        case .close(let connection, _):
            try require(open.contains(connection), "\(connection) is closed twice")
            open.removeAll { $0 == connection }
            rosters[connection] = nil
        case .probe(let connection, _):
            try require(open.contains(connection), "\(connection) is probed after its end")
            try require(rosters[connection] == nil, "\(connection) is probed and has joined")
            try require(probed.insert(connection).inserted, "\(connection) is probed twice at a time")
        case .endProbe(let connection): probed.remove(connection)
        case .wake(let moment): wakeAt = moment
        case .joined(let entry): try require(joined.insert(entry.id).inserted, "\(entry.id) joins twice")
        case .left(let entry, _): try require(joined.remove(entry.id) != nil, "\(entry.id) leaves twice")
        }
    }

    private mutating func hear(_ bytes: [UInt8], on connection: ConnectionID) throws {
        var decoder = FrameDecoder()
        bytes.withUnsafeBytes { decoder.append($0) }
        while let message = try decoder.next() {
            var change = Roster.Change.none
            switch message {
            case .rosterSnapshot(let page): change = rosters[connection, default: Roster()].apply(page)
            case .rosterDelta(let delta):
                try require(rosters[connection]?.isKnown == true, "a delta comes before any snapshot")
                change = rosters[connection]?.apply(delta) ?? .missed
            case .ping(let epoch, let size):
                let agrees = rosters[connection]?.agrees(epoch: epoch, size: size) == true
                try require(agrees, "a ping of epoch \(epoch) and \(size) peers is news to \(connection)")
            default: throw Broken(description: "the manager sends a \(message.type)")
            }
            try require(change != .missed, "\(connection) has missed something")
        }
        try require(decoder.buffered == 0, "half a frame is sent")
    }
}
