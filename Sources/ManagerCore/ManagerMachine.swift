import Content
import Wire

/// The manager: who is active, and everybody told of it.
///
/// A connection goes through four states (`ManagerSession`):
///
///     greeting --hello--> introducing --newPeer--> probing --it can be reached--> member
///
/// and leaves by `leftPeer`, by its end, by silence, by breaking the protocol, or because the same peer connected anew.
/// Joins and leaves collect in the `RosterBook`. The first change is broadcast at once, then changes are gathered for
/// `broadcastInterval`. A joiner gets the roster of the last broadcast, and itself with the next delta like all others.
///
/// Invariant: every member has been sent a snapshot and, since then, every delta in order.
public struct ManagerMachine: ~Copyable {
    private let id: PeerID
    private let policy: ManagerPolicy
    private var sessions: [ConnectionID: ManagerSession] = [:]
    private var members: [PeerID: ConnectionID] = [:]
    /// Those who have not introduced themselves.
    private var newcomers = 0
    private var newcomerTally = AddressTally()
    private var book = RosterBook()
    private var nextBroadcast = Moment(nanoseconds: 0)
    private var nextSweep = Moment.distantFuture
    private var wakeAt = Moment.distantFuture

    public init(id: PeerID, policy: ManagerPolicy) {
        self.id = id
        self.policy = policy
    }

    /// Peers that have joined and not left.
    public var memberCount: Int { members.count }
    public var epoch: UInt64 { book.epoch }
    public var load: ManagerLoad {
        ManagerLoad(
            newcomers: newcomers, probed: sessions.count - members.count - newcomers,
            addresses: newcomerTally.addressCount)
    }

    /// Handles one input; what is to be done is appended to `effects`.
    public mutating func handle(_ input: ManagerInput, now: Moment, effects: inout [ManagerEffect]) {
        switch input {
        case .connected(let connection, let address): connected(connection, address, now, &effects)
        case .received(let connection, let message): received(connection, message, now, &effects)
        case .closed(let connection, let reason): remove(connection, reason, &effects)
        case .probed(let connection, let failure): probed(connection, failure, now, &effects)
        case .wake: sweep(now, &effects)
        }
        broadcastIfDue(now, &effects)
        scheduleWake(&effects)
    }

    private mutating func connected(
        _ connection: ConnectionID, _ address: PeerAddress, _ now: Moment, _ effects: inout [ManagerEffect]
    ) {
        if let reason = crowded(by: address) {
            effects.append(.send(connection, .refused(.full, reason: reason)))
            effects.append(.close(connection, reason: reason))
            return
        }
        newcomers += 1
        newcomerTally.add(address)
        sessions[connection] = .greeting(from: address, deadline: now + policy.introduction)
        if nextSweep == .distantFuture { nextSweep = now + sweepInterval }
    }

    /// - Returns: why nobody more can be taken from an address.
    private func crowded(by address: PeerAddress) -> String? {
        if members.count >= policy.maxPeers { return "the swarm has \(policy.maxPeers) peers already" }
        if newcomers >= policy.newcomersMax { return "too many peers want to join at this moment; try again" }
        let isTooMany = newcomerTally.count(from: address) >= policy.newcomersPerAddressMax
        return isTooMany ? "too many connections from this address have not introduced themselves" : nil
    }

    private mutating func greeted(_ address: PeerAddress) {
        newcomers -= 1
        newcomerTally.remove(address)
    }

    private mutating func received(
        _ connection: ConnectionID, _ message: Message, _ now: Moment, _ effects: inout [ManagerEffect]
    ) {
        guard let session = sessions[connection] else { return }
        switch (session, message) {
        case (.greeting(let address, let deadline), .hello(let hello)) where hello.role == .peer:
            sessions[connection] = .introducing(hello.id, from: address, deadline: deadline)
            effects.append(.send(connection, .hello(Hello(id: id, role: .manager))))
        case (.introducing(let peer, let address, _), .newPeer(let port, let label)):
            greeted(address)
            probe(connection, RosterEntry(id: peer, address: address.with(port: port), label: label), now, &effects)
        case (.member(let member), .pong): heard(member, on: connection, now)
        case (.member(let member), .rosterRequest):
            heard(member, on: connection, now)
            effects.append(.sendEncoded(connection, book.encodedSnapshot()))
        case (.member, .leftPeer), (.probing, .leftPeer):
            remove(connection, "said that it leaves", &effects)
            effects.append(.close(connection, reason: "said that it leaves"))
        case (.greeting, _), (.introducing, _), (.probing, _), (.member, _):
            refuse(connection, .violation, "a \(message.type) is not expected here", &effects)
        }
    }

    private mutating func heard(_ member: ManagerSession.Member, on connection: ConnectionID, _ now: Moment) {
        var member = member
        member.heard = now
        sessions[connection] = .member(member)
    }

    /// An address is told to everybody, and everybody will connect to it: so it has to be a peer's, and one that can be
    /// reached.
    private mutating func probe(
        _ connection: ConnectionID, _ entry: RosterEntry, _ now: Moment, _ effects: inout [ManagerEffect]
    ) {
        sessions[connection] = .probing(entry, deadline: now + policy.probe)
        guard policy.probes else { return join(connection, entry, now, &effects) }
        effects.append(.probe(connection, entry.address))
    }

