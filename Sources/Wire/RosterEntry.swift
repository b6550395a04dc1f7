import Content

/// One active peer, as the manager broadcasts it.
public struct RosterEntry: Hashable, Sendable {
    /// Bytes on the wire, at most.
    public static let sizeMax = PeerID.byteCount + 18 + 2 + WireLimits.labelMax

    public let id: PeerID
    /// The address its connection came from, with the port it listens on.
    public let address: PeerAddress
    /// What people call the machine; for display only.
    public let label: String

    public init(id: PeerID, address: PeerAddress, label: String) {
        self.id = id
        self.address = address
        self.label = label
    }
}

/// A page of the whole roster at one epoch.
public struct RosterPage: Hashable, Sendable {
    public let epoch: UInt64
    /// Entries in all pages.
    public let total: Int
    /// Entries in the pages before this one.
    public let first: Int
    public let entries: [RosterEntry]

    public init(epoch: UInt64, total: Int, first: Int, entries: [RosterEntry]) {
        self.epoch = epoch
        self.total = total
        self.first = first
        self.entries = entries
    }
}

/// What changed from epoch - 1 to epoch.
public struct RosterDelta: Hashable, Sendable {
    public let epoch: UInt64
    public let joined: [RosterEntry]
    public let left: [PeerID]

    public init(epoch: UInt64, joined: [RosterEntry], left: [PeerID]) {
        self.epoch = epoch
        self.joined = joined
        self.left = left
    }
}
