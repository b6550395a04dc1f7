import Content

/// Who sent wrong bytes, of what and when: a few in a while are a ban.
///
/// An honest holder may send a wrong piece when its file changes while it is sent; then it says by itself that it has the
/// file no more, and the strike is taken back: once for a root, since then it has another.
struct Strikes {
    /// Peers remembered; beyond it the one longest ago is forgotten.
    private static let peersMax = 1024

    private struct Strike {
        let root: FileRoot
        let at: Moment
    }

    private var byPeer: [PeerID: [Strike]] = [:]
    /// Those that were taken back.
    private var pardons: [PeerID: [Strike]] = [:]
    /// Of one peer, whatever the roots.
    private static let pardonsMax = 16

    /// - Parameter span: strikes before it do not count any more.
    /// - Returns: how many there are now.
    mutating func add(_ peer: PeerID, _ root: FileRoot, now: Moment, within span: Span) -> Int {
        byPeer[peer, default: []].removeAll { $0.at + span <= now }
        byPeer[peer, default: []].append(Strike(root: root, at: now))
        if byPeer.count > Strikes.peersMax { byPeer = Strikes.withoutOldest(byPeer) }
        return byPeer[peer]?.count ?? 0
    }

    mutating func forgive(_ peer: PeerID, _ root: FileRoot) {
        byPeer[peer]?.removeAll { $0.root == root }
        if byPeer[peer]?.isEmpty == true { byPeer[peer] = nil }
    }

    func count(of peer: PeerID, _ root: FileRoot) -> Int { byPeer[peer]?.count { $0.root == root } ?? 0 }

    /// - Returns: whether a change of a root is an excuse for what was wrong of it.
    mutating func pardon(_ peer: PeerID, _ root: FileRoot, now: Moment, within span: Span) -> Bool {
        let known = (pardons[peer] ?? []).filter { $0.at + span > now }
        guard known.count < Strikes.pardonsMax, !known.contains(where: { $0.root == root }) else { return false }
        pardons[peer] = known + [Strike(root: root, at: now)]
        if pardons.count > Strikes.peersMax { pardons = Strikes.withoutOldest(pardons) }
        return true
    }

    /// Whether what a peer sent was wrong lately, be it pardoned or not.
    func hasErred(_ peer: PeerID, now: Moment, within span: Span) -> Bool {
        if let strike = byPeer[peer]?.last, strike.at + span > now { return true }
        return pardons[peer]?.last.map { $0.at + span > now } ?? false
    }

    mutating func clear(_ peer: PeerID) { byPeer[peer] = nil }

    private static func withoutOldest(_ strikes: [PeerID: [Strike]]) -> [PeerID: [Strike]] {
        let last = strikes.mapValues { $0.last?.at ?? Moment(nanoseconds: 0) }
        guard let oldest = last.min(by: { $0.value < $1.value })?.key else { return strikes }
        return strikes.filter { $0.key != oldest }
    }
}