    private mutating func probed(
        _ connection: ConnectionID, _ failure: String?, _ now: Moment, _ effects: inout [ManagerEffect]
    ) {
        guard case .probing(let entry, _) = sessions[connection] else { return }
        guard let failure else { return join(connection, entry, now, &effects) }
        refuse(connection, .unreachable, unreachable(entry, failure), &effects)
    }

    private func unreachable(_ entry: RosterEntry, _ failure: String) -> String {
        "nobody answers at \(entry.address) (\(failure)), so others could not fetch from this peer: open that port, or see "
            + "--bind and --manager"
    }

    private mutating func join(
        _ connection: ConnectionID, _ entry: RosterEntry, _ now: Moment, _ effects: inout [ManagerEffect]
    ) {
        // Many may have been let in before the first of them had introduced itself.
        guard members[entry.id] != nil || members.count < policy.maxPeers else {
            return refuse(connection, .full, "the swarm has \(policy.maxPeers) peers already", &effects)
        }
        if let old = members[entry.id] {
            // It lost its connection and came back before that showed here.
            effects.append(.send(old, .refused(.replaced, reason: "this peer has connected again")))
            remove(old, "connected again", &effects)
            effects.append(.close(old, reason: "connected again"))
        }
        members[entry.id] = connection
        // Pings are spread over the interval, so that a burst of joins does not become a burst of pings for ever.
        let phase = Span(nanoseconds: connection.rawValue &* 0x9E37_79B9_7F4A_7C15 % policy.heartbeat.nanoseconds)
        sessions[connection] = .member(.init(entry: entry, heard: now, nextPing: now + phase))
        effects.append(
            .send(
                connection,
                .welcome(
                    observed: entry.address, heartbeat: milliseconds(policy.heartbeat),
                    silence: milliseconds(policy.silence))))
        effects.append(.sendEncoded(connection, book.encodedSnapshot()))
        effects.append(.joined(entry))
        book.join(entry)
    }

    private mutating func remove(_ connection: ConnectionID, _ reason: String, _ effects: inout [ManagerEffect]) {
        guard let session = sessions.removeValue(forKey: connection) else { return }
        switch session {
        case .greeting(let address, _), .introducing(_, let address, _): greeted(address)
        case .probing: effects.append(.endProbe(connection))
        case .member(let member):
            members[member.entry.id] = nil
            book.leave(member.entry.id)
            effects.append(.left(member.entry, reason: reason))
        }
    }

    private mutating func refuse(
        _ connection: ConnectionID, _ code: RefusalCode, _ reason: String, _ effects: inout [ManagerEffect]
    ) {
        effects.append(.send(connection, .refused(code, reason: reason)))
        remove(connection, reason, &effects)
        effects.append(.close(connection, reason: reason))
    }
}

// MARK: Time

extension ManagerMachine {
    /// Deadlines are coarse; looking at all sessions a few times a second is cheaper than a timer for each.
    private var sweepInterval: Span { Span(nanoseconds: max(1, policy.heartbeat.nanoseconds / 20)) }

    private mutating func sweep(_ now: Moment, _ effects: inout [ManagerEffect]) {
        guard nextSweep <= now else { return }
        nextSweep = now + sweepInterval
        let ping = Message.ping(epoch: book.epoch, size: UInt32(book.roster.count)).encoded
        for (connection, session) in sessions {
            switch session {
            case .greeting(_, let deadline), .introducing(_, _, let deadline):
                if deadline <= now { refuse(connection, .violation, "did not introduce itself in time", &effects) }
            case .probing(let entry, let deadline):
                guard deadline <= now else { break }
                let failure = "no answer in \(Int(policy.probe.seconds)) s"
                refuse(connection, .unreachable, unreachable(entry, failure), &effects)
            case .member(let member): check(member, connection, ping, now, &effects)
            }
        }
        if sessions.isEmpty { nextSweep = .distantFuture }
    }

    private mutating func check(
        _ member: ManagerSession.Member, _ connection: ConnectionID, _ ping: [UInt8], _ now: Moment,
        _ effects: inout [ManagerEffect]
    ) {
        var member = member
        if member.heard + policy.silence <= now {
            remove(connection, "silent for \(policy.silence.nanoseconds / 1_000_000) ms", &effects)
            effects.append(.close(connection, reason: "silent for too long"))
        } else if member.nextPing <= now {
            member.nextPing = now + policy.heartbeat
            sessions[connection] = .member(member)
            effects.append(.sendEncoded(connection, ping))
        }
    }

    private mutating func broadcastIfDue(_ now: Moment, _ effects: inout [ManagerEffect]) {
        guard book.hasChanges, nextBroadcast <= now else { return }
        nextBroadcast = now + policy.broadcastInterval
        // In the order in which they came: the kernel has put those that came together side by side.
        let connections = members.values.sorted { $0.rawValue < $1.rawValue }
        for delta in book.flush() {
            let bytes = Message.rosterDelta(delta).encoded
            for connection in connections { effects.append(.sendEncoded(connection, bytes)) }
        }
    }

    private mutating func scheduleWake(_ effects: inout [ManagerEffect]) {
        let next = book.hasChanges ? min(nextBroadcast, nextSweep) : nextSweep
        guard next != wakeAt else { return }
        wakeAt = next
        if next != .distantFuture { effects.append(.wake(at: next)) }
    }

    private func milliseconds(_ span: Span) -> UInt32 {
        UInt32(clamping: span.nanoseconds / 1_000_000)
    }
}
