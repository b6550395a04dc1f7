import ManagerCore
import PeerCore
import Wire

/// Nobody here breaks the protocol, and so nobody is told so: liars send wrong bytes, but in their turn.
struct CourtesyChecker {
    func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        if case .send(_, .refused(.violation, let reason)) = effect {
            world.report("courtesy", "\(peer.node) accuses another: \(reason)")
        } else if case .note(.lostManager(_, let reason, _)) = effect, reason.hasSuffix("out of turn") {
            world.report("courtesy", "\(peer.node) accuses its manager: \(reason)")
        }
    }

    /// To be slow is no offence.
    func wants(_ effect: ManagerEffect, _ world: World) {
        guard case .send(_, .refused(.violation, let reason)) = effect, !reason.hasPrefix("did not introduce") else {
            return
        }
        world.report("courtesy", "the manager accuses a peer: \(reason)")
    }
}
