import Content
import Wire

/// The manager's times and caps.
public struct ManagerPolicy: Sendable {
    /// Between two pings to one peer.
    public var heartbeat: Span
    /// A peer that says nothing for this long has left.
    public var silence: Span
    public var maxPeers: Int
    /// To say `hello` and `newPeer` after connecting.
    public var introduction: Span = .seconds(10)
    /// Between two broadcasts, so that a burst of joins costs ten frames a second and not one each.
    public var broadcastInterval: Span = .milliseconds(100)

    public init(heartbeat: Span = .seconds(5), silence: Span = .seconds(15), maxPeers: Int = 20_000) {
        self.heartbeat = heartbeat
        self.silence = silence
        self.maxPeers = min(maxPeers, WireLimits.rosterMax)
    }
}
