import Content
import DequeModule

/// Whose turn it is to be served: so many requesters at a time have a slot, and the others stand in line.
///
/// A turn is worth a number of bytes. Whoever has used it up gives its slot to the first in line, if there is one, and
/// goes to the end. Whoever runs out of chunks before that keeps the rest, and goes first with its next chunk. So what
/// requesters get is the same in bytes, whether they ask for much at a time or little.
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

    private struct Requester {
        var standing = Standing.idle
        /// Bytes left of its turn; below zero when its last piece was larger than the rest.
        var left = 0
    }

    private let policy: UploadPolicy
    /// How many are served at a time. If they are fewer than before, it takes until turns end.
    var slots: Int
    /// What a turn is worth.
    private(set) var turnBytes: Int
    /// All who have asked for something since they connected.
    private var requesters: [ConnectionID: Requester] = [:]
    private var served: Set<ConnectionID> = []
    private var line: Deque<(connection: ConnectionID, since: Moment)> = []

    init(_ policy: UploadPolicy) {
        self.policy = policy
        slots = policy.slots
        turnBytes = policy.turnBytesMax
    }

    var servedCount: Int { served.count }
    var waitingCount: Int { line.count }

    func isServed(_ connection: ConnectionID) -> Bool { served.contains(connection) }

    /// A requester has a piece to be sent.
    mutating func ask(_ connection: ConnectionID, at now: Moment) -> Answer {
        let requester = requesters[connection, default: Requester()]
        switch requester.standing {
        case .served: return .served
        case .waiting: return .waits
        case .idle: break
        }
        if line.isEmpty, served.count < slots {
            requesters[connection] = requester
            serve(connection, at: now)
            return .served
        }
        guard line.count < policy.waitingMax else { return .full }
        requesters[connection] = requester
        wait(connection, at: now)
        return .waits
    }

    /// The turn of one that is served is over, and it has more to send: it stands in line again. The line may be full,
    /// since the slot is for somebody in it.
    mutating func yield(_ connection: ConnectionID, at now: Moment) {
        leave(connection)
        wait(connection, at: now)
    }

    private mutating func wait(_ connection: ConnectionID, at now: Moment) {
        if left(connection) > 0 {
            line.prepend((connection, now))
        } else {
            line.append((connection, now))
        }
        requesters[connection]?.standing = .waiting
    }

    /// Gives a slot that is free to the first in line that is owed something.
    mutating func admit(at now: Moment) -> ConnectionID? {
        while served.count < slots, let first = line.popFirst() {
            refill(first.connection)
            if line.isEmpty || left(first.connection) > 0 {
                serve(first.connection, at: now)
                return first.connection
            }
            // Its last piece was larger than this turn as well.
            line.append(first)
        }
        return nil
    }

    /// A turn begins; where nobody waits for it, what was too much before does not matter.
    private mutating func serve(_ connection: ConnectionID, at now: Moment) {
        served.insert(connection)
        refill(connection)
        let left = left(connection)
        requesters[connection] = Requester(standing: .served(since: now), left: max(1, left))
    }

    private func left(_ connection: ConnectionID) -> Int { requesters[connection]?.left ?? 0 }

    private mutating func refill(_ connection: ConnectionID) {
        guard let left = requesters[connection]?.left, left <= 0 else { return }
        requesters[connection]?.left = left + turnBytes
    }

    /// Changes what a turn is worth, also of those under way.
    mutating func setTurnBytes(_ bytes: Int) {
        turnBytes = bytes
        for connection in served where left(connection) > bytes { requesters[connection]?.left = bytes }
    }

    /// Whether one that is served may send another piece; with nobody in line it begins a new turn.
    mutating func goesOn(_ connection: ConnectionID, at now: Moment) -> Bool {
        guard let requester = requesters[connection] else { return false }
        if requester.left > 0 { return true }
        guard line.isEmpty else { return false }
        serve(connection, at: now)
        return true
    }

    mutating func spend(_ bytes: Int, of connection: ConnectionID, pieces: Int = 1) {
        requesters[connection]?.left -= max(bytes, pieces * policy.pieceBytesMin)
    }

    /// Takes a requester out of its slot, or out of the line.
    mutating func leave(_ connection: ConnectionID) {
        guard let standing = requesters[connection]?.standing else { return }
        requesters[connection]?.standing = .idle
        switch standing {
        case .idle: break
        case .served: served.remove(connection)
        case .waiting: line.removeAll { $0.connection == connection }
        }
    }

    /// Takes its slot from one that makes nothing of it; the rest of its turn is lost.
    mutating func forfeit(_ connection: ConnectionID) {
        leave(connection)
        requesters[connection]?.left = 0
    }

    mutating func forget(_ connection: ConnectionID) {
        leave(connection)
        requesters[connection] = nil
    }

    /// Those who are served, each with the beginning of its turn.
    var current: [(connection: ConnectionID, since: Moment)] {
        served.compactMap { connection in
            guard case .served(let since) = requesters[connection]?.standing else { return nil }
            return (connection, since)
        }
    }

    /// Those who have waited longer than anybody should, in the order of the line.
    func overdue(at now: Moment) -> [ConnectionID] {
        line.filter { $0.since + policy.patience <= now }.map(\.connection)
    }
}
