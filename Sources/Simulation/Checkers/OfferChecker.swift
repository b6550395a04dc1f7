import Content
import PeerCore
import Wire

/// Nothing is offered or sent that is not verified and durable (without the syncs, if its user said so).
struct OfferChecker {
    mutating func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        guard case .send(_, let message) = effect, !peer.isTainted else { return }
        switch message {
        case .have(_, let offer):
            switch offer.holding {
            case .all, .tree: expectShared(offer.root, peer, world)
            case .pieces(let pieces): expect(pieces.runs, of: offer.root, peer, world)
            }
        case .nowHave(let root, let runs): expect(runs, of: root, peer, world)
        case .hello, .refused, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
            .ping, .req, .notHave, .hashesRequest, .hashes, .noHashes, .chunk, .piece, .endOfChunk, .cancel,
            .introduce, .busy:
            break
        }
    }

    private func expectShared(_ root: FileRoot, _ peer: PeerHost, _ world: World) {
        let isThere = peer.disk.share.values.contains { $0.root == root && $0.bad.isEmpty }
        if !isThere { world.report("offers", "\(peer.node) offers \(root), which it does not have") }
    }

    private func expect(_ runs: [Range<Int>], of root: FileRoot, _ peer: PeerHost, _ world: World) {
        if peer.disk.share.values.contains(where: { $0.root == root && $0.bad.isEmpty }) { return }
        let partials = peer.disk.partials.values.filter { $0.root == root }
        for piece in runs.joined() {
            let isThere = partials.contains {
                $0.right.contains(piece) && (!$0.isSynced || $0.durable.contains(piece))
            }
            if !isThere {
                return world.report("offers", "\(peer.node) offers piece \(piece) of \(root), which is not durable")
            }
        }
    }

    func serves(_ chunk: UploadLine.Chunk, isRight: Bool, _ peer: PeerHost, _ world: World) {
        if !isRight, !peer.isTainted {
            world.report(
                "offers", "\(peer.node) sends piece \(chunk.next) of \(chunk.root), which is wrong on its disk")
        }
    }
}
