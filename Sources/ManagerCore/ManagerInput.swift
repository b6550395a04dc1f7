import Content
import Wire

/// What happens to the manager.
public enum ManagerInput: Sendable {
    case connected(ConnectionID, from: PeerAddress)
    case received(ConnectionID, Message)
    /// The connection is gone, whoever ended it.
    case closed(ConnectionID, reason: String)
    /// How the probe of a connection's peer went; a failure says what to do.
    case probed(ConnectionID, failure: String?)
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
    /// Connect to that address, and see whether a peer says hello there; `probed` tells.
    case probe(ConnectionID, PeerAddress)
    /// How the probe of that connection's peer goes is of no interest any more. Does nothing when it is over.
    case endProbe(ConnectionID)
    /// Call again with `.wake` at this time; it replaces the time asked for before.
    case wake(at: Moment)
    case joined(RosterEntry)
    case left(RosterEntry, reason: String)
}
