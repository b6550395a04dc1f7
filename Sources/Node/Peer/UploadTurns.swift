import Content
import DequeModule
import Transport

/// Whose turn it is to be served: so many requesters at a time have a slot, and the others stand in line.
///
/// A turn is worth a number of bytes. Whoever has used it up gives its slot to the first in line, if there is one, and
/// goes to the end. Whoever runs out of chunks before that keeps the rest, and goes first with its next chunk. So what
/// requesters get is the same in bytes, whether they ask for much at a time or little, on one connection or several: those
/// of one peer share its turns. One of them is served at a time, but where a piece takes so long that another would be
/// taken for dead meanwhile, that one is served beside it.
struct UploadTurns {
    enum Answer: Equatable {
        case served
        case waits
        /// The line is as long as it may be.
        case full
    }

    private enum Standing {
        case idle
        case served(since: Moment)
        case waiting
    }

    /// A peer, with all its connections.
    private struct Requester {
        var standing = Standing.idle
        /// Bytes left of its turn; below zero when its last piece was larger than the rest.
        var left = 0
        /// Its connections on which something is to be sent: the first is served or waits, the others come after it.
        var connections: Deque<ConnectionID> = []
        /// When those behind the first began to wait for it.
        var behind: [ConnectionID: Moment] = [:]
        /// Those behind the first that are served beside it.
        var beside: Set<ConnectionID> = []
        /// All of them that have asked for something.
        var known: Set<ConnectionID> = []
    }

    private struct Waiting {
        let party: Party
        /// When it asked, before it was sent away: the line is in this order.
        let since: Moment
        /// When it came into the line.
        let came: Moment
    }

    /// One who was sent away: it keeps its place.
    private struct Away {
        let since: Moment
        let returns: Moment
    }

    private let policy: UploadPolicy
    /// How many are served at a time. If they are fewer than before, it takes until turns end.
    var slots: Int
    /// What a turn is worth.
    private(set) var turnBytes: Int
    /// All who have asked for something since they connected.
    private var requesters: [Party: Requester] = [:]
    private var parties: [ConnectionID: Party] = [:]
    private var served: Set<Party> = []
    private var line: Deque<Waiting> = []
    private var away: [Party: Away] = [:]
    /// Connections that something is to be sent on, and that are not their peer's first.
    private var behindCount = 0

    init(_ policy: UploadPolicy) {
        self.policy = policy
        slots = policy.slots
        turnBytes = policy.turnBytesMax
    }

    var servedCount: Int { served.count }
    var waitingCount: Int { line.count + behindCount }

    /// A requester has a piece to be sent on a connection.
    mutating func ask(_ connection: ConnectionID, of party: Party, at now: Moment) -> Answer {
        let requester = requesters[party]
        if let first = requester?.connections.first {
            if first == connection, case .served = requester?.standing { return .served }
            if requester?.beside.contains(connection) == true { return .served }
            if requester?.connections.contains(connection) == false {
                add(connection, to: party)
                requesters[party]?.behind[connection] = now
                behindCount += 1
            }
            return .waits
        }
        let since = away[party]?.since
        let isFirst = line.first.map { waiting in since.map { $0 < waiting.since } ?? false } ?? true
        let isServed = isFirst && served.count < slots
        guard isServed || line.count < policy.waitingMax else { return .full }
        away[party] = nil
        add(connection, to: party)
        if isServed { serve(party, at: now) } else { wait(party, since: since, at: now) }
        return isServed ? .served : .waits
    }

    /// Bytes left of a turn.
    func leftOfTurn(_ connection: ConnectionID) -> Int { parties[connection].map { max(0, left($0)) } ?? 0 }

    private mutating func add(_ connection: ConnectionID, to party: Party) {
        parties[connection] = party
        requesters[party, default: Requester()].connections.append(connection)
        requesters[party]?.known.insert(connection)
    }

    /// The turn of one that is served is over, and it has more to send: it stands in line again, for another of its
    /// connections if there is one. The line may be full, since the slot is for somebody in it.
    mutating func yield(_ connection: ConnectionID, at now: Moment) {
        guard let party = parties[connection], served.remove(party) != nil else { return }
        if let first = requesters[party]?.connections.popFirst() {
            requesters[party]?.connections.append(first)
            requesters[party]?.behind[first] = now
        }
        wait(party, at: now)
    }

    /// - Parameter since: nil stands for now.
    private mutating func wait(_ party: Party, since: Moment? = nil, at now: Moment) {
        let waiting = Waiting(party: party, since: since ?? now, came: now)
        if left(party) > 0 {
            line.prepend(waiting)
        } else {
            line.insert(waiting, at: line.firstIndex { $0.since > waiting.since } ?? line.endIndex)
        }
        requesters[party]?.standing = .waiting
        requesters[party]?.beside = []
    }

