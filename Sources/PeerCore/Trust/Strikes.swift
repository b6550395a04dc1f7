import Content

/// Who sent wrong bytes, of what and when: a few in a while are a ban.
///
/// An honest holder may send a wrong piece when its file changes while it is sent; then it says by itself that it has the
/// file no more, and the strike is taken back.
struct Strikes {
    /// Peers remembered; beyond it the one longest ago is forgotten.
    private static let peersMax = 1024

    private struct Strike {
        let root: FileRoot
        let at: Moment
    }

    private var byPeer: [PeerID: [Strike]] = [:]

    /// - Parameter span: strikes before it do not count any more.
    /// - Returns: how many there are now.
    mutating func add(_ peer: PeerID, _ root: FileRoot, now: Moment, within span: Span) -> Int {
        byPeer[peer, default: []].removeAll { $0.at + span <= now }
        byPeer[peer, default: []].append(Strike(root: root, at: now))
        if byPeer.count > Strikes.peersMax { forgetOldest() }
        return byPeer[peer]?.count ?? 0
    }

    mutating func forgive(_ peer: PeerID, _ root: FileRoot) {
        byPeer[peer]?.removeAll { $0.root == root }
        if byPeer[peer]?.isEmpty == true { byPeer[peer] = nil }
    }

    mutating func clear(_ peer: PeerID) { byPeer[peer] = nil }

    private mutating func forgetOldest() {
        let last = byPeer.mapValues { $0.last?.at ?? Moment(nanoseconds: 0) }
        if let oldest = last.min(by: { $0.value < $1.value })?.key { byPeer[oldest] = nil }
    }
}
