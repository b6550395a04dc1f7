import Content
import DequeModule
import Reactor

/// The limit of one direction: a bucket that all connections draw from, and the line of those that wait for it.
///
/// Bytes are handed out to the first in line, who stays there until its turn is over and then goes to the end if it needs
/// more: so all that wait get the same, however much each has to send. A turn is long enough for a piece, unless the rate
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
    private var line: Deque<ConnectionID> = []
    /// Whose turn it is, and the bytes that are left of it.
    private var turn: (connection: ConnectionID, left: Int)?
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
            defer { line = [] }
            return Array(line)
        }
        bucket = bucket?.changed(to: rate, at: now) ?? TokenBucket(rate, at: now)
        return []
    }

    /// Puts a connection at the end of the line, or at its head if its turn is not over.
    mutating func join(_ connection: ConnectionID) {
        if let turn, turn.connection == connection, turn.left > 0 {
            line.prepend(connection)
        } else {
            line.append(connection)
        }
    }

    /// The first in line with its share, if there is one.
    mutating func next(at now: UInt64) -> (connection: ConnectionID, share: Int)? {
        guard let first = line.first, let rate else { return nil }
        let current = turn.flatMap { $0.connection == first && $0.left > 0 ? $0.left : nil }
        let left = current ?? TransportLimits.turn(of: rate)
        guard let share = takeShare(atMost: left, rate, at: now) else { return nil }
        turn = (first, left - share)
        line.removeFirst()
        return (first, share)
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
