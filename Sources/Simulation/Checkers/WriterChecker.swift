import Content
import PeerCore

/// Every piece is in one place, and at most one holder's copy of it counts.
struct WriterChecker {
    private struct Fetch: Hashable {
        let life: Life
        let root: FileRoot
    }

    /// Pieces that were lost after they were counted, and are fetched twice with good reason.
    private var lossy: Set<Fetch> = []

    mutating func handled(_ input: PeerInput, _ peer: PeerHost, _ process: PeerProcess, _ world: World) {
        switch input {
        case .committed(let id, .some), .delivered(let id, .failed), .partialVerified(let id, _),
            .partialTouched(let id, _),
            .partialOpened(let id, _), .partialMissing(let id, _):
            if let root = process.machine.entry(of: id)?.root {
                lossy.insert(Fetch(life: peer.life, root: root))
            }
        case .wake:
            let misplaced = process.machine.misplacedPieces
            if misplaced > 0 { world.report("writers", "\(misplaced) pieces of \(peer.node) are not in one place") }
        case .dialed, .dialFailed, .accepted, .received, .closed, .pieceStarted, .progressed, .pieceReceived,
            .pieceStored, .chunkServed, .layerChecked, .committed, .partialChecked, .spaceChecked, .partialFailed,
            .delivered, .repairPostponed, .judged,
            .manifestRead, .treeSurveyed, .treeFailed, .filesStaged, .filesPublished, .publishingFailed, .manifestMade,
            .directoryChanged, .indexed, .withdrawn, .settling, .indexing, .wish, .inspected, .cancel, .pause,
            .resume, .prioritize, .survey, .wait, .lift, .leave, .restored, .restoredBan:
            break
        }
    }

    func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        guard case .finished(_, let result) = effect, !lossy.contains(Fetch(life: peer.life, root: result.root)) else {
            return
        }
        let bytes = result.holders.reduce(0) { $0 &+ $1.bytes }
        if bytes > result.root.length {
            world.report("writers", "\(peer.node) counted \(bytes) bytes of a file of \(result.root.length)")
        }
    }
}
