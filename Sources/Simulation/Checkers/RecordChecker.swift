import Content
import PeerCore

/// A record of pieces implies that they are durable, unless the download goes without syncs.
struct RecordChecker {
    func recorded(_ pieces: PieceSet, of id: DownloadID, _ peer: PeerHost, _ world: World) {
        guard world.canary != .offerBeforeSync, let partial = peer.disk.partials[id], partial.isSynced else { return }
        var lost = pieces
        lost.subtract(partial.durable)
        if !lost.isEmpty { world.report("records", "\(peer.node) records pieces \(lost.runs) that are not durable") }
    }
}
