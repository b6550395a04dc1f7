import Content

/// Which part an end of a connection plays.
public enum Role: UInt8, Sendable {
    case manager = 0
    case peer = 1
}

/// The first message in both directions.
public struct Hello: Hashable, Sendable {
    public static let magic: [UInt8] = Array("P2PD".utf8)
    public static let version: UInt16 = 1

    /// Optional abilities; none is defined yet, and unknown bits are ignored.
    public let features: UInt32
    public let id: PeerID
    public let role: Role

    public init(id: PeerID, role: Role, features: UInt32 = 0) {
        self.id = id
        self.role = role
        self.features = features
    }
}
