import Content
import Wire

/// What happens to the manager.
public enum ManagerInput: Sendable {
    case connected(ConnectionID, from: PeerAddress)
    case received(ConnectionID, Message)
    /// The connection is gone, whoever ended it.
    case closed(ConnectionID, reason: String)
    /// The time of the last `wake` effect has come.
    case wake
}

/// What the manager wants done, in this order.
public enum ManagerEffect: Sendable, Equatable {
    case send(ConnectionID, Message)
    /// Frames encoded once for many connections.
    case sendEncoded(ConnectionID, [UInt8])
    /// Flush what is queued, then close. No `closed` input follows.
    case close(ConnectionID, reason: String)
    /// Call again with `.wake` at this time; it replaces the time asked for before.
    case wake(at: Moment)
    case joined(RosterEntry)
    case left(RosterEntry, reason: String)
}
