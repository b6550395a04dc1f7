import Content

/// Peers that sent wrong pieces too often: refused for a while, by their id and by the address they announced.
struct Bans {
    private var entries: [PeerID: Ban] = [:]

    var count: Int { entries.count }

    /// The longest left first.
    var all: [Ban] { entries.values.sorted { ($0.until, $1.peer.high) > ($1.until, $0.peer.high) } }

    func contains(_ peer: PeerID) -> Bool { entries[peer] != nil }

    func contains(_ address: PeerAddress) -> Bool { entries.values.contains { $0.address == address } }

    /// - Parameter limit: beyond it the ban that would end first makes room.
    mutating func insert(_ ban: Ban, limit: Int) {
        entries[ban.peer] = ban
        guard entries.count > limit, let first = entries.values.min(by: { $0.until < $1.until }) else { return }
        entries[first.peer] = nil
    }

    mutating func lift(_ peer: PeerID) -> Bool { entries.removeValue(forKey: peer) != nil }

    /// - Returns: those whose time is over.
    mutating func expire(_ now: Moment) -> [PeerID] {
        let over = entries.values.filter { $0.until <= now }.map(\.peer)
        for peer in over { entries[peer] = nil }
        return over
    }
}

/// A peer that is refused.
public struct Ban: Hashable, Sendable {
    public let peer: PeerID
    /// Where it said it listens.
    public let address: PeerAddress
    public let reason: String
    public let until: Moment

    public init(peer: PeerID, address: PeerAddress, reason: String, until: Moment) {
        self.peer = peer
        self.address = address
        self.reason = reason
        self.until = until
    }
}
