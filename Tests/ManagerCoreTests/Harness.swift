import Content
import Testing
import Wire

@testable import ManagerCore

/// A manager without sockets: a simulated clock, what it said to each connection, and the roster each peer holds.
final class Harness {
    private var machine: ManagerMachine
    private(set) var now = Moment(nanoseconds: 0)
    private var wakeAt: Moment?
    private var lastConnection: UInt64 = 0

    /// What was said on each connection and not yet taken.
    private var said: [ConnectionID: [Message]] = [:]
    private(set) var closed: [ConnectionID: String] = [:]
    private(set) var rosters: [ConnectionID: HeldRoster] = [:]
    /// Who has joined and not left, as the effects tell it.
    private(set) var members: [PeerID: RosterEntry] = [:]
    private(set) var leaveReasons: [PeerID: String] = [:]
    /// The only connections on which somebody listens, where thousands would take too long; nil is all.
    var listeners: Set<ConnectionID>?
    /// What a probe finds; nil where it is answered later, by the test.
    var probe: ((PeerAddress) -> String?)? = { _ in nil }
    private(set) var probes: [ConnectionID: PeerAddress] = [:]

    init(_ policy: ManagerPolicy = ManagerPolicy()) {
        machine = ManagerMachine(id: PeerID(high: 0, low: 0), policy: policy)
    }

    var memberCount: Int { machine.memberCount }
    var epoch: UInt64 { machine.epoch }
    var nextWake: Moment? { wakeAt }

    // MARK: Inputs

    @discardableResult
    func feed(_ input: ManagerInput) -> [ManagerEffect] {
        if case .closed(let connection, _) = input { closed[connection] = "by the other end" }
        var effects: [ManagerEffect] = []
        machine.handle(input, now: now, effects: &effects)
        for effect in effects { apply(effect) }
        for case .probe(let connection, let address) in effects {
            if let probe { feed(.probed(connection, failure: probe(address))) }
        }
        return effects
    }

    /// Lets time pass, waking the machine whenever it asked for it.
    func pass(_ span: Span) {
        let end = now + span
        while let wake = wakeAt, wake <= end {
            wakeAt = nil
            now = max(now, wake)
            feed(.wake)
        }
        now = end
    }

    /// Lets time pass without a wake, as when the process was stopped.
    func skip(_ span: Span) { now = now + span }

    func connect(from host: UInt32 = 0x7F00_0001) -> ConnectionID {
        lastConnection += 1
        let connection = ConnectionID(rawValue: lastConnection)
        feed(.connected(connection, from: PeerAddress(ipv4: host, port: 50_000)))
        return connection
    }

    func say(_ message: Message, on connection: ConnectionID) { feed(.received(connection, message)) }

    func hello(_ peer: UInt64, on connection: ConnectionID) {
        say(.hello(Hello(id: .number(peer), role: .peer)), on: connection)
    }

    /// A peer from its first byte to its membership.
    @discardableResult
    func join(_ peer: UInt64, port: UInt16 = 7001, label: String = "peer") -> ConnectionID {
        let connection = connect()
        hello(peer, on: connection)
        say(.newPeer(port: port, label: label), on: connection)
        return connection
    }

    // MARK: Effects

    /// What was said on a connection since the last call.
    func take(_ connection: ConnectionID) -> [Message] { said.removeValue(forKey: connection) ?? [] }

    func takeAll() { said = [:] }

    private func apply(_ effect: ManagerEffect) {
        switch effect {
        case .send(let connection, let message): hear(message, on: connection)
        case .sendEncoded(let connection, let bytes):
            guard listeners?.contains(connection) ?? true else { return }
            for message in decode(bytes) { hear(message, on: connection) }
        case .close(let connection, let reason):
            if closed[connection] != nil { Issue.record("connection \(connection) is closed twice") }
            closed[connection] = reason
        case .probe(let connection, let address): probes[connection] = address
        case .endProbe(let connection): probes[connection] = nil
        case .wake(let at): wakeAt = at
        case .joined(let entry): members[entry.id] = entry
        case .left(let entry, let reason):
            members[entry.id] = nil
            leaveReasons[entry.id] = reason
        }
    }

    private func hear(_ message: Message, on connection: ConnectionID) {
        if let reason = closed[connection] { Issue.record("\(message.type) is sent after the close: \(reason)") }
        said[connection, default: []].append(message)
        rosters[connection, default: HeldRoster()].apply(message)
    }

    private func decode(_ bytes: [UInt8]) -> [Message] {
        var decoder = FrameDecoder()
        bytes.withUnsafeBytes { decoder.append($0) }
        var messages: [Message] = []
        do {
            while let message = try decoder.next() { messages.append(message) }
        } catch {
            Issue.record("what the manager encodes is refused: \(error)")
        }
        if decoder.buffered > 0 { Issue.record("half a frame is sent") }
        return messages
    }
}

/// A roster as a peer would hold it, put together from what the manager said.
struct HeldRoster {
    private(set) var epoch: UInt64?
    private(set) var entries: [PeerID: RosterEntry] = [:]
    private var pages: [RosterEntry] = []

    mutating func apply(_ message: Message) {
        switch message {
        case .rosterSnapshot(let page): apply(page)
        case .rosterDelta(let delta): apply(delta)
        default: break
        }
    }

    private mutating func apply(_ page: RosterPage) {
        if page.first == 0 { pages = [] }
        if page.first != pages.count { Issue.record("page at \(page.first) follows \(pages.count) entries") }
        pages += page.entries
        guard pages.count == page.total else { return }
        entries = Dictionary(pages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        if entries.count != page.total { Issue.record("a snapshot names a peer twice") }
        epoch = page.epoch
    }

    private mutating func apply(_ delta: RosterDelta) {
        guard let epoch else {
            Issue.record("a delta comes before the snapshot")
            return
        }
        if delta.epoch != epoch + 1 { Issue.record("delta \(delta.epoch) follows \(epoch)") }
        for id in delta.left where entries.removeValue(forKey: id) == nil {
            Issue.record("\(id) left without being here")
        }
        for entry in delta.joined {
            if entries[entry.id] != nil { Issue.record("\(entry.id) joins though it is here") }
            entries[entry.id] = entry
        }
        self.epoch = delta.epoch
    }
}

extension PeerID {
    static func number(_ value: UInt64) -> PeerID { PeerID(high: 1, low: value) }
}

extension Sequence<Message> {
    var types: [MessageType] { map(\.type) }
}
