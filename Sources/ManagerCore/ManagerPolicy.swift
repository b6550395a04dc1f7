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
    /// Whether peers are connected back to before they are told to anybody.
    public var probes = true
    /// For that, less than peers wait for their welcome.
    public var probe: Span = .seconds(7)
    /// Peers that are connected back to at one time; the others wait for their turn.
    public var probesMax = Caps.Manager.probes
    /// Connections that have not introduced themselves, and of them from one address.
    public var newcomersMax = Caps.Manager.newcomers
    public var newcomersPerAddressMax = Caps.Manager.newcomersFromAddress
    /// Between two broadcasts, so that a burst of joins costs ten frames a second and not one each.
    public var broadcastInterval: Span = .milliseconds(100)

    public init(heartbeat: Span = .seconds(5), silence: Span = .seconds(15), maxPeers: Int = 20_000) {
        self.heartbeat = heartbeat
        self.silence = silence
        self.maxPeers = min(maxPeers, WireLimits.rosterMax)
    }

    /// Leaves a quarter of the descriptors that may be open for those who have not joined yet.
    public mutating func fit(descriptors: Int) {
        maxPeers = max(1, min(maxPeers, descriptors / 4 * 3))
        newcomersMax = max(1, min(newcomersMax, descriptors / 8))
        probesMax = max(1, min(probesMax, descriptors / 16))
        newcomersPerAddressMax = max(1, min(newcomersPerAddressMax, newcomersMax))
    }
}
