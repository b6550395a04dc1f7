import PeerCore

/// An honest peer is never banned, also when its file changed under it now and then.
struct BanChecker {
    func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        guard case .banned(let ban) = effect, let banned = world.peers.first(where: { $0.id == ban.peer }),
            banned.isReliable, banned.wrongPieces < PeerPolicy().strikesMax
        else { return }
        world.report("bans", "\(peer.node) bans \(banned.node), which is honest: \(ban.reason)")
    }
}
