import Content
import DequeModule
import Reactor

/// The limit of one direction: a bucket that all connections draw from, and the line of those that wait for it.
///
/// Bytes are handed out to the first in line, who stays there until its turn is over and then goes to the end if it needs
/// more: so all that wait get the same, however much each has to send, and on however many connections. A turn is long enough for a piece, unless the rate
/// is low: pieces that come one after the other are passed on sooner than such as come all at once. One timer wakes the
/// line, and only while there is one.
struct Throttle {
    /// How one connection stands.
    enum Passage: Equatable {
        /// So many bytes may pass now.
        case granted(Int)
        /// It stands in line, and passes nothing meanwhile.
        case waiting
    }

    private var bucket: TokenBucket?
    private var line: Deque<Party> = []
    /// The connections of each in line that wait; none are nobody's.
    private var waiting: [Party: Deque<ConnectionID>] = [:]
    /// Whose turn it is, the connection that had the last share of it, and the bytes that are left.
    private var turn: (party: Party, connection: ConnectionID, left: Int)?
    private(set) var timer: TimerID?

    /// nil: everything passes.
    var rate: ByteRate? { bucket?.rate }
    var isLimited: Bool { bucket != nil }

    /// File data of one connection that may wait in its send queue: what passes in one burst, so that a slow limit does
    /// not keep minutes of it there, which could not be called off.
    var burst: Int { bucket?.burst ?? .max }

    /// - Returns: connections that waited and are free to go, if there is no limit any more.
    mutating func setRate(_ rate: ByteRate?, at now: UInt64) -> [ConnectionID] {
        guard let rate else {
            bucket = nil
            defer { (line, waiting) = ([], [:]) }
            return line.flatMap { waiting[$0] ?? [] }
        }
        bucket = bucket?.changed(to: rate, at: now) ?? TokenBucket(rate, at: now)
        return []
    }

    /// Puts a connection at the end of the line, or at its head if its party's turn is not over.
    mutating func join(_ connection: ConnectionID, of party: Party) {
        let isInTurn = turn.map { $0.party == party && $0.left > 0 } ?? false
        if waiting[party] == nil { place(party, first: isInTurn) }
        if isInTurn, turn?.connection == connection {
            waiting[party, default: []].prepend(connection)
        } else {
            waiting[party, default: []].append(connection)
        }
    }

    private mutating func place(_ party: Party, first: Bool) {
        if first { line.prepend(party) } else { line.append(party) }
    }

    /// The first in line with its share, if there is one.
    mutating func next(at now: UInt64) -> (connection: ConnectionID, share: Int)? {
        guard let party = line.first, let connection = waiting[party]?.first, let rate else { return nil }
        let current = turn.flatMap { $0.party == party && $0.left > 0 ? $0.left : nil }
        let left = current ?? TransportLimits.turn(of: rate)
        guard let share = takeShare(atMost: left, rate, at: now) else { return nil }
        turn = (party, connection, left - share)
        line.removeFirst()
        waiting[party]?.removeFirst()
        if waiting[party]?.isEmpty == true { waiting[party] = nil } else { place(party, first: left > share) }
        return (connection, share)
    }

    mutating func giveBack(_ bytes: Int) { bucket?.giveBack(bytes) }

    /// Bytes passed that nobody was granted.
    mutating func spend(_ bytes: Int) { bucket?.spend(bytes) }

    /// When the line should be looked at, if it has to be: a batch is there, and a while has passed since the last time.
    mutating func wake(at now: UInt64) -> UInt64? {
        guard timer == nil, !line.isEmpty, let rate = bucket?.rate else { return nil }
        let enough = bucket?.moment(of: TransportLimits.batch(of: rate), from: now) ?? now
        return max(enough, now + TransportLimits.wakePause.nanoseconds)
    }

    mutating func setTimer(_ timer: TimerID?) { self.timer = timer }

    private mutating func takeShare(atMost left: Int, _ rate: ByteRate, at now: UInt64) -> Int? {
        guard let available = bucket?.available(at: now), available >= min(left, TransportLimits.share(of: rate)) else {
            return nil
        }
        let share = min(left, available)
        bucket?.spend(share)
        return share
    }
}