    /// Gives a slot that is free to the first in line that is owed something.
    mutating func admit(at now: Moment) -> ConnectionID? {
        while served.count < slots, let first = line.popFirst() {
            refill(first.party)
            if line.isEmpty || left(first.party) > 0 {
                serve(first.party, at: now)
                return requesters[first.party]?.connections.first
            }
            // Its last piece was larger than this turn as well.
            line.append(first)
        }
        return nil
    }

    /// A turn begins; where nobody waits for it, what was too much before does not matter.
    private mutating func serve(_ party: Party, at now: Moment) {
        served.insert(party)
        refill(party)
        let left = left(party)
        requesters[party]?.standing = .served(since: now)
        requesters[party]?.left = max(1, left)
        if let first = requesters[party]?.connections.first { requesters[party]?.behind[first] = nil }
    }

    private func left(_ party: Party) -> Int { requesters[party]?.left ?? 0 }

    private mutating func refill(_ party: Party) {
        let left = left(party)
        if left <= 0 { requesters[party]?.left = left + turnBytes }
    }

    /// Changes what a turn is worth, also of those under way.
    mutating func setTurnBytes(_ bytes: Int) {
        turnBytes = bytes
        for party in served where left(party) > bytes { requesters[party]?.left = bytes }
    }

    /// Whether one that is served may send another piece; with nobody in line it may beyond its turn, piece by piece: who
    /// was sent away comes back when he likes, and waits for one piece at most.
    mutating func goesOn(_ connection: ConnectionID, at now: Moment) -> Bool {
        guard let party = parties[connection], let requester = requesters[party] else { return false }
        if requester.left > 0 { return true }
        guard line.isEmpty, requester.connections.count == 1 else { return false }
        requesters[party]?.standing = .served(since: now)
        requesters[party]?.left = 1
        return true
    }

    mutating func spend(_ bytes: Int, of connection: ConnectionID, pieces: Int = 1) {
        guard let party = parties[connection] else { return }
        requesters[party]?.left -= max(bytes, pieces * policy.pieceBytesMin)
    }

    /// A connection has nothing more to be sent. If its requester has another one that has, that stands in line.
    mutating func leave(_ connection: ConnectionID, at now: Moment) {
        guard let party = parties[connection], let requester = requesters[party],
            let index = requester.connections.firstIndex(of: connection)
        else { return }
        requesters[party]?.connections.remove(at: index)
        requesters[party]?.behind[connection] = nil
        requesters[party]?.beside.remove(connection)
        if requester.connections.count > 1 { behindCount -= 1 }
        guard index == 0 else { return }
        requesters[party]?.standing = .idle
        served.remove(party)
        line.removeAll { $0.party == party }
        if requester.connections.count > 1 { wait(party, at: now) }
    }

    /// One that has waited for too long is told to come back.
    mutating func sendAway(_ connection: ConnectionID, at now: Moment, until returns: Moment) {
        let waiting = parties[connection].flatMap { party in line.first { $0.party == party } }
        leave(connection, at: now)
        away = away.filter { now < $0.value.returns + policy.patience }
        guard let waiting, away.count < policy.waitingMax, requesters[waiting.party]?.connections.isEmpty != false
        else { return }
        away[waiting.party] = Away(since: waiting.since, returns: returns)
    }

    /// Takes its slot from one that makes nothing of it; the rest of its turn is lost.
    mutating func forfeit(_ connection: ConnectionID, at now: Moment) {
        if let party = parties[connection] { requesters[party]?.left = 0 }
        leave(connection, at: now)
    }

    mutating func forget(_ connection: ConnectionID, at now: Moment) {
        leave(connection, at: now)
        guard let party = parties.removeValue(forKey: connection) else { return }
        requesters[party]?.known.remove(connection)
        if requesters[party]?.known.isEmpty == true { (requesters[party], away[party]) = (nil, nil) }
    }

    /// Those who are served, each with the beginning of its turn.
    var current: [(connection: ConnectionID, since: Moment)] {
        served.compactMap { party in
            guard let requester = requesters[party], let connection = requester.connections.first,
                case .served(let since) = requester.standing
            else { return nil }
            return (connection, since)
        }
    }

    /// Serves those beside their peer's first connection that have waited for it for too long.
    mutating func hurry(at now: Moment) -> [ConnectionID] {
        guard behindCount > 0 else { return [] }
        var hurried: [ConnectionID] = []
        for party in served {
            guard let requester = requesters[party] else { continue }
            for connection in requester.connections.dropFirst()
            where !requester.beside.contains(connection) && isLate(connection, requester, now) {
                requesters[party]?.beside.insert(connection)
                hurried.append(connection)
            }
        }
        return hurried
    }

    private func isLate(_ connection: ConnectionID, _ requester: Requester, _ now: Moment) -> Bool {
        requester.behind[connection].map { $0 + policy.behindMax <= now } ?? false
    }

    /// Those who have waited longer than anybody should, in the order of the line.
    func overdue(at now: Moment) -> [ConnectionID] {
        line.filter { $0.came + policy.patience <= now }.compactMap { requesters[$0.party]?.connections.first }
    }
}
