import Content
import Wire

/// One connection to the manager, from its first byte to its last.
enum ManagerSession {
    /// Connected; must say `hello` by the deadline.
    case greeting(from: PeerAddress, deadline: Moment)
    /// Said `hello`; must say `newPeer` by the deadline.
    case introducing(PeerID, from: PeerAddress, deadline: Moment)
    /// Said `newPeer`; whether it can be reached where it says is to be known by the deadline.
    case probing(RosterEntry, deadline: Moment)
    case member(Member)

    struct Member {
        let entry: RosterEntry
        /// When it was last heard of.
        var heard: Moment
        var nextPing: Moment
    }
}
