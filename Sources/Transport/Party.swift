import Content

/// Who is at the other end, where what there is is divided: a peer with all connections that it has from one address, so
/// that nobody gets more by having more of them. From another address somebody else may have taken its id. A connection
/// on which nobody has said who it is stands for itself.
public enum Party: Hashable, Sendable {
    case connection(ConnectionID)
    case peer(PeerID, host: PeerAddress)
}

extension Transport {
    /// Who is at the other end of a connection.
    public func set(_ peer: PeerID, of id: ConnectionID) {
        guard let connection = find(id) else { return }
        connection.party = .peer(peer, host: connection.address.with(port: 0))
    }

    public func party(of id: ConnectionID) -> Party { find(id)?.party ?? .connection(id) }
}
