import Content

/// Peers that are asked and not waited for: they did not answer in time when they were asked last, or what they owed was
/// given up as too slow. One of them would hold up everything that is asked for by name, each time as long as the window.
extension PeerMachine {
    mutating func lag(_ peers: some Collection<PeerID>) {
        guard !peers.isEmpty else { return }
        laggards.formUnion(peers)
        laggards = laggards.filter { roster.entries[$0] != nil }
    }

    /// A peer has answered, or has come anew.
    mutating func catchUp(_ peers: some Sequence<PeerID>) {
        if !laggards.isEmpty { laggards.subtract(peers) }
    }

    /// Whether all that could answer soon have.
    func awaitsLaggardsOnly(_ ask: Ask) -> Bool {
        ask.indexing.isEmpty && ask.outstanding.allSatisfy { laggards.contains($0) }
    }
}
